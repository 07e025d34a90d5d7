"""Shared fixtures: real objects, small."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import make_samples
from appliedml.core.schema import Schema

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def root():
    """Folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data():
    """Folder of the real data, or skip."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data is not here: {SHARED_DATA} does not exist")
    return SHARED_DATA


@pytest.fixture
def run_python():
    """Run code in a fresh interpreter and fail with what it printed."""

    def run(code: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def _claims_table(n_rows: int = 300, seed: int = 0) -> pd.DataFrame:
    """A small mixed table with signal, missing values, sensitive columns, customers and time."""
    rng = np.random.default_rng(seed)
    amount = rng.gamma(2.0, 50.0, n_rows)
    kind = rng.choice(["home", "car", "travel"], n_rows, p=[0.5, 0.4, 0.1])
    risk = 0.02 * (amount - 100) + 1.0 * (kind == "travel") - 0.6
    return pd.DataFrame(
        {
            "claim_id": np.arange(n_rows) + 1000,
            "amount": np.where(rng.random(n_rows) < 0.05, np.nan, amount),
            "kind": kind,
            "speed": rng.normal(size=n_rows),
            "sex": rng.choice(["f", "m"], n_rows),
            "age": rng.integers(18, 80, n_rows),
            "customer": rng.integers(0, n_rows // 3, n_rows),
            "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 300, n_rows), unit="D"),
            "fraud": (rng.random(n_rows) < 1 / (1 + np.exp(-risk))).astype(int),
        }
    )


_CLAIMS_SCHEMA = Schema(
    "fraud", ["sex", {"age_band": {"column": "age", "edges": [40, 60]}}], ignore=["customer", "day"], row_id="claim_id"
)


@pytest.fixture(scope="session")
def claims_table():
    """Function that makes the table of claims."""
    return _claims_table


@pytest.fixture(scope="session")
def claims_schema():
    """Schema of the claims, without groups."""
    return _CLAIMS_SCHEMA


@pytest.fixture
def claims():
    """Samples of 300 claims without groups."""
    return make_samples(_claims_table(), _CLAIMS_SCHEMA)


@pytest.fixture
def grouped_claims():
    """Samples of 300 claims of about 100 customers, with time."""
    schema = Schema("fraud", _CLAIMS_SCHEMA.sensitive, group="customer", time="day", row_id="claim_id")
    return make_samples(_claims_table(), schema)


@pytest.fixture(scope="session")
def two_runs():
    """Module with ``made_run``: run folders that are made up, without training."""
    spec = importlib.util.spec_from_file_location("two_runs", Path(__file__).with_name("_two_runs.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
