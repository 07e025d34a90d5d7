from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.image_robustness import ImageRobustness
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.samples import Samples
from appliedml.models.keras_classifier import KerasClassifier

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 120)
PIXELS = RNG.integers(60, 120, (120, 12, 12, 1)).astype(np.uint8)
PIXELS[LABELS == 1, 3:7, 3:7] += 60


class ByCorner:
    """A pipeline without a network: calls a picture positive where its corner is bright."""

    steps_ = ()
    model_ = object()

    def predict_proba(self, images):
        bright = images.pixels()[:, 3:7, 3:7].mean(axis=(1, 2, 3)) / 255
        return np.column_stack([1 - bright, bright])

    def codes(self, chances):
        return (chances[:, 1] >= 0.45).astype(int)


def fold(pipeline, number=0, X=None):
    samples = Samples(Images.of(PIXELS) if X is None else X, LABELS)
    rows = np.arange(120)
    test = samples.take(rows[rows % 2 == number])
    chances = pipeline.predict_proba(test.X) if X is None else np.zeros((60, 2))
    ledger = pd.DataFrame()
    return Fold(number, 2, ("no", "yes"), test, test, pipeline, chances, np.zeros(60, int), 0.45, ledger, number)


def conclude(folds, **parameters):
    audit = ImageRobustness(n_resamples=100, **parameters)
    return audit.conclude([audit.examine(one) for one in folds])


def test_every_strength_has_a_value_an_interval_and_a_paired_difference():
    artifact = conclude([fold(ByCorner(), 0), fold(ByCorner(), 1)])
    curves = artifact.tables["curves"]
    assert curves.groupby("perturbation")["severity"].unique().map(list).to_dict() == {
        name: [0, 1, 2, 3] for name in ("blur", "brightness", "contrast", "jpeg", "noise", "occlusion", "rotation")
    }
    as_it_is = curves[curves["severity"] == 0]
    assert (as_it_is["difference"] == 0).all()
    assert (as_it_is[as_it_is["metric"] == "accuracy"]["value"] == 1).all()
    assert (curves["n"] == 120).all()
    dark = curves[(curves["perturbation"] == "brightness") & (curves["metric"] == "accuracy")]
    assert dark["value"].iloc[-1] < 0.8
    assert artifact.summary["notes"] == [
        "The attack needs a network that reads the pictures themselves; this pipeline offers no gradients."
    ]


def test_a_loss_beyond_the_tolerance_at_the_weakest_strength_is_a_warning():
    artifact = conclude([fold(ByCorner(), 0), fold(ByCorner(), 1)], perturbations=["brightness"], tolerance=0.0)
    severities = {item.title: item.severity for item in artifact.findings}
    assert severities["Brightness lowers the accuracy"] in (Severity.WARNING, Severity.INFO)
    none = conclude([fold(ByCorner(), 0), fold(ByCorner(), 1)], perturbations=["jpeg"], tolerance=0.5)
    assert none.status is Status.OK


def test_the_attack_lowers_what_a_network_gets_right():
    pipeline = Pipeline(
        [KerasClassifier(builder={"cnn": {"filters": [8], "batch_norm": False}}, epochs=30, learning_rate=0.01)],
        random_state=0,
    ).fit(Samples(Images.of(PIXELS), LABELS))
    curves = conclude([fold(pipeline)], perturbations=["fgsm"]).tables["curves"]
    area = curves[curves["metric"] == "roc_auc"]["value"].tolist()
    assert area[0] > 0.95
    assert area[-1] < area[0]


def test_other_inputs_are_not_applicable():
    artifact = conclude([fold(ByCorner(), X=pd.DataFrame({"a": range(120)}))])
    assert artifact.status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("n", [10, 40])
def test_no_more_pictures_than_asked_for_are_scored(n):
    artifact = conclude([fold(ByCorner(), 0), fold(ByCorner(), 1)], perturbations=["noise"], max_rows=n)
    assert artifact.summary["n"] == n


def test_memory_never_holds_the_weights_of_all_resamples_as_numbers():
    """500 resamples of 20,000 pictures are 80 MB as numbers of eight bytes."""
    n = 20_000
    y = np.arange(n) % 2
    found = (y, np.zeros((n, 2)))
    scored = {("noise", 0): found, ("noise", 1): (np.roll(y, 1), found[1])}
    item = {"seed": 0, "fold": 0, "binary": False, "y": y, "group": None, "scored": scored, "no_attack": ""}

    tracemalloc.start()
    artifact = ImageRobustness(perturbations=["noise"]).conclude([item])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert artifact.tables["curves"]["value"].tolist() == [1, 0]
    assert peak < 30e6
