"""Checks of an explanation on one fold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.audits._explain_checks import distance_check, explained_output, randomised, walks
from appliedml.audits._explain_fold import explain
from appliedml.audits.explain_shap import ExplainShap
from appliedml.compose.pipeline import Pipeline
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.explain.faithfulness import faithfulness


def made(n_columns, **options):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(90, n_columns)), columns=[f"x{k}" for k in range(n_columns)])
    samples = Samples(X, (X["x0"] - X["x1"] + rng.normal(size=90) > 0).astype(int).to_numpy())
    train, test = samples[:70], samples[70:]
    pipeline = Pipeline([LogisticRegression()]).fit(train)
    p = pipeline.predict_proba(test)
    fold = Fold(0, 1, ("no", "yes"), train, test, pipeline, p, pipeline.codes(p), 0.5, pd.DataFrame(), 0)
    return fold, explain(fold, ExplainShap(background_rows=20, **options), 10, seed=1)


@pytest.mark.parametrize(("n_columns", "reference"), [(10, "exact values"), (14, "a run with 512 permutations a row")])
def test_sampled_values_are_compared_with_exact_ones_or_with_a_long_run(n_columns, reference):
    _, explained = made(n_columns, explainer="sampled")

    found = distance_check(explained)

    assert found["reference"] == reference
    assert found["n"] == 10
    assert 0 < found["distance"] < 0.05
    broken = replace(explained, values=replace(explained.values, values=explained.values.values * 2))
    assert distance_check(broken)["distance"] == pytest.approx(0.5, abs=0.05)
    assert distance_check(broken)["distance"] > 2 * distance_check(broken)["expected"]


def test_exact_values_need_no_comparison():
    assert distance_check(made(3)[1]) is None


def test_walks_follow_a_good_explanation():
    fold, explained = made(5)

    gains = faithfulness(walks(fold, explained)).advantages

    assert (gains["low"] > 0).all()
    assert gains["n"].tolist() == [10, 10]


def test_a_network_with_randomised_weights_is_used_where_there_is_one(monkeypatch):
    fold, explained = made(5)
    monkeypatch.setattr(
        fold.pipeline.model_, "randomised_scorer", lambda seed: fold.pipeline.model_.predict_proba, raising=False
    )

    found = randomised(fold, explained)

    assert found["how"] == "the network with its weights drawn anew"
    assert found["correlations"] == pytest.approx(np.ones(10))


def test_a_model_that_is_costly_to_train_is_not_trained_again(monkeypatch):
    fold, explained = made(5)
    monkeypatch.setattr(fold.pipeline.model_, "history_", pd.DataFrame({"loss": [1.0]}), raising=False)

    found = randomised(fold, explained)

    assert found["correlations"] is None
    assert "training it again is not cheap" in found["how"]


def test_the_most_probable_class_decides_which_output_is_walked():
    _, explained = made(3)
    scores = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])

    assert explained_output(replace(explained, values=replace(explained.values, scores=scores))).tolist() == [1, 0]


def test_the_distance_of_rows_with_small_values_is_a_share_of_all_values_as_the_stated_error_is():
    _, explained = made(14, explainer="sampled")
    checked = np.linspace(0, 9, 2).astype(int)
    values = explained.values.values.copy()
    values[np.setdiff1d(np.arange(10), checked)] *= 100
    plain = distance_check(explained)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("appliedml.audits._explain_checks.CHECK_ROWS", 2)
        found = distance_check(replace(explained, values=replace(explained.values, values=values)))

    assert found["n"] == 2
    assert found["distance"] < plain["distance"] / 10
    assert 0.3 < found["distance"] / found["expected"] < 3
