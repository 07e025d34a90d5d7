import numpy as np
import pandas as pd
import pytest

from appliedml.audits._scores_models import BASELINES, fit_baseline, plain_frame

RNG = np.random.default_rng(0)
N = 160
TABLE = pd.DataFrame(
    {
        "amount": np.where(RNG.random(N) < 0.1, np.nan, RNG.normal(size=N)),
        "ratio": np.where(RNG.random(N) < 0.1, np.inf, RNG.normal(size=N)),
        "kind": pd.Series(RNG.choice(["x", "y", None], N), dtype="str"),
        "level": pd.Categorical(RNG.choice(list("uvw"), N)),
        "mixed": pd.Series([1, "a", None, 2.5] * (N // 4), dtype=object),
        "flag": RNG.random(N) < 0.5,
        "count": pd.array([1, None] * (N // 2), dtype="Int64"),
        "day": pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(np.arange(N), unit="D"),
        "span": pd.to_timedelta(np.arange(N), unit="h"),
        "empty": np.nan,
    }
)
Y = (TABLE["amount"].fillna(0) + RNG.normal(size=N) > 0).astype(int).to_numpy()


def test_any_table_becomes_numbers_and_texts():
    frame = plain_frame(TABLE)

    assert {name: frame[name].dtype.kind for name in frame} == {
        "amount": "f", "ratio": "f", "kind": "O", "level": "O", "mixed": "O", "flag": "f", "count": "f", "day": "f",
        "span": "f", "empty": "f",
    }  # fmt: skip
    assert np.isfinite(frame["ratio"].dropna()).all()
    assert frame["day"].diff().dropna().unique().tolist() == [1.0]
    assert frame["count"].tolist()[0] == 1.0
    assert frame["mixed"].tolist()[:2] == ["1", "a"]


def test_what_is_no_table_is_told_apart():
    assert plain_frame(np.zeros((3, 2))).shape == (3, 2)
    assert plain_frame(np.zeros((3, 4, 4, 1))) is None
    assert plain_frame(np.array([["a"], ["b"]])) is None


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "majority"])
def test_baselines_fit_mixed_columns_and_score_unseen_levels(name):
    test = TABLE.head(20).assign(kind="never seen", level="new")

    p, note = fit_baseline(name, TABLE, Y, test, 2, seed=0)

    assert note == ""
    assert p.shape == (20, 2)
    assert p.sum(axis=1) == pytest.approx(np.ones(20))
    assert p[:, 1].std() > 0.05


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "majority"])
def test_a_class_without_training_rows_gets_probability_zero(name):
    p, _ = fit_baseline(name, TABLE, Y, TABLE, 3, seed=0)

    assert (p[:, 2] == 0).all()


def test_the_majority_says_the_weighted_shares_of_the_training_rows():
    p, _ = fit_baseline("majority", None, [0, 0, 1], [1, 2], 2, seed=0, weight=[1, 1, 2])

    assert p.tolist() == [[0.5, 0.5]] * 2


def test_test_rows_teach_the_baseline_nothing():
    other = TABLE.assign(amount=TABLE["amount"] * 50 + 3)

    alone, _ = fit_baseline("logistic_regression", TABLE, Y, TABLE.head(5), 2, seed=0)
    beside, _ = fit_baseline("logistic_regression", TABLE, Y, pd.concat([TABLE.head(5), other]), 2, seed=0)

    assert beside[:5] == pytest.approx(alone)


def test_weights_are_used():
    plain, _ = fit_baseline("logistic_regression", TABLE, Y, TABLE, 2, seed=0)
    weighted, _ = fit_baseline("logistic_regression", TABLE, Y, TABLE, 2, seed=0, weight=1.0 + 9 * Y)

    assert weighted[:, 1].mean() > plain[:, 1].mean() + 0.1


@pytest.mark.parametrize(
    ("train", "y", "says"),
    [
        (np.zeros((3, 4, 4)), [0, 1, 0], "needs a table"),
        (pd.DataFrame({"a": [1.0, 2.0]}), [0, 0], "at least two classes"),
        (pd.DataFrame({"a": [np.nan, np.nan]}), [0, 1], "a feature with a value"),
    ],
)
def test_what_cannot_be_fitted_is_said(train, y, says):
    p, note = fit_baseline("hist_gradient_boosting", train, y, train, 2, seed=0)

    assert p is None
    assert says in note
