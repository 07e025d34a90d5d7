"""The fold trainer: Keras models trained by whole compiled epochs over rows in memory.

=============  ======================================  =======================================================
mode           what one call does                      chosen by ``trainer="auto"`` for
=============  ======================================  =======================================================
epoch_xla      an epoch, compiled by XLA               tables and recurrent networks with many steps
epoch_graph    an epoch, as a TensorFlow graph         image convolutions (XLA's CPU convolutions inside a loop are
                                                       slow), ``keras.layers.Dropout`` (so are its random numbers),
                                                       and fits too short to earn XLA's compilation back
step_xla       a step, compiled by XLA                 one-dimensional convolutions
step_graph     a step, as a TensorFlow graph           rows that are decoded batch by batch, for they do not fit
keras          ``model.fit``                           networks too large for the cost of a call to matter
=============  ======================================  =======================================================

The choice is a rule over layers, size and number of steps, and not a race of the clock: two modes round differently,
and the same plan and seed must give the same bytes on a busy machine too.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.seeds import derive_seed
from appliedml.errors import DataError, StageError
from appliedml.models._lazy import is_lazy
from appliedml.models._plain_keras import PlainKeras
from appliedml.models._programs import program_for
from appliedml.models._schedules import Schedule
from appliedml.models._settings import Network, Rows, Settings, Trained
from appliedml.models.builders._builder import Phase

# XLA takes about 1.5 s longer to compile than a graph and wins about 0.25 ms a step back (MLP 64-32, batch 256, 2
# cores); programs are shared by some 5 folds.
_XLA_FROM_STEPS = 1_000
# One-dimensional convolutions win some 15 ms a step, and a step compiles in 2 s.
_STEP_XLA_FROM_STEPS = 100
# Above this a step is dominated by matrix products and nothing is won by leaving model.fit.
_KERAS_FROM_PARAMETERS = 20_000_000
_GRAPH_LAYERS = ("Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D", "DepthwiseConv2D")
_GRAPH_RANDOM = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout")
_STEP_LAYERS = ("Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose")


def choose_mode(types: frozenset[str], n_parameters: int, settings: Settings, n_rows: int) -> str:
    """Return how a fit is run.

    Parameters
    ----------
    types : frozenset of str
        Class names of the layers.
    n_parameters : int
    settings : Settings
    n_rows : int
        Training rows.

    Returns
    -------
    str
        "epoch_xla", "epoch_graph", "step_xla" or "keras".
    """
    if settings.trainer == "keras":
        return "keras"
    n_steps = settings.epochs * -(-n_rows // settings.batch_size)
    if settings.trainer == "auto" and n_parameters > _KERAS_FROM_PARAMETERS:
        return "keras"
    if types & set(_GRAPH_LAYERS) or types & set(_GRAPH_RANDOM):
        return "epoch_graph"
    if types & set(_STEP_LAYERS):
        return "step_xla" if n_steps >= _STEP_XLA_FROM_STEPS else "epoch_graph"
    return "epoch_graph" if n_steps < _XLA_FROM_STEPS else "epoch_xla"


_known_facts: dict[str, tuple[frozenset[str], int]] = {}


def _layer_facts(network: Network) -> tuple[frozenset[str], int]:
    key = network.key()
    if key not in _known_facts:
        model = network.build(0)
        types = frozenset(type(layer).__name__ for layer in model._flatten_layers())
        _known_facts[key] = types, int(model.count_params())
    return _known_facts[key]


class _Runner(Protocol):
    """One fit of one network, epoch by epoch."""

    lock: Any
    model: Any
    layers: list[dict[str, Any]]

    def start(self, seed: int, rows: Rows) -> Any: ...

    def train(self, data: Any, order: NDArray[np.intp], controls: NDArray[np.float32]) -> float: ...

    def outputs(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...

    def weights(self) -> list[NDArray[Any]]: ...

    def set_weights(self, weights: list[NDArray[Any]]) -> None: ...


def _mode_of(network: Network, settings: Settings, rows: Rows) -> str:
    mode = choose_mode(*_layer_facts(network), settings, len(rows))
    if mode == "keras" and network.builder.mixup > 0:
        if settings.trainer == "keras":
            raise StageError(
                'KerasClassifier: trainer="keras" cannot mix rows (mixup of the builder is '
                f'{network.builder.mixup}). Leave trainer="auto", or set mixup to 0.'
            )
        mode = "epoch_graph"
    return "step_graph" if mode != "keras" and is_lazy(rows.x) else mode


def train(network: Network, settings: Settings, rows: Rows, validation: Rows | None, seed: int) -> Trained:
    """Train a network on rows in memory.

    Parameters
    ----------
    network : Network
    settings : Settings
    rows : Rows
        Training rows; their weights are used as they are.
    validation : Rows or None
        For early stopping, for schedules that watch, and for the history.
    seed : int
        Decides the starting weights, the order of rows in every epoch and the dropout masks.

    Returns
    -------
    Trained

    Raises
    ------
    DataError
        If the loss is no longer finite, or the monitored value is not defined on the validation rows.
    """
    majority = int(np.bincount(rows.y).argmax())
    chosen = network.builder.training_rows(rows.y, majority)
    used = rows if chosen is None else rows.where(chosen)
    mode = _mode_of(network, settings, used)
    kept = _Kept()
    phases = network.builder.phases(settings.epochs)
    for number, phase in enumerate(phases):
        runner: _Runner = (
            PlainKeras(network, settings, number) if mode == "keras" else program_for(network, settings, mode, number)
        )
        with runner.lock:
            data = runner.start(derive_seed(seed, "weights"), used)
            if kept.weights is not None:
                runner.set_weights(kept.weights)
            _epochs(network, settings, phase, runner, data, len(used), validation, majority, seed, kept)
            if number == len(phases) - 1:
                network.builder.finish(runner.model, rows.x, rows.y, rows.weight)
                history = pd.DataFrame(kept.records).astype({"epoch": np.int64})
                return Trained(runner.weights(), history, kept.best_epoch, mode, runner.layers)
            kept.weights = runner.weights()
    raise StageError(f"{type(network.builder).__name__}: phases() of {settings.epochs} epochs gives none.")


@dataclass
class _Kept:
    """What goes from one stretch of a training to the next."""

    records: list[dict[str, float]] = field(default_factory=list)
    weights: list[NDArray[Any]] | None = None
    best: float = math.inf
    best_epoch: int = -1


def epoch_order(seed: int, epoch: int, n_rows: int) -> NDArray[np.intp]:
    """Return the order of rows in an epoch: the same for every trainer.

    Parameters
    ----------
    seed, epoch, n_rows : int

    Returns
    -------
    array of int, shape (n_rows,)

    Examples
    --------
    >>> sorted(epoch_order(7, 0, 4).tolist())
    [0, 1, 2, 3]
    """
    return np.random.default_rng([seed, epoch]).permutation(n_rows)


def epoch_mixes(alpha: float, seed: int, epoch: int, n_steps: int) -> NDArray[np.float32]:
    """Return the share of each row in the mixes of every step of an epoch: 1 where rows are not mixed.

    Parameters
    ----------
    alpha : float
        Of the Beta(alpha, alpha) distribution; 0 for no mixing.
    seed, epoch, n_steps : int

    Returns
    -------
    array of shape (n_steps,)

    Source
    ------
    Zhang et al. (2018), mixup: Beyond Empirical Risk Minimization.

    Examples
    --------
    >>> epoch_mixes(0.0, 7, 0, 3).tolist()
    [1.0, 1.0, 1.0]
    """
    if alpha <= 0:
        return np.ones(n_steps, dtype=np.float32)
    return np.random.default_rng([seed, epoch, 1]).beta(alpha, alpha, n_steps).astype(np.float32)


def _epochs(
    network: Network,
    settings: Settings,
    phase: Phase,
    runner: _Runner,
    data: Any,
    n_rows: int,
    validation: Rows | None,
    majority: int,
    seed: int,
    kept: _Kept,
) -> None:
    schedule = Schedule(settings.learning_rate * phase.rate_factor, settings.schedule, phase.epochs)
    order_seed = derive_seed(seed, "order")
    n_steps = -(-n_rows // settings.batch_size)
    first, last_better = len(kept.records), len(kept.records) - 1
    best_weights = kept.weights if kept.best_epoch >= 0 else None
    for epoch in range(first, first + phase.epochs):
        rates = schedule.rates(epoch - first, n_steps)
        mixes = epoch_mixes(network.builder.mixup, order_seed, epoch, n_steps)
        controls = np.column_stack([rates, mixes]).astype(np.float32)
        loss = runner.train(data, epoch_order(order_seed, epoch, n_rows), controls)
        record = {"epoch": epoch, "loss": loss, "learning_rate": float(rates[-1])}
        if not math.isfinite(loss):
            raise DataError(
                f"KerasClassifier: the loss is {loss} in epoch {epoch}. Use a learning_rate below "
                f"{settings.learning_rate:g}, set clip_norm=1.0, or scale the numeric columns (scale_numbers)."
            )
        if validation is not None:
            record.update(_validate(network, runner, validation, majority))
        kept.records.append(record)
        if settings.verbose:
            sys.stdout.write("  ".join(f"{name} {value:.5g}" for name, value in record.items()) + "\n")
        if validation is None or not (settings.patience_epochs or schedule.watches):
            continue
        value = _smaller_is_better(record, settings.monitor)
        schedule.saw(value)
        if settings.patience_epochs is None:
            continue
        if value < kept.best:
            kept.best, kept.best_epoch, best_weights = value, epoch, runner.weights()
            last_better = epoch
        elif epoch - last_better >= settings.patience_epochs:
            break
    if best_weights is not None:
        runner.set_weights(best_weights)
    else:
        kept.best_epoch = len(kept.records) - 1


def _validate(network: Network, runner: _Runner, rows: Rows, majority: int) -> dict[str, float]:
    from sklearn.metrics import average_precision_score, roc_auc_score

    losses, outputs = runner.outputs(rows)
    counted = network.builder.training_rows(rows.y, majority)
    weight = rows.weight if counted is None else rows.weight * counted
    values = {
        "val_loss": float(np.average(losses, weights=weight)) if weight.sum() > 0 else math.nan,
        "val_roc_auc": math.nan,
        "val_average_precision": math.nan,
    }
    if not np.isfinite(outputs).all():
        return values
    present = np.unique(rows.y)
    if network.n_outputs == 1 and len(present) == 2:
        # A reconstruction error is high for rows unlike the majority, whichever code that has.
        truth = rows.y if network.builder.trains_on_labels else (rows.y != majority).astype(np.int32)
        score = outputs[:, 0]
    elif network.n_outputs == len(present) > 1:
        truth, score = np.eye(network.n_outputs)[rows.y], _softmax(outputs)
    else:
        return values
    values["val_roc_auc"] = float(roc_auc_score(truth, score, sample_weight=rows.weight))
    values["val_average_precision"] = float(average_precision_score(truth, score, sample_weight=rows.weight))
    return values


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _smaller_is_better(record: dict[str, float], monitor: str) -> float:
    value = record[monitor]
    if math.isnan(value):
        raise DataError(
            f"KerasClassifier: {monitor} is not defined on the validation rows: they must hold every class, with "
            'finite scores. Give more validation rows, or monitor="val_loss".'
        )
    return value if monitor == "val_loss" else -value
