from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.compose.pipeline import Pipeline
from appliedml.errors import StageError
from appliedml.stages.balance.class_weights import ClassWeights


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=40)}), np.tile([0, 0, 0, 1], 10)


def test_balanced_weights_give_every_class_the_same_weight_and_a_mean_of_one(rows):
    X, y = rows
    stage = ClassWeights()

    same, labels = stage.fit_resample(X, y)

    pd.testing.assert_frame_equal(same, X)
    assert labels.tolist() == y.tolist()
    assert stage.sample_weight_[y == 1].sum() == pytest.approx(stage.sample_weight_[y == 0].sum())
    assert stage.sample_weight_.mean() == pytest.approx(1)
    assert stage.sample_weight_.dtype == np.float64
    assert stage.notes_ == ["Class 0 weighs 0.666667.", "Class 1 weighs 2."]


@pytest.mark.parametrize(("labels", "mode"), [([0, 1], {"0": 1, "1": 5}), (["ok", "fraud"], {"ok": 1, "fraud": 5})])
def test_weights_can_be_named_by_class(rows, labels, mode):
    X, y = rows
    stage = ClassWeights(mode)

    stage.fit_resample(X, np.array(labels)[y])

    assert stage.sample_weight_.tolist() == [1.0, 1.0, 1.0, 5.0] * 10


def test_a_class_without_a_weight_is_refused(rows):
    with pytest.raises(StageError, match=r"mode has \['0', 'fraud'\]; without a weight: \['1'\]"):
        ClassWeights({"0": 1, "fraud": 5}).fit_resample(*rows)


def test_in_our_pipeline_the_weights_reach_the_classifier(rows):
    X, y = rows

    ours = Pipeline([ClassWeights(), LogisticRegression()]).fit(X, y)

    theirs = LogisticRegression(class_weight="balanced").fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
