import numpy as np
import pandas as pd
import pytest

from appliedml.audits._scores_models import fit_baseline, plain_frame
from appliedml.core.images import Images
from appliedml.core.texts import Texts

TABLE_MODELS = ["logistic_regression", "hist_gradient_boosting"]
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


@pytest.mark.parametrize("name", TABLE_MODELS)
def test_baselines_fit_mixed_columns_and_score_unseen_levels(name):
    test = TABLE.head(20).assign(kind="never seen", level="new")

    p, note = fit_baseline(name, TABLE, Y, test, 2, seed=0)

    assert note == ""
    assert p.shape == (20, 2)
    assert p.sum(axis=1) == pytest.approx(np.ones(20))
    assert p[:, 1].std() > 0.05


@pytest.mark.parametrize("name", TABLE_MODELS)
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


@pytest.mark.parametrize(
    ("name", "train", "says"),
    [
        ("thumbnail_logistic_regression", TABLE.head(2), "needs pictures"),
        ("tfidf_logistic_regression", TABLE.head(2), "needs texts"),
        ("tfidf_logistic_regression", Texts(["one", "two"]), "no terms remain"),
    ],
)
def test_models_of_other_inputs_say_what_they_need(name, train, says):
    p, note = fit_baseline(name, train, [0, 1], train, 2, seed=0)

    assert p is None
    assert says in note


def test_pictures_are_compared_by_their_thumbnails():
    pixels = RNG.integers(0, 100, (N, 40, 30, 3)).astype(np.uint8)
    pixels[Y == 1, 20:] += 60
    images = Images.of(pixels)

    p, note = fit_baseline("thumbnail_logistic_regression", images[:120], Y[:120], images[120:], 2, seed=0)

    assert note == ""
    assert ((p[:, 1] > 0.5) == Y[120:]).mean() > 0.95


def test_texts_are_compared_by_words_and_pairs_of_words():
    """Single words tell nothing here: only "not good" against "good ... not" do."""
    words = np.array(["this is not good thing", "good this is not thing"])[Y]

    p, note = fit_baseline("tfidf_logistic_regression", Texts(words[:120]), Y[:120], Texts(words[120:]), 2, seed=0)

    assert note == ""
    assert ((p[:, 1] > 0.5) == Y[120:]).all()
