"""``TrainingCurves``: how the loss fell, fold by fold, and what its shape says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.params import Rule
from appliedml.core.stage import Configured

IMPROVING = "still improving when stopped"
OVERFITTING = "overfitting after the best epoch"
STABLE = "stable"
UNKNOWN = "no validation rows"
UNCONVERGED = "training loss still falling"
RELATIVE = 0.02
"""Smaller relative changes of the loss count as none: they are within its noise from epoch to epoch."""

FOLD_TYPES: dict[str, Any] = {
    "fold": "int64",
    "epochs": "int64",
    "best_epoch": "int64",
    "kept_epoch": "int64",
    "train_at_best": float,
    "val_at_best": float,
    "train_at_end": float,
    "val_at_end": float,
    "gap": float,
    "diagnosis": str,
}
CURVE_TYPES: dict[str, Any] = {"fold": "int64", "epoch": "int64", "measure": str, "part": str, "value": float}


class TrainingCurves(Configured):
    """Read the training curves of models that learn in epochs.

    Notes
    -----
    The diagnosis reads the loss on the validation rows. *Still improving when stopped*: the lowest loss is the last,
    and it was falling by more than 2 % over the last tenth of the epochs. *Overfitting after the best epoch*: the loss
    rose again by more than 2 % while the training loss went on falling; harmless where the weights of an earlier epoch
    were kept. *Stable* otherwise. Without validation rows only the training loss can be read. After balancing, the
    training loss is that of the balanced rows, so only its direction compares with the validation loss.

    Examples
    --------
    >>> TrainingCurves().get_params()
    {}
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {}

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Take the history of one fold's model.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            fold, history (DataFrame or None), kept (the epoch whose weights the model kept, or None), model, members
            (how many networks the model averages).
        """
        history = fold.pipeline.history_
        model = fold.pipeline.model_
        kept = getattr(model, "best_epoch_", None)
        return {
            "fold": fold.number,
            "history": None if history is None else pd.DataFrame(history).reset_index(drop=True),
            "kept": None if kept is None else int(kept),
            "model": type(model).__name__,
            "members": int(getattr(model, "n_members", 1)),
        }

    def conclude(self, evidence: list[dict[str, Any]]) -> Artifact:
        """Diagnose every fold.

        Parameters
        ----------
        evidence : list of dict
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Tables ``folds`` (fold, epochs, best_epoch, kept_epoch, train_at_best, val_at_best, train_at_end,
            val_at_end, gap, diagnosis) and ``curves`` (fold, epoch, measure, part, value). Epochs count from 1; -1 is
            "not known".
            Not applicable for models without epochs.
        """
        shown = [item for item in evidence if item["history"] is not None and len(item["history"])]
        shown = [item for item in shown if "loss" in item["history"]]
        if not shown:
            return Artifact(
                "training_curves",
                Status.NOT_APPLICABLE,
                reason=f"{evidence[0]['model']} does not learn in epochs, so there are no training curves.",
            )
        folds = pd.DataFrame([_diagnosed(item) for item in shown], columns=list(FOLD_TYPES)).astype(FOLD_TYPES)
        curves = pd.concat([_curves(item) for item in shown], ignore_index=True).astype(CURVE_TYPES)
        members = max(item["members"] for item in shown)
        found = tuple(_findings(folds, members))
        warned = any(finding.severity is Severity.WARNING for finding in found)
        counts = folds["diagnosis"].value_counts()
        return Artifact(
            "training_curves",
            Status.WARNING if warned else Status.OK,
            summary={
                "model": shown[0]["model"],
                "n_folds": len(shown),
                "n_members": members,
                "median_best_epoch": float(folds["best_epoch"].median()),
                "diagnoses": {str(name): int(counts[name]) for name in sorted(counts.index)},
            },
            tables={"folds": folds, "curves": curves},
            findings=found,
        )


def _diagnosed(item: Mapping[str, Any]) -> tuple[Any, ...]:
    history: pd.DataFrame = item["history"]
    epochs = _epochs(history).to_numpy()
    train = history["loss"].to_numpy(dtype=float)
    kept = -1 if item["kept"] is None or item["kept"] < 0 else item["kept"] + int(epochs[0] - _first(history))
    if "val_loss" not in history or history["val_loss"].isna().all():
        diagnosis = UNCONVERGED if _still_falling(train) else UNKNOWN
        end = float(train[-1])
        return (item["fold"], len(train), -1, kept, np.nan, np.nan, end, np.nan, np.nan, diagnosis)
    val = history["val_loss"].to_numpy(dtype=float)
    best = int(np.nanargmin(val))
    rose = val[-1] > val[best] + RELATIVE * abs(val[best])
    if best == len(val) - 1 and _still_falling(val):
        diagnosis = IMPROVING
    elif rose and train[-1] < train[best]:
        diagnosis = OVERFITTING
    else:
        diagnosis = STABLE
    gap = float(val[best] - train[best])
    return (
        item["fold"], len(val), int(epochs[best]), kept, train[best], val[best], train[-1], val[-1], gap, diagnosis,
    )  # fmt: skip


def _still_falling(losses: Any) -> bool:
    if len(losses) < 3:
        return bool(len(losses) > 1 and losses[-1] < losses[0])
    back = max(1, len(losses) // 10)
    before = losses[-1 - back]
    return bool(losses[-1] < before - RELATIVE * abs(before))


def _first(history: pd.DataFrame) -> int:
    return int(history["epoch"].iloc[0]) if "epoch" in history else 0


def _epochs(history: pd.DataFrame) -> pd.Series[Any]:
    """Return epochs counted from 1, whatever the model counted from."""
    return pd.Series(np.arange(1, len(history) + 1), index=history.index)


def _curves(item: Mapping[str, Any]) -> pd.DataFrame:
    history: pd.DataFrame = item["history"]
    parts = []
    for name in history.columns:
        if name == "epoch" or not pd.api.types.is_numeric_dtype(history[name].dtype):
            continue
        part = "validation" if str(name).startswith("val_") else "training"
        table = pd.DataFrame({"epoch": _epochs(history), "value": history[name].astype(float)})
        parts.append(table.assign(fold=item["fold"], measure=str(name).removeprefix("val_"), part=part))
    return pd.concat(parts, ignore_index=True)[list(CURVE_TYPES)]


def _findings(folds: pd.DataFrame, members: int) -> Iterator[Finding]:
    n = len(folds)
    improving = folds[folds["diagnosis"].isin([IMPROVING, UNCONVERGED])]
    if len(improving):
        text = (
            f"In {len(improving)} of {n} folds the loss was still falling after the last epoch "
            f"({_span(improving['epochs'])}): more epochs may give a better model."
        )
        yield Finding(Severity.WARNING, "Training stopped before it was done", text)
    over = folds[folds["diagnosis"] == OVERFITTING]
    if len(over):
        # Early stopping may watch another measure than the loss; what counts is that it went back.
        kept = bool(((over["kept_epoch"] > 0) & (over["kept_epoch"] < over["epochs"])).all())
        text = (
            f"In {len(over)} of {n} folds the validation loss rose again after its lowest point "
            f"({_span(over['best_epoch'])}) while the training loss went on falling."
        )
        span = _span(over["kept_epoch"])
        if members > 1:
            text += (
                f" Each fold trains {members} networks and averages what they say: the curve is the mean over those "
                "still training"
            )
            own = f", and each network kept the weights of its own best epoch; their median is {span}."
            text += own if kept else "."
        else:
            text += f" The weights of {span} were kept." if kept else " The last weights were used."
        severity = Severity.INFO if kept else Severity.WARNING
        yield Finding(severity, "The model overfits after its best epoch", text)


def _span(values: pd.Series[Any]) -> str:
    low, high = int(values.min()), int(values.max())
    return f"epoch {low}" if low == high else f"epochs {low} to {high}"
