"""Values on validation rows, an epoch each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.models._settings import Network, Rows
from appliedml.models._streams import Stream


def validate(network: Network, runner: Any, rows: Rows | Stream, majority: int) -> dict[str, float]:
    """Return losses, ranking measures and metrics on validation rows.

    Parameters
    ----------
    network : Network
    runner : Program or PlainKeras
    rows : Rows or Stream
    majority : int
        Code of the most frequent class of the training rows.

    Returns
    -------
    dict of str to float
        val_loss, val_roc_auc and val_average_precision (NaN where they are not defined), and the metrics.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    y, row_weight, losses, outputs = _scored(runner, rows)
    counted = network.builder.training_rows(y, majority)
    weight = row_weight if counted is None else row_weight * counted
    values = {
        "val_loss": float(np.average(losses, weights=weight)) if weight.sum() > 0 else math.nan,
        "val_roc_auc": math.nan,
        "val_average_precision": math.nan,
        **runner.metrics.measure(y, outputs, row_weight),
    }
    if not np.isfinite(outputs).all():
        return values
    present = np.unique(y)
    if network.n_outputs == 1 and len(present) == 2:
        # A reconstruction error is high for rows unlike the majority, whichever code that has.
        truth = y if network.builder.trains_on_labels else (y != majority).astype(np.int32)
        score = outputs[:, 0]
    elif network.n_outputs == len(present) > 1:
        truth, score = np.eye(network.n_outputs)[y], _softmax(outputs)
    else:
        return values
    values["val_roc_auc"] = float(roc_auc_score(truth, score, sample_weight=row_weight))
    values["val_average_precision"] = float(average_precision_score(truth, score, sample_weight=row_weight))
    return values


def _scored(runner: Any, rows: Rows | Stream) -> tuple[NDArray[Any], ...]:
    if isinstance(rows, Rows):
        return rows.y, rows.weight, *runner.outputs(rows)
    parts = [(batch.y, batch.weight, *runner.outputs(batch)) for batch in rows.batches()]
    y, weight, losses, outputs = (np.concatenate(part) for part in zip(*parts, strict=True))
    return y, weight, losses, outputs


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
