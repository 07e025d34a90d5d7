"""Plain Keras behind the interface of a compiled program: the reference that the others must agree with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.models._callbacks import Watchers
from appliedml.models._lazy import is_lazy, rows_a_call
from appliedml.models._losses import RowLoss, row_loss
from appliedml.models._metrics import EpochMetrics, as_keras_metrics
from appliedml.models._optimizers import averaged, make_optimizer
from appliedml.models._settings import Network, Rows, Settings, describe_layers
from appliedml.models._streams import Stream


def compile_view(view: Any, optimizer: Any, loss: RowLoss, metrics: EpochMetrics, n_outputs: int) -> None:
    """Compile a Keras model for class codes and logits.

    Parameters
    ----------
    view : keras.Model
    optimizer : keras.optimizers.Optimizer
    loss : callable
        From :func:`appliedml.models._losses.row_loss`.
    metrics : EpochMetrics
    n_outputs : int
    """
    import keras
    import tensorflow as tf

    class FromLogits(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return loss(tf.cast(tf.reshape(y_true, [-1]), tf.int32), tf.cast(y_pred, tf.float32))

    # A file of the model loads without the loss, which is made here for this training.
    view.get_compile_config = lambda: None
    # The optimizer has its own scaling of the loss, where the precision needs it.
    view.compile(
        optimizer=optimizer, loss=FromLogits(), weighted_metrics=as_keras_metrics(metrics), auto_scale_loss=False
    )
    if metrics.items:
        # Callbacks look for metrics, with their direction, before the first batch.
        one = np.ones(1, np.float32)
        view.compute_metrics(None, np.zeros(1, np.int32), np.zeros((1, n_outputs), np.float32), one)
        view.reset_metrics()


class PlainKeras:
    """``model.fit``, an epoch at a time, on the same rows in the same order."""

    def __init__(self, network: Network, settings: Settings, phase: int = 0) -> None:
        self.network = network
        self.settings = settings
        self.phase = phase
        self.lock = threading.RLock()
        self.layers: list[dict[str, Any]] = []
        self.metrics = EpochMetrics(settings.metrics, network.n_outputs)
        self._values: dict[str, float] = {}

    def start(self, seed: int, rows: Rows | Stream, weights: list[NDArray[Any]] | None = None) -> Rows | Stream:
        settings, builder = self.settings, self.network.builder
        self._loss = row_loss(
            settings.loss,
            self.network.n_outputs,
            gamma=settings.gamma,
            label_smoothing=settings.label_smoothing,
            trains_on_labels=builder.trains_on_labels,
        )
        self.model = self.network.build(seed)
        builder.set_phase(self.model, self.phase)
        self.view = builder.training_view(self.model)
        self.layers = describe_layers(self.model)
        builder.adapt(self.model, rows.x)
        if weights is not None:
            self.set_weights(weights)
        self.optimizer = make_optimizer(settings)
        # Each epoch is a fit of its own here, and averages of weights are for the end of all of them: ``settled``.
        self.optimizer.finalize_variable_values = lambda _: None
        # Here, and not inside the first step: an optimizer may keep a copy of the weights it starts from.
        self.optimizer.build(self.view.trainable_variables)
        compile_view(self.view, self.optimizer, self._loss, self.metrics, self.network.n_outputs)
        return rows

    def watched(self) -> Any:
        return self.view

    def settled(self) -> AbstractContextManager[None]:
        return averaged(self.optimizer, self.view.trainable_variables)

    def metric_values(self) -> dict[str, float]:
        return self._values

    def train(
        self,
        data: Rows | Stream,
        order: NDArray[np.intp] | None,
        controls: NDArray[np.float32],
        watchers: Watchers | None = None,
    ) -> float:
        import keras

        class Hooks(keras.callbacks.Callback):
            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
                planned = controls[min(batch, len(controls) - 1), 0]
                if watchers and watchers.watch_batches:
                    watchers.begin_batch(batch, planned, logs)
                else:
                    self.model.optimizer.learning_rate = float(planned)

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                if watchers and watchers.watch_batches:
                    watchers.tell("on_train_batch_end", batch, logs)

        size = self.settings.batch_size
        settings: dict[str, Any] = {"epochs": 1, "shuffle": False, "verbose": 0, "callbacks": [Hooks()]}
        if isinstance(data, Stream):
            stream = data

            def batches() -> Iterator[Any]:
                # One ahead: Keras asks for no batch after the last, and a PyDataset is told of the end of the pass.
                upcoming = stream.batches(order)
                batch = next(upcoming, None)
                while batch is not None:
                    following = next(upcoming, None)
                    yield batch.x, batch.y, batch.weight
                    batch = following

            history = self.view.fit(batches(), steps_per_epoch=len(controls), **settings)
        elif order is None:
            raise ValueError("rows in memory are trained on in an order")
        elif is_lazy(data.x):
            rows, places = data, order

            class Batches(keras.utils.PyDataset):
                def __len__(self) -> int:
                    return -(-len(places) // size)

                def __getitem__(self, index: int) -> Any:
                    batch = rows.at(places[index * size : (index + 1) * size])
                    return batch.x, batch.y, batch.weight

            history = self.view.fit(Batches(), **settings)
        else:
            ordered = data.at(order)
            history = self.view.fit(ordered.x, ordered.y, sample_weight=ordered.weight, batch_size=size, **settings)
        self._values = {name: float(history.history[name][0]) for name, _, _ in self.metrics.items}
        return float(history.history["loss"][0])

    def outputs(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        step = rows_a_call(rows.x, 8_192)
        parts = [
            self.view.predict_on_batch(
                {name: np.asarray(array[start : start + step]) for name, array in rows.x.items()}
            )
            for start in range(0, len(rows), step)
        ]
        output = np.concatenate(parts).astype(np.float32)
        losses = np.asarray(self._loss(rows.y, output), dtype=np.float64)
        return losses, np.asarray(output, dtype=np.float64)

    def weights(self) -> list[NDArray[Any]]:
        return [np.array(variable.numpy(), copy=True) for variable in self.model.variables]

    def set_weights(self, weights: list[NDArray[Any]]) -> None:
        for variable, value in zip(self.model.variables, weights, strict=True):
            variable.assign(value)
