from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression

from appliedml.errors import StageError
from appliedml.stages.balance._neighbours import FEWEST_ROWS
from appliedml.stages.balance.smote import Smote
from appliedml.stages.prepare.encode_categories import EncodeCategories
from appliedml.stages.prepare.impute_missing import ImputeMissing
from appliedml.stages.prepare.scale_numbers import ScaleNumbers


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=70), "b": rng.normal(size=70)})
    return X, np.repeat(["ok", "fraud", "error"], [50, 8, 12])


def test_the_rows_are_those_of_imbalanced_learn(rows):
    X, y = rows

    more, labels = Smote(neighbors=3, random_state=5).fit_resample(X, y)

    expected, expected_labels = SMOTE(k_neighbors=3, random_state=5).fit_resample(X, y)
    pd.testing.assert_frame_equal(more, expected)
    assert labels.tolist() == expected_labels.tolist()


def test_so_they_are_of_as_many_rows_as_make_the_search_for_neighbours_another():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(2 * FEWEST_ROWS + 900, 18))).rename(columns=str)
    y = np.repeat([0, 1], [FEWEST_ROWS + 600, FEWEST_ROWS + 300])

    more, labels = Smote(random_state=5).fit_resample(X, y)

    expected, expected_labels = SMOTE(random_state=5).fit_resample(X, y)
    pd.testing.assert_frame_equal(more, expected)
    assert len(labels) == len(expected_labels) == 2 * (FEWEST_ROWS + 600)


@pytest.mark.parametrize(("ratio", "sizes"), [(1.0, [50, 50, 50]), (0.5, [50, 25, 25]), (0.2, [50, 10, 12])])
def test_every_class_reaches_the_ratio_and_larger_ones_keep_their_rows(rows, ratio, sizes):
    X, y = rows

    labels = Smote(ratio=ratio, random_state=0).fit_resample(X, y)[1]

    assert [int((labels == label).sum()) for label in ("ok", "fraud", "error")] == sizes


def test_new_rows_lie_between_rows_of_their_class(rows):
    X, y = rows

    more, labels = Smote(random_state=0).fit_resample(X, y)

    new, given = more[70:][labels[70:] == "fraud"], X[y == "fraud"]
    assert (new.min() >= given.min()).all()
    assert (new.max() <= given.max()).all()


def test_rows_that_are_balanced_already_come_back_with_a_note(rows):
    X, y = rows
    stage = Smote(ratio=0.1, random_state=0)

    same, labels = stage.fit_resample(X, y)

    pd.testing.assert_frame_equal(same, X)
    assert labels.tolist() == y.tolist()
    assert stage.notes_ == ["Every class has at least 0.1 times the rows of the largest: nothing added."]


def test_whole_numbers_stay_whole(rows):
    X, y = rows
    X = X.assign(claims=np.arange(70) % 5)

    more = Smote(random_state=0).fit_resample(X, y)[0]

    assert more["claims"].dtype == X["claims"].dtype
    assert set(more["claims"]) <= set(range(5))


def test_too_few_rows_for_the_neighbours_say_what_to_use_instead(rows):
    X, y = rows
    with pytest.raises(StageError) as caught:
        Smote(neighbors=8).fit_resample(X, y)
    assert str(caught.value) == (
        "Smote needs at least 9 training rows of every class it adds to, to use neighbors=8. There are 8 rows of class "
        "'fraud'. Use neighbors=7 or fewer, fewer folds, or random_over."
    )

    with pytest.raises(StageError, match=r"There is 1 row of class 1. Use random_over\."):
        Smote().fit_resample(X, np.r_[np.zeros(69, int), 1])


def test_a_small_class_that_needs_no_rows_does_not_need_neighbours(rows):
    X, y = rows

    labels = Smote(neighbors=10, ratio=0.2, random_state=0).fit_resample(X[y != "fraud"], y[y != "fraud"])[1]

    assert len(labels) == 62


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([None] + [1.0] * 69, r"'c' \(1\). Put impute_missing before it"),
        ([np.inf] + [1.0] * 69, r"'c' \(1\)"),
        (["x"] * 70, r"'c' \(str\). Use smote_nc, or put encode_categories"),
        ([True] * 70, r"'c' \(bool\)"),
        (pd.Categorical(["x"] * 70), r"'c' \(category\)"),
        (pd.date_range("2024-01-01", periods=70), "dates_to_parts"),
    ],
)
def test_columns_that_cannot_be_interpolated_are_refused(rows, column, message):
    X, y = rows

    with pytest.raises(StageError, match=message):
        Smote().fit_resample(X.assign(c=column), y)


def test_smote_follows_encoding_in_a_pipeline():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=60), "sex": rng.choice(["F", "M"], 60), "flag": rng.random(60) < 0.5})
    X.loc[3, "a"] = np.nan
    y = np.repeat([0, 1], [45, 15])

    model = make_pipeline(
        ImputeMissing(), EncodeCategories(), ScaleNumbers(), Smote(random_state=0), LogisticRegression()
    )

    assert model.fit(X, y).predict_proba(X).shape == (60, 2)
