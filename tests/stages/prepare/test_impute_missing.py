from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from appliedml.errors import StageError
from appliedml.stages.prepare.impute_missing import ImputeMissing


@parametrize_with_checks([ImputeMissing(), ImputeMissing("mean", "most_frequent", indicators=False)])
def test_scikit_learn_checks_pass(estimator, check):
    check(estimator)


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "age": [20.0, np.nan, 40.0, 90.0],
            "visits": [1, 2, 3, 4],
            "sex": ["F", None, "F", "M"],
            "owner": pd.array([True, None, True, False], dtype="boolean"),
        }
    )


@pytest.mark.parametrize(("numeric", "fill"), [("median", 40.0), ("mean", 50.0), ("constant", -1.0)])
def test_numbers_are_filled_as_asked_and_marked(table, numeric, fill):
    out = ImputeMissing(numeric, fill_number=-1).fit_transform(table)

    assert out["age"].tolist() == [20.0, fill, 40.0, 90.0]
    assert out["age is missing"].tolist() == [0, 1, 0, 0]
    assert out["age is missing"].dtype == np.int8
    assert "visits is missing" not in out


def test_the_indicator_stands_behind_its_column_and_has_it_as_source(table):
    stage = ImputeMissing().fit(table)

    assert list(stage.feature_sources_.items()) == [
        ("age", "age"),
        ("age is missing", "age"),
        ("visits", "visits"),
        ("sex", "sex"),
        ("owner", "owner"),
        ("owner is missing", "owner"),
    ]


def test_categories_become_a_level_of_their_own_or_the_most_frequent_with_an_indicator(table):
    own, frequent = ImputeMissing(fill_text="n/a"), ImputeMissing(categorical="most_frequent")

    assert own.fit_transform(table)["sex"].tolist() == ["F", "n/a", "F", "M"]
    assert "sex is missing" not in own.feature_sources_
    out = frequent.fit_transform(table)
    assert out["sex"].tolist() == ["F", "F", "F", "M"]
    assert out["sex is missing"].tolist() == [0, 1, 0, 0]


def test_booleans_are_filled_with_the_more_frequent_value_and_become_plain(table):
    out = ImputeMissing().fit_transform(table)
    mixed = ImputeMissing().fit_transform(pd.DataFrame({"b": pd.Series([True, None, False, False], dtype=object)}))

    assert (out["owner"].dtype, out["owner"].tolist()) == (np.bool_, [True, True, True, False])
    assert (mixed["b"].dtype, mixed["b"].tolist()) == (np.bool_, [True, False, False, False])


def test_without_indicators_only_the_fill_remains(table):
    assert list(ImputeMissing(indicators=False).fit_transform(table).columns) == list(table.columns)


def test_values_missing_in_new_rows_only_are_filled_without_an_indicator(table):
    stage = ImputeMissing().fit(table)

    out = stage.transform(table.assign(visits=[np.nan, 1, 1, 1]))

    assert out["visits"].tolist() == [2.5, 1, 1, 1]
    assert "visits is missing" not in out


@pytest.mark.parametrize("numeric", ["median", "mean", "constant"])
def test_a_column_without_any_training_value_becomes_a_constant_and_is_noted(numeric):
    table = pd.DataFrame({"a": [1.0, 2.0], "empty": [np.nan, np.nan], "none": [None, None]})
    stage = ImputeMissing(numeric, categorical="most_frequent", fill_number=7)

    out = stage.fit_transform(table)

    assert out["empty"].tolist() == [7.0, 7.0]
    assert out["none"].tolist() == ["missing", "missing"]
    assert stage.all_missing_ == ["empty", "none"]
    assert "empty: no training row has a value; the column is set to 7.0." in stage.notes_
    assert stage.transform(table.assign(empty=[1.0, 5.0]))["empty"].tolist() == [7.0, 7.0]


def test_a_category_column_keeps_its_dtype_and_gains_the_fill_as_a_category():
    table = pd.DataFrame({"grade": pd.Categorical([1, None, 2, 2])})

    own = ImputeMissing().fit_transform(table)["grade"]
    frequent = ImputeMissing(categorical="most_frequent", indicators=False).fit_transform(table)["grade"]

    assert own.tolist() == [1, "missing", 2, 2]
    assert list(own.cat.categories) == [1, 2, "missing"]
    assert frequent.tolist() == [1, 2, 2, 2]


def test_only_named_columns_are_filled(table):
    out = ImputeMissing(columns=["age"]).fit_transform(table)

    assert out["age"].notna().all()
    assert out["sex"].isna().sum() == 1


def test_points_in_time_are_left_alone_and_may_not_be_named():
    table = pd.DataFrame({"a": [1.0, None], "day": pd.to_datetime(["2024-01-01", None])})

    assert ImputeMissing().fit_transform(table)["day"].isna().tolist() == [False, True]
    with pytest.raises(StageError, match="Column 'day'"):
        ImputeMissing(columns=["day"]).fit(table)


def test_infinite_values_are_refused_by_column_in_training_and_in_new_rows(table):
    bad = table.assign(age=[1.0, np.inf, -np.inf, 2.0])

    with pytest.raises(StageError, match=r"Infinite values \(infinity\) are in: 'age' \(2\)"):
        ImputeMissing().fit(bad)
    with pytest.raises(StageError, match="'age'"):
        ImputeMissing().fit(table).transform(bad)


def test_an_indicator_whose_name_is_taken_gets_another():
    table = pd.DataFrame({"a": [1.0, np.nan], "a is missing": [5, 6]})
    stage = ImputeMissing()

    out = stage.fit_transform(table)

    assert out["a is missing"].tolist() == [5, 6]
    assert out["a is missing (2)"].tolist() == [0, 1]
    assert stage.feature_sources_["a is missing (2)"] == "a"
