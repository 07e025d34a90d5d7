"""Columns that name the row."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.schema import Schema
from appliedml.errors import StageError
from appliedml.sources.table import Table
from appliedml.stages.prepare.drop_identifier_columns import DropIdentifierColumns

N = 400


@pytest.fixture
def table():
    """Identifiers of every kind, and honest columns that look a little like them."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "counter": np.arange(N) * 7 + 3,
            "backwards": np.arange(N)[::-1].astype(float),
            "shuffled": rng.permutation(2 * N)[:N],
            "code": rng.choice(np.arange(10**9, 10**9 + 10**6), N, replace=False),
            "uuid": [f"u-{i * i}" for i in range(N)],
            "free_text": pd.Series([f"note {i % 390}" for i in range(N)], dtype="category"),
            "amount": rng.gamma(2, 50, N),
            "cents": rng.choice(10**6, N, replace=False),
            "age": rng.integers(18, 90, N),
            "town": rng.choice([f"t{i}" for i in range(150)], N),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N), unit="D"),
            "flag": rng.random(N) < 0.5,
        }
    )


def test_identifiers_go_and_honest_columns_stay(table):
    stage = DropIdentifierColumns().fit(table)

    assert stage.dropped_columns_ == ["counter", "backwards", "shuffled", "code", "uuid", "free_text"]
    assert stage.transform(table).columns.tolist() == ["amount", "cents", "age", "town", "when", "flag"]
    assert "counter: dropped as an identifier, 400 distinct whole numbers that count up with the rows." in stage.notes_
    assert list(stage.feature_sources_) == stage.get_feature_names_out().tolist()


def test_few_rows_prove_nothing(table):
    assert DropIdentifierColumns().fit(table.head(49)).dropped_columns_ == []
    assert "counter" in DropIdentifierColumns(min_rows=40).fit(table.head(49)).dropped_columns_


def test_named_columns_stay(table):
    assert "uuid" not in DropIdentifierColumns(keep=["uuid"]).fit(table).dropped_columns_


def test_missing_values_do_not_hide_an_identifier(table):
    table.loc[::10, ["uuid", "shuffled"]] = None

    assert {"uuid", "shuffled"} <= set(DropIdentifierColumns().fit(table).dropped_columns_)


def test_the_labels_have_no_say(table):
    y = np.arange(N) % 2

    assert DropIdentifierColumns().fit(table, y).dropped_columns_ == DropIdentifierColumns().fit(table).dropped_columns_


def test_something_must_be_left(table):
    with pytest.raises(StageError, match="all 2 columns"):
        DropIdentifierColumns().fit(table[["counter", "uuid"]])


def test_the_policy_number_of_the_real_claims_is_found_in_part_of_the_rows(shared_data):
    claims = Table(str(shared_data / "vehicle_claims" / "claims.csv")).read(Schema("FraudFound_P"))
    some = claims[np.random.default_rng(0).permutation(len(claims))[:9000]]

    assert DropIdentifierColumns().fit(claims.X).dropped_columns_ == ["PolicyNumber"]
    assert DropIdentifierColumns().fit(some.X).dropped_columns_ == ["PolicyNumber"]
