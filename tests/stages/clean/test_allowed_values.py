"""Lists of values."""

import pandas as pd
import pytest

from appliedml.core.samples import Samples
from appliedml.core.schema import Schema
from appliedml.errors import ParameterError, StageError
from appliedml.sources.table import Table
from appliedml.stages.clean.allowed_values import AllowedValues


def test_forbidden_and_not_allowed_values_become_missing():
    samples = Samples(pd.DataFrame({"month": ["Jan", "0", None], "sex": ["f", "x", "m"]}))
    stage = AllowedValues(allowed={"sex": ["f", "m"]}, forbidden={"month": ["0"]})

    cleaned = stage.clean(samples).X

    assert cleaned["month"].isna().tolist() == [False, True, True]
    assert cleaned["sex"].isna().tolist() == [False, True, False]
    assert stage.notes_ == ["sex: 1 row with 'x' set to missing.", "month: 1 row with '0' set to missing."]


@pytest.mark.parametrize("values", [[0, 1], [0.0, 1.0], ["0", "1"], [False, True]])
@pytest.mark.parametrize("wrong", [0, "0", 0.0])
def test_a_value_is_the_same_as_number_and_as_text(values, wrong):
    wrong = str(bool(int(wrong))) if values[0] is False else wrong

    cleaned = AllowedValues(forbidden={"a": [wrong]}).clean(Samples(pd.DataFrame({"a": values}))).X["a"]

    assert cleaned.isna().tolist() == [True, False]


def test_rows_can_be_dropped_instead():
    stage = AllowedValues(forbidden={"a": ["x"]}, action="drop")

    assert stage.clean(Samples(pd.DataFrame({"a": ["x", "y"]}), [0, 1])).y.tolist() == [1]
    assert stage.changed_rows_.tolist() == [True, False]


def test_a_category_keeps_its_type():
    values = pd.Series(["a", "b"], dtype="category")

    cleaned = AllowedValues(allowed={"a": ["a"]}).clean(Samples(pd.DataFrame({"a": values}))).X["a"]

    assert isinstance(cleaned.dtype, pd.CategoricalDtype)
    assert cleaned.isna().tolist() == [False, True]


def test_no_list_and_unknown_columns_are_refused():
    samples = Samples(pd.DataFrame({"month": ["x"]}))

    with pytest.raises(ParameterError, match="Both are empty"):
        AllowedValues().clean(samples)
    with pytest.raises(StageError, match="close to it: 'month'"):
        AllowedValues(forbidden={"mont": ["x"]}).clean(samples)


def test_the_wrong_months_and_days_of_the_real_claims_become_missing(shared_data):
    stage = AllowedValues(forbidden={"MonthClaimed": ["0"], "DayOfWeekClaimed": ["0"]})

    cleaned = stage.clean(Table(str(shared_data / "vehicle_claims" / "claims.csv")).read(Schema("FraudFound_P")))

    assert cleaned.X[["MonthClaimed", "DayOfWeekClaimed"]].isna().sum().tolist() == [1, 1]
    assert cleaned.X["DayOfWeekClaimed"].nunique() == 7
    assert stage.changed_rows_.sum() == 1
