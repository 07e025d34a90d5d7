"""One fold explained."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.audits._explain_fold import evidence_of, explain
from appliedml.audits.explain_shap import ExplainShap
from appliedml.compose.pipeline import Pipeline
from appliedml.core.fold import Fold
from appliedml.core.samples import make_samples
from appliedml.core.schema import Schema


@pytest.fixture(scope="module")
def fold():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=80), "b": rng.normal(size=80), "who": np.arange(80) // 2})
    samples = make_samples(table.assign(y=(table["a"] > 0).astype(int)), Schema("y", group="who"))
    train, test = samples[:60], samples[60:]
    pipeline = Pipeline([LogisticRegression()]).fit(train)
    p = pipeline.predict_proba(test)
    return Fold(0, 2, ("no", "yes"), train, test, pipeline, p, pipeline.codes(p), 0.5, pd.DataFrame(), 0)


def test_scores_are_those_of_the_pipeline_and_the_background_comes_from_training_rows(fold):
    found = explain(fold, ExplainShap(background_rows=500), 8, seed=1)

    assert found.values.scores[:, 0] == pytest.approx(fold.probabilities[found.rows, 1])
    assert found.masker.n_background == 60
    assert found.values.base_values[0] == pytest.approx(fold.pipeline.predict_proba(fold.train)[:, 1].mean())
    assert found.why == "2 features are few enough to enumerate every coalition, so the values are exact."


def test_evidence_holds_groups_and_row_ids_only_when_released(fold):
    options = ExplainShap()
    found = explain(fold, options, 8, seed=1)

    kept = evidence_of(fold, found, options)
    released = evidence_of(fold, found, ExplainShap(local_rows=1))

    assert "row_id" not in kept
    assert released["row_id"].tolist() == fold.test.row_id[found.rows].tolist()
    assert kept["unit"].tolist() == fold.test.group[found.rows].tolist()
    assert list(kept["features"].columns) == ["a", "b"]


def test_an_explainer_that_does_not_fit_is_a_sentence(fold):
    reason = explain(fold, ExplainShap(explainer="gradient", output="log_odds"), 8, seed=1)

    assert "Use output='probability'" in reason
