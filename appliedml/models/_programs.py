"""Compiled training programs and the small cache that lets folds, seeds and trials share them.

A program owns one Keras model and one optimizer. A fit puts fresh values into their variables, runs epochs and copies
the values out, so that nothing is traced or compiled twice for one architecture. Whatever differs between fits of one
architecture is an argument: the rows, their order, their number, the learning rates.

Threads take turns on a program (each has a lock). Processes forked after TensorFlow has trained deadlock, whatever is
cached here: start workers with joblib's loky, or spawn.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json
from appliedml.models._callbacks import Watchers
from appliedml.models._lazy import ahead, is_lazy, rows_a_call
from appliedml.models._losses import row_loss
from appliedml.models._metrics import EpochMetrics
from appliedml.models._optimizers import averaged, make_optimizer
from appliedml.models._settings import Network, Rows, Settings, describe_layers
from appliedml.models._steps import Steps, call
from appliedml.models._streams import Stream

# Training and scoring programs together: some eight architectures.
MAX_PROGRAMS = 16
_EVALUATION_ROWS = 65_536


class Program:
    """One architecture, optimizer and loss, compiled once.

    Parameters
    ----------
    network : Network
    settings : Settings
    mode : str
        "epoch_xla" or "epoch_graph" (a whole epoch is one call), or "step_graph" (a step is one call).
    phase : int
        Which stretch of the training: decides which layers train.
    """

    def __init__(self, network: Network, settings: Settings, mode: str, phase: int = 0) -> None:
        import tensorflow as tf

        self.network = network
        self.mode = mode
        self.batch_size = settings.batch_size
        self.lock = threading.RLock()
        self.model = network.build(0)
        self.phase = phase
        network.builder.set_phase(self.model, phase)
        self.view = network.builder.training_view(self.model)
        self._mixes = network.builder.mixup > 0
        self.layers = describe_layers(self.model)
        # Callbacks belong to one fit; a loss or a metric of the user is part of the program.
        self.settings = replace(settings, callbacks=None)
        self.optimizer = make_optimizer(settings)
        self.optimizer.build(self.view.trainable_variables)
        self._optimizer_start = values_of(self.optimizer.variables)
        # Some optimizers keep a copy of the weights, which must be that of each fit.
        self._optimizer_knows_weights = any(np.ptp(value) > 0 for value in self._optimizer_start if value.size)
        self.metrics = EpochMetrics(settings.metrics, network.n_outputs)
        self._watched = False
        self._loss = row_loss(
            settings.loss,
            network.n_outputs,
            gamma=settings.gamma,
            label_smoothing=settings.label_smoothing,
            trains_on_labels=network.builder.trains_on_labels,
        )
        # autograph has nothing to rewrite here, and reading sources fails in frozen and zipped installations.
        self.one_step = tf.function(self._train_step, autograph=False)
        self._epoch = tf.function(self._train_epoch, jit_compile=mode == "epoch_xla", autograph=False)
        self._evaluate = tf.function(self._row_losses, autograph=False, reduce_retracing=True)

    def start(self, seed: int, rows: Rows | Stream, weights: list[NDArray[Any]] | None = None) -> Any:
        """Put the start of a fit into all variables and return the training rows.

        Parameters
        ----------
        seed : int
        rows : Rows or Stream
        weights : list of array, optional
            To go on with, from an earlier stretch of the training.

        Returns
        -------
        object
            For :meth:`train`: tensors of a bucketed size, or the rows themselves where they are lazy or a stream.
        """
        import tensorflow as tf

        fresh = self.network.build(seed)
        for variable, first in zip(self.model.variables, fresh.variables, strict=True):
            variable.assign(first.value)
        self.network.builder.adapt(self.model, rows.x)
        if weights is not None:
            self.set_weights(weights)
        for variable, value in zip(self.optimizer.variables, self._fresh_optimizer(), strict=True):
            variable.assign(value)
        if isinstance(rows, Stream) or is_lazy(rows.x):
            return rows
        room = bucket(len(rows))
        # Rows of padding are never picked by the order of an epoch; they only keep shapes equal over folds.
        x = {name: tf.constant(_padded(array, room)) for name, array in rows.x.items()}
        return x, tf.constant(_padded(rows.y, room)), tf.constant(_padded(rows.weight, room))

    def _fresh_optimizer(self) -> list[NDArray[Any]]:
        if not self._optimizer_knows_weights:
            return self._optimizer_start
        fresh = make_optimizer(self.settings)
        fresh.build(self.view.trainable_variables)
        return values_of(fresh.variables)

    def watched(self) -> Any:
        """Return the model as callbacks see it: compiled, with the optimizer and the weights of the training."""
        from appliedml.models._plain_keras import compile_view

        if not self._watched:
            compile_view(self.view, self.optimizer, self._loss, self.metrics, self.network.n_outputs)
            self._watched = True
        return self.view

    def settled(self) -> AbstractContextManager[None]:
        """Put averaged weights in their place for a while, where the optimizer keeps them."""
        return averaged(self.optimizer, self.view.trainable_variables)

    def metric_values(self) -> dict[str, float]:
        """Return the metrics over the rows of the last epoch, as they were when each was trained on."""
        return self.metrics.values()

    def weights(self) -> list[NDArray[Any]]:
        """Return copies of the values of all variables."""
        return values_of(self.model.variables)

    def set_weights(self, weights: list[NDArray[Any]]) -> None:
        """Put values into all variables.

        Parameters
        ----------
        weights : list of array
        """
        for variable, value in zip(self.model.variables, weights, strict=True):
            variable.assign(value)

    def train(
        self,
        data: Any,
        order: NDArray[np.intp] | None,
        controls: NDArray[np.float32],
        watchers: Watchers | None = None,
    ) -> float:
        """Run one epoch and return its mean loss.

        Parameters
        ----------
        data : object
            From :meth:`start`.
        order : array of int, shape (n_rows,), or None
            Rows in the order of this epoch, or the batches of a stream; None for a stream that has an order of its own.
        controls : array of shape (n_steps, 2)
            Learning rate of each step, and the share of each row in a mix of two.
        watchers : Watchers, optional
            Told of batches, in the modes of steps.

        Returns
        -------
        float
        """
        import tensorflow as tf

        self.metrics.reset()
        if isinstance(data, Stream):
            return self._train_batches(data.batches(order), controls, watchers)
        if order is None:
            raise ValueError("rows in memory are trained on in an order")
        n_rows, n_steps = len(order), len(controls)
        if isinstance(data, Rows):
            # One batch is decoded while the one before it trains.
            parts = [order[start : start + self.batch_size] for start in range(0, n_rows, self.batch_size)]
            return self._train_batches(ahead(data.at, parts), controls, watchers)
        # The last batch is filled up with rows from the start of the order, at no weight, so that batch normalisation
        # sees a batch of real rows.
        filled = np.resize(order, n_steps * self.batch_size).astype(np.int32)
        if self.mode.startswith("step"):
            run = Steps(self, watchers)
            for step in range(n_steps):
                rows = tf.constant(filled[step * self.batch_size : (step + 1) * self.batch_size])
                if not run.step(data, rows, min(self.batch_size, n_rows - step * self.batch_size), controls):
                    break
            return run.mean
        most_steps = -(-int(data[1].shape[0]) // self.batch_size)
        order_tensor = tf.constant(_padded(filled, most_steps * self.batch_size))
        control_tensor = tf.constant(_padded(controls, most_steps))
        return float(call(self._epoch, *data, order_tensor, tf.constant(n_rows), tf.constant(n_steps), control_tensor))

    def _train_batches(
        self, batches: Iterable[Rows], controls: NDArray[np.float32], watchers: Watchers | None
    ) -> float:
        import tensorflow as tf

        run, places = Steps(self, watchers), tf.range(self.batch_size)
        for batch in batches:
            count = len(batch)
            full = batch if count == self.batch_size else batch.at(np.resize(np.arange(count), self.batch_size))
            x = {name: tf.constant(array) for name, array in full.x.items()}
            if not run.step((x, tf.constant(full.y), tf.constant(full.weight)), places, count, controls):
                break
        return run.mean

    def outputs(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the loss and the outputs of each row, as at prediction time.

        Parameters
        ----------
        rows : Rows

        Returns
        -------
        losses : array of shape (n,)
        outputs : array of shape (n, n_outputs)
        """
        import tensorflow as tf

        losses, outputs = [], []
        step = rows_a_call(rows.x, _EVALUATION_ROWS, self.network.builder.values_a_row(self.network.spec))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            x = {name: tf.constant(array[part]) for name, array in rows.x.items()}
            loss, output = call(self._evaluate, x, tf.constant(rows.y[part]))
            losses.append(loss.numpy())
            outputs.append(output.numpy())
        return np.concatenate(losses).astype(np.float64), np.concatenate(outputs).astype(np.float64)

    def _row_losses(self, x: Any, y: Any) -> Any:
        import tensorflow as tf

        output = tf.cast(self.view(x, training=False), tf.float32)
        return self._loss(y, output), output

    def _train_step(self, x: Any, y: Any, weight: Any, rows: Any, count: Any, control: Any) -> Any:
        import tensorflow as tf

        batch = {name: tf.gather(array, rows) for name, array in x.items()}
        labels, weights = tf.gather(y, rows), tf.gather(weight, rows)
        real = tf.range(self.batch_size) < count
        self.optimizer.learning_rate.assign(control[0])
        variables = self.view.trainable_variables
        if self._mixes:
            # Each real row is mixed with the one that stands as far from the end as it does from the start.
            own, partner = control[1], tf.where(real, count - 1 - tf.range(self.batch_size), 0)
            batch = {name: _mixed(array, tf.gather(array, partner), own) for name, array in batch.items()}
            weights = own * weights + (1.0 - own) * tf.gather(weights, partner)
        share = tf.where(real, weights, 0.0) / tf.cast(count, tf.float32)
        with tf.GradientTape() as tape:
            outputs = tf.cast(self.view(batch, training=True), tf.float32)
            losses = self._loss(labels, outputs)
            if self._mixes:
                losses = own * losses + (1.0 - own) * self._loss(tf.gather(labels, partner), outputs)
            loss = tf.reduce_sum(losses * share)
            penalties = self.view.losses
            if penalties:
                loss += tf.add_n(penalties)
            scaled = self.optimizer.scale_loss(loss)
        # The gradient of a look-up is sparse; dense, it is summed in one fixed order and fuses with the update.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(scaled, [v.value for v in variables])]
        self.optimizer.apply(gradients, variables)
        self.metrics.update(labels, outputs, tf.where(real, weights, 0.0))
        return loss

    def _train_epoch(self, x: Any, y: Any, weight: Any, order: Any, n_rows: Any, n_steps: Any, controls: Any) -> Any:
        import tensorflow as tf

        size = self.batch_size

        def body(step: Any, total: Any) -> tuple[Any, Any]:
            rows = tf.slice(order, [step * size], [size])
            count = tf.minimum(size, n_rows - step * size)
            loss = self._train_step(x, y, weight, rows, count, controls[step])
            return step + 1, total + loss * tf.cast(count, tf.float32)

        start = (tf.constant(0), tf.constant(0.0))
        _, total = tf.while_loop(lambda step, _: step < n_steps, body, start, parallel_iterations=1)
        return total / tf.cast(n_rows, tf.float32)


def bucket(n_rows: int) -> int:
    """Return the room to make for a number of rows, so that folds that differ by a few rows share a program.

    Parameters
    ----------
    n_rows : int

    Returns
    -------
    int
        At most one eighth more, and at least 64.

    Examples
    --------
    >>> bucket(39_999) == bucket(40_001), bucket(40_000)
    (True, 40960)
    """
    step = max(64, 1 << max(0, int(n_rows).bit_length() - 4))
    return -(-n_rows // step) * step


def values_of(variables: list[Any]) -> list[NDArray[Any]]:
    """Return copies of the values of Keras variables.

    Parameters
    ----------
    variables : list of keras.Variable

    Returns
    -------
    list of array
    """
    # numpy() may share the variable's memory, which the next step overwrites.
    return [np.array(variable.numpy(), copy=True) for variable in variables]


def _padded(array: NDArray[Any], room: int) -> NDArray[Any]:
    if len(array) == room:
        return array
    return np.concatenate([array, np.zeros((room - len(array), *array.shape[1:]), dtype=array.dtype)])


def _mixed(a: Any, b: Any, share: Any) -> Any:
    import tensorflow as tf

    mix = share * tf.cast(a, tf.float32) + (1.0 - share) * tf.cast(b, tf.float32)
    return mix if a.dtype.is_floating else tf.cast(tf.round(mix), a.dtype)


_cache: OrderedDict[str, Any] = OrderedDict()
_cache_lock = threading.Lock()


def cached(key: str, make: Callable[[], Any]) -> Any:
    """Return the program of a key, made if it is not among the last few used.

    Parameters
    ----------
    key : str
    make : callable

    Returns
    -------
    object
    """
    with _cache_lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    made = make()
    with _cache_lock:
        kept = _cache.setdefault(key, made)
        _cache.move_to_end(key)
        while len(_cache) > MAX_PROGRAMS:
            _cache.popitem(last=False)
        return kept


def program_for(network: Network, settings: Settings, mode: str, phase: int = 0) -> Program:
    """Return the program that trains this network in this way, shared with every equal one.

    Parameters
    ----------
    network : Network
    settings : Settings
    mode : str
    phase : int

    Returns
    -------
    Program
    """
    key = canonical_json(["train", network.key(), settings.program_key(), mode, phase])
    program: Program = cached(key, lambda: Program(network, settings, mode, phase))
    return program


def forget_programs() -> None:
    """Drop every cached program, to give its memory back."""
    with _cache_lock:
        _cache.clear()
