from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from appliedml.audits.training_curves import TrainingCurves
from appliedml.core.artifact import Severity, Status

EPOCHS = 20


def curve(train, val=None, kept=None, number=0, first=0):
    """What the audit reads of a fold: its number, and the pipeline's history and model."""
    history = pd.DataFrame({"epoch": range(first, first + len(train)), "loss": train, "learning_rate": 0.01})
    if val is not None:
        history["val_loss"] = val
    model = SimpleNamespace() if kept is None else SimpleNamespace(best_epoch_=kept)
    return SimpleNamespace(number=number, pipeline=SimpleNamespace(history_=history, model_=model))


def conclude(*folds):
    audit = TrainingCurves()
    return audit.conclude([audit.examine(fold) for fold in folds])


def falling(start=1.0, rate=0.9, n=EPOCHS):
    return [start * rate**i for i in range(n)]


def valley(best=8):
    return [1.0 - 0.1 * i if i <= best else 0.2 + 0.05 * (i - best) for i in range(EPOCHS)]


@pytest.mark.parametrize(
    ("train", "val", "diagnosis"),
    [
        (falling(), falling(1.1), "still improving when stopped"),
        (falling(), valley(), "overfitting after the best epoch"),
        (falling(), [0.5] * EPOCHS, "stable"),
        (falling(), falling(rate=0.9999), "stable"),
        (valley(), valley(), "stable"),
        (falling(), None, "training loss still falling"),
        ([0.5] * EPOCHS, None, "no validation rows"),
    ],
)
def test_the_shape_of_the_curves_is_put_in_words(train, val, diagnosis):
    assert conclude(curve(train, val)).tables["folds"].loc[0, "diagnosis"] == diagnosis


@pytest.mark.parametrize("first", [0, 1])
def test_epochs_count_from_one_whatever_the_model_counts_from(first):
    row = conclude(curve(falling(), valley(8), kept=8 + first, first=first)).tables["folds"].loc[0]

    assert (row["best_epoch"], row["kept_epoch"], row["epochs"]) == (9, 9, 20)
    assert row["gap"] == pytest.approx(row["val_at_best"] - row["train_at_best"])


def test_overfitting_is_harmless_where_an_earlier_epoch_was_kept():
    (kept,) = conclude(curve(falling(), valley(), kept=8)).findings
    (last,) = conclude(curve(falling(), valley(), kept=EPOCHS - 1)).findings

    assert kept.severity is Severity.INFO
    assert "The weights of epoch 9 were kept." in kept.text
    assert last.severity is Severity.WARNING


def test_training_that_stopped_too_early_is_a_warning():
    artifact = conclude(curve(falling(), falling(1.1)), curve(falling(), [0.5] * EPOCHS, number=1))

    assert artifact.status is Status.WARNING
    assert "In 1 of 2 folds" in artifact.findings[0].text
    assert artifact.summary["diagnoses"] == {"stable": 1, "still improving when stopped": 1}


def test_the_curves_are_long_with_their_part():
    curves = conclude(curve(falling(), valley())).tables["curves"]

    assert curves.groupby(["measure", "part"]).size().to_dict() == {
        ("loss", "training"): EPOCHS, ("loss", "validation"): EPOCHS, ("learning_rate", "training"): EPOCHS,
    }  # fmt: skip
    assert curves["epoch"].min() == 1


def test_a_single_epoch_can_be_read():
    assert conclude(curve([0.7], [0.6])).tables["folds"].loc[0, "diagnosis"] == "stable"


def test_models_without_epochs_have_no_curves():
    fold = SimpleNamespace(number=0, pipeline=SimpleNamespace(history_=None, model_=SimpleNamespace()))

    artifact = conclude(fold)

    assert artifact.status is Status.NOT_APPLICABLE
    assert "does not learn in epochs" in artifact.reason


@pytest.mark.parametrize(("kept", "said"), [(5, "their median is epoch 6."), (EPOCHS - 1, "still training.")])
def test_several_networks_are_said_to_be_averaged(kept, said):
    fold = curve(falling(), valley(), kept=kept)
    fold.pipeline.model_.n_members = 3

    artifact = conclude(fold)

    assert artifact.summary["n_members"] == 3
    assert "Each fold trains 3 networks and averages what they say" in artifact.findings[0].text
    assert artifact.findings[0].text.endswith(said)
