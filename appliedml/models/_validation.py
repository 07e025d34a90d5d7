"""Values on validation rows, an epoch each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.models._callbacks import Watchers
from appliedml.models._settings import Network, Rows
from appliedml.models._streams import Stream

# Rows of a batch, where a callback watches the batches of validation rows.
_WATCHED_ROWS = 256


def validate(
    network: Network, runner: Any, rows: Rows | Stream, majority: int, watchers: Watchers | None = None
) -> dict[str, float]:
    """Return losses, ranking measures and metrics on validation rows.

    Parameters
    ----------
    network : Network
    runner : Program or PlainKeras
    rows : Rows or Stream
    majority : int
        Code of the most frequent class of the training rows.
    watchers : Watchers, optional
        Told of batches, where one of them watches these.

    Returns
    -------
    dict of str to float
        val_loss, val_roc_auc and val_average_precision (NaN where they are not defined), and the metrics.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    y, row_weight, losses, outputs = _scored(runner, rows, watchers)
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


def _scored(runner: Any, rows: Rows | Stream, watchers: Watchers | None) -> tuple[NDArray[Any], ...]:
    watched = watchers if watchers is not None and watchers.watch_validation else None
    if isinstance(rows, Rows) and watched is None:
        return rows.y, rows.weight, *runner.outputs(rows)
    parts, total, weights = [], 0.0, 0.0
    runner.metrics.reset()
    for number, batch in enumerate(_batches(rows)):
        if watched:
            watched.tell("on_test_batch_begin", number, {})
        losses, outputs = runner.outputs(batch)
        parts.append((batch.y, batch.weight, losses, outputs))
        if watched:
            runner.metrics.update(batch.y, outputs.astype(np.float32), batch.weight)
            total, weights = total + float(losses @ batch.weight), weights + float(batch.weight.sum())
            watched.tell(
                "on_test_batch_end",
                number,
                {"loss": total / weights if weights else math.nan, **runner.metrics.current()},
            )
    y, weight, losses, outputs = (np.concatenate(part) for part in zip(*parts, strict=True))
    return y, weight, losses, outputs


def _batches(rows: Rows | Stream) -> Iterator[Rows]:
    if isinstance(rows, Stream):
        yield from rows.batches()
        return
    for start in range(0, len(rows), _WATCHED_ROWS):
        yield rows.at(np.arange(start, min(start + _WATCHED_ROWS, len(rows))))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
