"""The fold trainer: Keras models trained by whole compiled epochs over rows in memory.

=============  ======================================  =======================================================
mode           what one call does                      chosen by ``trainer="auto"`` for
=============  ======================================  =======================================================
epoch_xla      an epoch, compiled by XLA               tables and recurrent networks with many steps
epoch_graph    an epoch, as a TensorFlow graph         convolutions (XLA's CPU convolutions inside a loop are slow),
                                                       ``keras.layers.Dropout`` (so are its random numbers), and fits
                                                       too short to earn XLA's compilation back
step_graph     a step, as a TensorFlow graph           rows that are decoded batch by batch, for they do not fit; rows
                                                       that arrive as a stream; callbacks that watch batches
keras          ``model.fit``                           networks too large for the cost of a call to matter
=============  ======================================  =======================================================

The choice is a rule over layers, size and number of steps, and not a race of the clock: two modes round differently,
and the same plan and seed must give the same bytes on a busy machine too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from appliedml.core.seeds import derive_seed
from appliedml.errors import StageError
from appliedml.models._callbacks import Watchers
from appliedml.models._epochs import Runner, Training, epoch_mixes, epoch_order
from appliedml.models._lazy import is_lazy
from appliedml.models._metrics import reported
from appliedml.models._plain_keras import PlainKeras
from appliedml.models._programs import bucket, program_for
from appliedml.models._settings import Network, Rows, Settings, Trained
from appliedml.models._streams import Stream

__all__ = ["choose_mode", "epoch_mixes", "epoch_order", "train"]

# XLA takes about 1.5 s longer to compile than a graph and wins about 0.25 ms a step back (MLP 64-32, batch 256, 2
# cores); programs are shared by some 5 folds.
_XLA_FROM_STEPS = 1_000
# Above this a step is dominated by matrix products and nothing is won by leaving model.fit.
_KERAS_FROM_PARAMETERS = 20_000_000
_GRAPH_LAYERS = (
    *("Conv1D", "Conv1DTranspose", "SeparableConv1D", "DepthwiseConv1D"),
    *("Conv2D", "Conv2DTranspose", "SeparableConv2D", "DepthwiseConv2D", "Conv3D"),
)
_GRAPH_RANDOM = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout")


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
        "epoch_xla", "epoch_graph" or "keras".
    """
    if settings.trainer == "keras":
        return "keras"
    n_steps = settings.epochs * -(-n_rows // settings.batch_size)
    if settings.trainer == "auto" and n_parameters > _KERAS_FROM_PARAMETERS:
        return "keras"
    if types & set(_GRAPH_LAYERS) or types & set(_GRAPH_RANDOM):
        return "epoch_graph"
    return "epoch_graph" if n_steps < _XLA_FROM_STEPS else "epoch_xla"


_known_facts: dict[str, tuple[frozenset[str], int]] = {}


def _layer_facts(network: Network) -> tuple[frozenset[str], int]:
    key = network.key()
    if key not in _known_facts:
        model = network.build(0)
        types = frozenset(type(layer).__name__ for layer in model._flatten_layers())
        _known_facts[key] = types, int(model.count_params())
    return _known_facts[key]


def _mode_of(network: Network, settings: Settings, rows: Rows | Stream, watch_batches: bool) -> str:
    types, n_parameters = _layer_facts(network)
    if isinstance(rows, Stream):
        large = settings.trainer == "auto" and n_parameters > _KERAS_FROM_PARAMETERS
        mode = "keras" if settings.trainer == "keras" or large else "step_graph"
    else:
        mode = choose_mode(types, n_parameters, settings, len(rows))
    if mode == "keras" and network.builder.mixup > 0:
        if settings.trainer == "keras":
            raise StageError(
                'KerasClassifier: trainer="keras" cannot mix rows (mixup of the builder is '
                f'{network.builder.mixup}). Leave trainer="auto", or set mixup to 0.'
            )
        mode = "epoch_graph"
    lazy = isinstance(rows, Stream) or is_lazy(rows.x)
    by_steps = lazy or (watch_batches and mode.startswith("epoch"))
    return "step_graph" if mode != "keras" and by_steps else mode


def train(
    network: Network, settings: Settings, rows: Rows | Stream, validation: Rows | Stream | None, seed: int
) -> Trained:
    """Train a network.

    Parameters
    ----------
    network : Network
    settings : Settings
    rows : Rows or Stream
        Training rows, in memory or in batches; their weights are used as they are.
    validation : Rows, Stream or None
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
    ParameterError
        If a callback waits for a value that no epoch reports.
    """
    used: Rows | Stream = rows
    if isinstance(rows, Stream):
        # A batch of the stream is a step, as in Keras.
        settings = replace(settings, batch_size=rows.batch_size)
        majority = int(rows.counts.argmax())
    else:
        majority = int(np.bincount(rows.y).argmax())
        chosen = network.builder.training_rows(rows.y, majority)
        used = rows if chosen is None else rows.where(chosen)
        # A batch is filled up to its size, so a size beyond the rows would only cost memory and time. Their bucket, and
        # not their number: folds that differ by a few rows share a program.
        settings = replace(settings, batch_size=min(settings.batch_size, bucket(len(used))))
    with Watchers(settings.callbacks) as watchers:
        watchers.check_monitors(reported(settings.metrics, validated=validation is not None))
        mode = _mode_of(network, settings, used, watchers.watch_batches)
        training = Training(network, settings, validation, majority, seed, watchers)
        phases = network.builder.phases(settings.epochs)
        for number, phase in enumerate(phases):
            runner: Runner = (
                PlainKeras(network, settings, number)
                if mode == "keras"
                else program_for(network, settings, mode, number)
            )
            last = number == len(phases) - 1
            with runner.lock:
                data = runner.start(derive_seed(seed, "weights"), used, training.weights)
                training.run(phase, runner, data, used, last=last)
                if last or training.stopped:
                    if isinstance(rows, Rows):
                        network.builder.finish(runner.model, rows.x, rows.y, rows.weight)
                    history = pd.DataFrame(training.records).astype({"epoch": np.int64})
                    return Trained(runner.weights(), history, training.best_epoch, mode, runner.layers)
    raise StageError(f"{type(network.builder).__name__}: phases() of {settings.epochs} epochs gives none.")
