import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler

from appliedml.compose.alignment import resample
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    y = np.array([0] * 40 + [1] * 10)
    meta = pd.DataFrame(
        {
            "row_id": np.arange(50) * 10,
            "group": np.arange(50) // 5,
            "weight": np.where(y == 1, 3.0, 1.0),
            "origin": "observed",
            "sensitive.sex": rng.choice(["f", "m"], 50),
        }
    )
    return Samples(pd.DataFrame({"a": rng.normal(size=50), "b": np.arange(50.0)}), y, meta, Schema("y", ["sex"]))


def test_new_rows_are_marked_and_belong_to_nobody(samples):
    out = resample(SMOTE(random_state=0), samples)
    new = out.meta[out.meta["origin"] == "synthetic"]
    assert len(new) == 30
    assert new["group"].isna().all()
    assert (out.sensitive["sex"].to_numpy()[50:] == "unknown").all()
    assert (new["row_id"] < 0).all()
    assert (new["weight"] == 3.0).all()


def test_selected_rows_keep_their_meta(samples):
    out = resample(RandomUnderSampler(random_state=0), samples)
    assert (out.X["b"].to_numpy() * 10 == out.row_id).all()
    assert len(out) == 20


def test_repeated_rows_are_marked(samples):
    out = resample(RandomOverSampler(random_state=0), samples)
    assert (out.meta["origin"] == "repeated").sum() == 30
    assert (out.X["b"].to_numpy() * 10 == out.row_id).all()


def test_text_row_ids_stay_text(samples):
    samples.meta["row_id"] = [f"r{i}" for i in range(50)]
    out = resample(SMOTE(random_state=0), samples)
    assert out.row_id[-1] == "synthetic 29"
