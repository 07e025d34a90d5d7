from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTENC

from appliedml.errors import StageError
from appliedml.stages.balance import smote_nc
from appliedml.stages.balance.smote_nc import SmoteNc


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "kind": pd.Categorical(rng.choice(["x", "y", "z"], 80), categories=["z", "y", "x", "never"]),
            "a": rng.normal(size=80),
            "text": rng.choice(["p", "q"], 80),
            "flag": rng.random(80) < 0.5,
            "n": rng.integers(0, 9, 80),
        }
    )
    return X, np.repeat([0, 1], [60, 20])


def test_categories_are_found_and_new_rows_have_levels_of_their_class_only(rows):
    X, y = rows
    X.loc[y == 0, "text"] = "only in class 0"
    stage = SmoteNc(random_state=0)

    more, labels = stage.fit_resample(X, y)

    assert stage.categorical_ == ["kind", "text", "flag"]
    assert list(more.dtypes) == list(X.dtypes)
    assert np.bincount(labels).tolist() == [60, 60]
    assert set(more["text"][80:]) <= {"p", "q"}
    assert set(more["kind"][80:]) <= {"x", "y", "z"}


def test_the_rows_are_those_of_imbalanced_learn(rows):
    """Only rows of the classes to add to are handed over, which must not change the result."""
    X, y = rows
    X = X[["a", "kind", "text"]].assign(b=np.sin(np.arange(80.0)))[["a", "b", "kind", "text"]]

    more = SmoteNc(random_state=3).fit_resample(X, y)[0]

    ordered = X.assign(kind=X["kind"].cat.codes)
    expected = SMOTENC([2, 3], random_state=3).fit_resample(ordered, y)[0]
    np.testing.assert_allclose(more[["a", "b"]], expected[["a", "b"]])
    assert more["text"].tolist() == expected["text"].tolist()


def test_several_classes_reach_the_ratio(rows):
    X, _ = rows

    labels = SmoteNc(ratio=0.5, random_state=0).fit_resample(X, np.repeat(["a", "b", "c"], [50, 18, 12]))[1]

    assert pd.Series(labels).value_counts().to_dict() == {"a": 50, "b": 25, "c": 25}


def test_large_work_is_done_in_parts_with_different_rows(rows, monkeypatch):
    X, y = rows
    monkeypatch.setattr(smote_nc, "MEMORY", 8 * 9 * 5 * 15)

    more, labels = SmoteNc(random_state=0).fit_resample(X, y)

    assert np.bincount(labels).tolist() == [60, 60]
    assert more["a"][80:].nunique() == 40


def test_named_columns_are_categories_whatever_their_type(rows):
    X, y = rows
    stage = SmoteNc(categorical_columns=["kind", "text", "flag", "n"], random_state=0)

    more = stage.fit_resample(X.assign(n=X["n"] * 10), y)[0]

    assert set(more["n"]) <= set(X["n"] * 10)


def test_nothing_is_added_where_nothing_is_missing(rows):
    X, y = rows
    stage = SmoteNc(ratio=0.3)

    pd.testing.assert_frame_equal(stage.fit_resample(X, y)[0], X)
    assert "nothing added" in stage.notes_[0]


@pytest.mark.parametrize(
    ("columns", "message"), [(["a", "n"], "No column is categorical. Use smote"), (["kind", "text"], "Use random_over")]
)
def test_tables_of_one_kind_are_sent_elsewhere(rows, columns, message):
    X, y = rows

    with pytest.raises(StageError, match=message):
        SmoteNc().fit_resample(X[columns], y)


@pytest.mark.parametrize("column", ["kind", "a"])
def test_missing_values_are_refused(rows, column):
    X, y = rows
    X.loc[4, column] = None

    with pytest.raises(StageError, match=rf"'{column}'.*Put impute_missing before it"):
        SmoteNc().fit_resample(X, y)


def test_too_few_rows_and_left_out_text_columns_are_refused(rows):
    X, y = rows

    with pytest.raises(StageError, match="SmoteNc needs at least 21 training rows"):
        SmoteNc(neighbors=20).fit_resample(X, y)
    with pytest.raises(StageError, match=r"'text' \(str\), 'flag' \(bool\). Name them in categorical_columns"):
        SmoteNc(categorical_columns=["kind"]).fit_resample(X, y)


def test_numbers_without_spread_still_give_levels():
    """With a median standard deviation of 0 imbalanced-learn takes another path."""
    X = pd.DataFrame({"a": [1.0] * 12, "kind": list("xyxyxyxyxyxy")})

    more = SmoteNc(neighbors=2, random_state=0).fit_resample(X, [0] * 8 + [1] * 4)[0]

    assert set(more["kind"][12:]) <= {"x", "y"}
