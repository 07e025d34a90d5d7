"""Ranges."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.errors import ParameterError, StageError
from appliedml.sources.table import Table
from appliedml.stages.clean.range_rules import RangeRules


def cleaned(rule, values):
    """One column through one rule."""
    return RangeRules({"a": rule}).clean(Samples(pd.DataFrame({"a": values}))).X["a"]


def test_each_action_and_its_type():
    assert cleaned({"low": 16, "high": 100}, [0, 16, 100, 101]).isna().tolist() == [True, False, False, True]
    assert cleaned({"low": 16, "high": 100}, [20, 30]).dtype == np.float64
    assert cleaned({"low": 16, "action": "drop"}, [0, np.nan, 20]).fillna(-1).tolist() == [-1, 20]
    assert cleaned({"high": 5, "action": "clip"}, [7, 3]).tolist() == [5, 3]
    assert cleaned({"high": 5, "action": "clip"}, [7, 3]).dtype == np.int64
    assert cleaned({"high": 5.5, "action": "clip"}, [7, 3]).tolist() == [5.5, 3.0]


def test_notes_name_the_range():
    stage = RangeRules({"a": {"low": 1, "action": "drop"}, "b": {"high": 2.5}})

    stage.clean(Samples(pd.DataFrame({"a": [0, 5], "b": [3, 1]})))

    assert stage.notes_ == ["a: 1 row below 1 dropped.", "b: 1 row above 2.5 set to missing."]
    assert stage.changed_rows_.tolist() == [True, False]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({}, "needs low or high"),
        ({"low": 3, "high": 2}, "they are 3 and 2"),
        ({"low": 3, "action": "remove"}, "RangeRules: rules must be"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rule, sentence):
    with pytest.raises(ParameterError, match=sentence):
        cleaned(rule, [1])


def test_text_is_sent_to_repair_types():
    with pytest.raises(StageError, match=r"such as '7'. Put repair_types with columns=\{a: number\} before it"):
        cleaned({"low": 1}, pd.Series(["7", "8"], dtype=object))
    with pytest.raises(StageError, match="is str such as 'x'"):
        cleaned({"low": 1}, ["x"])


def test_the_target_is_left_alone():
    samples = make_samples(pd.DataFrame({"y": [0, 1], "a": [1, 2]}), Schema("y"))

    with pytest.raises(StageError, match="cannot be used on 'y': it is the target column"):
        RangeRules({"y": {"low": 0}}).clean(samples)


def test_the_impossible_ages_of_the_real_claims_become_unknown(shared_data):
    source = Table(str(shared_data / "vehicle_claims" / "claims.csv"))
    age = {"age_band": {"column": "Age", "edges": [25, 35, 45, 60]}}
    stage = RangeRules({"Age": {"low": 16, "high": 100}})

    cleaned = stage.clean(source.read(Schema("FraudFound_P", sensitive=["Sex", "MaritalStatus", age])))

    assert stage.changed_rows_.sum() == 320
    assert cleaned.sensitive["age_band"].value_counts().to_dict() == {
        "25 to 34": 5128,
        "35 to 44": 4226,
        "45 to 59": 3776,
        "60 and over": 1338,
        "under 25": 632,
        "unknown": 320,
    }
