from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from appliedml.errors import StageError
from appliedml.stages.prepare import scale_numbers
from appliedml.stages.prepare.scale_numbers import ScaleNumbers

METHODS = ["standard", "robust", "min_max", "quantile_normal", "power"]


@parametrize_with_checks([ScaleNumbers(), ScaleNumbers("robust"), ScaleNumbers("power")])
def test_scikit_learn_checks_pass(estimator, check):
    check(estimator)


@pytest.fixture
def amounts():
    return pd.DataFrame({"amount": np.random.default_rng(0).gamma(1.0, 100.0, 400)})


@pytest.mark.parametrize(
    ("method", "facts"),
    [
        ("standard", {"mean": 0, "std": 1}),
        ("robust", {"median": 0, "iqr": 1}),
        ("min_max", {"min": 0, "max": 1}),
        ("quantile_normal", {"median": 0, "skew": 0}),
        ("power", {"mean": 0, "std": 1}),
    ],
)
def test_each_method_does_what_its_name_says(amounts, method, facts):
    out = ScaleNumbers(method).fit_transform(amounts)["amount"]
    found = {
        "mean": out.mean(),
        "std": out.std(ddof=0),
        "median": out.median(),
        "iqr": out.quantile(0.75) - out.quantile(0.25),
        "min": out.min(),
        "max": out.max(),
        "skew": out.skew(),
    }

    for name, value in facts.items():
        assert found[name] == pytest.approx(value, abs=0.02)


def test_power_makes_a_skewed_column_symmetric(amounts):
    assert abs(ScaleNumbers("power").fit_transform(amounts)["amount"].skew()) < 0.1 < amounts["amount"].skew()


@pytest.mark.parametrize("method", METHODS)
def test_the_scale_is_learnt_from_training_rows_only(amounts, method):
    stage = ScaleNumbers(method).fit(amounts)

    half = stage.transform(amounts.iloc[:10])

    pd.testing.assert_frame_equal(half, stage.transform(amounts).iloc[:10])


def test_indicators_booleans_and_text_are_left_alone_unless_an_indicator_is_named():
    table = pd.DataFrame({"a": [1.0, 5.0], "is_new": [0, 1], "flag": [True, False], "sex": ["F", "M"]})

    out = ScaleNumbers().fit_transform(table)

    assert out["a"].tolist() == [-1.0, 1.0]
    pd.testing.assert_frame_equal(out.drop(columns="a"), table.drop(columns="a"))
    assert ScaleNumbers(columns=["is_new"]).fit_transform(table)["is_new"].tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("method", METHODS)
def test_constant_and_empty_columns_become_zero_and_are_noted(method):
    table = pd.DataFrame({"same": [3.0, 3.0, np.nan], "empty": [np.nan] * 3, "a": [1.0, 2.0, 3.0]})
    stage = ScaleNumbers(method)

    out = stage.fit_transform(table)

    np.testing.assert_array_equal(out["same"], [0.0, 0.0, np.nan])
    assert out["empty"].isna().all()
    assert stage.constant_ == ["same", "empty"]
    assert stage.notes_[0] == "same: constant in the training rows, set to 0."
    assert stage.transform(table.assign(same=[9.0, 3.0, 1.0]))["same"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("method", METHODS)
def test_missing_values_stay_missing(method):
    table = pd.DataFrame({"a": [1.0, np.nan, 3.0, 8.0]})

    assert ScaleNumbers(method).fit_transform(table)["a"].isna().tolist() == [False, True, False, False]


def test_robust_uses_the_standard_deviation_where_the_quartiles_are_equal():
    mostly_zero = np.array([0.0] * 90 + [1000.0] * 10)

    out = ScaleNumbers("robust").fit_transform(pd.DataFrame({"a": mostly_zero}))["a"]

    assert out.max() == pytest.approx(1000.0 / mostly_zero.std())


def test_clip_limits_both_ends():
    table = pd.DataFrame({"a": [-1000.0, -1.0, 1.0, 1000.0]})

    assert ScaleNumbers(clip=0.5).fit_transform(table)["a"].round(3).tolist() == [-0.5, -0.001, 0.001, 0.5]


def test_the_result_is_scikit_learns_own(amounts):
    np.testing.assert_array_equal(ScaleNumbers().fit_transform(amounts), StandardScaler().fit_transform(amounts))


def test_power_learns_from_evenly_spaced_rows_of_a_large_table(amounts, monkeypatch):
    monkeypatch.setattr(scale_numbers, "MAX_POWER_ROWS", 100)

    stage = ScaleNumbers("power").fit(amounts)

    expected = PowerTransformer().fit(amounts.to_numpy()[::4])
    np.testing.assert_allclose(stage.scaler_.lambdas_, expected.lambdas_)


def test_nullable_integers_are_scaled_too():
    table = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64")})

    np.testing.assert_array_equal(ScaleNumbers().fit_transform(table)["a"], [-1.0, np.nan, 1.0])


def test_infinite_values_and_text_columns_are_refused():
    table = pd.DataFrame({"a": [1.0, np.inf], "sex": ["F", "M"]})

    with pytest.raises(StageError, match="'a'"):
        ScaleNumbers().fit(table)
    with pytest.raises(StageError, match="works on numeric columns. Column 'sex'"):
        ScaleNumbers(columns=["sex"]).fit(table)
