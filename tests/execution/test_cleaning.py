import numpy as np
import pandas as pd
import pytest

from appliedml.core.registry import build
from appliedml.errors import DataError
from appliedml.execution.cleaning import clean_samples


class DropWomen:
    changed_rows_ = None

    def get_params(self, deep=True):
        return {}

    def clean(self, samples):
        self.notes_ = ["women dropped"]
        gone = (samples.sensitive["sex"] == "f").to_numpy()
        self.changed_rows_ = gone
        return samples[~gone]


def test_what_each_step_did_is_counted_by_group(claims):
    n_women = int((claims.sensitive["sex"] == "f").sum())
    cleaned = clean_samples(claims, [DropWomen()])
    step = cleaned.steps.iloc[-1]
    assert (step["dropped"], step["changed"], step["notes"]) == (n_women, 0, "women dropped")
    by_sex = cleaned.by_group.query("feature == 'sex'").set_index("level")
    assert by_sex.loc["f", "dropped"] == n_women
    assert by_sex.loc["m", "dropped"] == 0
    assert len(cleaned.dropped_by) == n_women


def test_repairs_are_counted_as_changed(claims):
    rules = {"rules": {"amount": {"low": 0, "high": 50, "action": "missing"}}}
    cleaned = clean_samples(claims, [build("stages", {"range_rules": rules})])
    assert cleaned.steps.iloc[-1]["changed"] == int((claims.X["amount"] > 50).sum())
    assert len(cleaned.samples) == len(claims)


def test_losing_all_rows_is_refused(claims):
    rules = {"rules": {"age": {"low": 200, "action": "drop"}}}
    with pytest.raises(DataError, match="dropped all 300 rows"):
        clean_samples(claims, [build("stages", {"range_rules": rules})])


def test_the_plans_own_stage_objects_stay_untouched(claims):
    stage = build("stages", "drop_duplicates")
    clean_samples(claims, [stage])
    assert not hasattr(stage, "notes_")
    assert isinstance(claims.X, pd.DataFrame)
    assert np.array_equal(claims.row_id, np.arange(300) + 1000)
