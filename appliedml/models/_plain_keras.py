"""Plain Keras behind the interface of a compiled program: the reference that the others must agree with."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.models._lazy import is_lazy, rows_a_call
from appliedml.models._losses import row_loss
from appliedml.models._programs import values_of
from appliedml.models._settings import Network, Rows, Settings, describe_layers, make_optimizer


class PlainKeras:
    """``model.fit``, an epoch at a time, on the same rows in the same order."""

    def __init__(self, network: Network, settings: Settings, phase: int = 0) -> None:
        self.network = network
        self.settings = settings
        self.phase = phase
        self.lock = threading.RLock()
        self.layers: list[dict[str, Any]] = []

    def start(self, seed: int, rows: Rows) -> Rows:
        import keras
        import tensorflow as tf

        settings, builder = self.settings, self.network.builder
        its_loss = row_loss(
            settings.loss,
            self.network.n_outputs,
            gamma=settings.gamma,
            label_smoothing=settings.label_smoothing,
            trains_on_labels=builder.trains_on_labels,
        )

        class FromLogits(keras.losses.Loss):
            def call(self, y_true: Any, y_pred: Any) -> Any:
                return its_loss(tf.cast(tf.reshape(y_true, [-1]), tf.int32), y_pred)

        self.model = self.network.build(seed)
        builder.set_phase(self.model, self.phase)
        self.view = builder.training_view(self.model)
        self.layers = describe_layers(self.model)
        self._loss = its_loss
        builder.adapt(self.model, rows.x)
        self.view.compile(optimizer=make_optimizer(settings), loss=FromLogits())
        return rows

    def train(self, data: Rows, order: NDArray[np.intp], controls: NDArray[np.float32]) -> float:
        import keras

        class SetRate(keras.callbacks.Callback):
            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
                self.model.optimizer.learning_rate = float(controls[batch, 0])

        size = self.settings.batch_size
        settings: dict[str, Any] = {"epochs": 1, "shuffle": False, "verbose": 0, "callbacks": [SetRate()]}
        if is_lazy(data.x):

            class Batches(keras.utils.PyDataset):
                def __len__(self) -> int:
                    return -(-len(order) // size)

                def __getitem__(self, index: int) -> Any:
                    batch = data.at(order[index * size : (index + 1) * size])
                    return batch.x, batch.y, batch.weight

            history = self.view.fit(Batches(), **settings)
        else:
            ordered = data.at(order)
            history = self.view.fit(ordered.x, ordered.y, sample_weight=ordered.weight, batch_size=size, **settings)
        return float(history.history["loss"][0])

    def outputs(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        step = rows_a_call(rows.x, 8_192)
        parts = [
            self.view.predict_on_batch(
                {name: np.asarray(array[start : start + step]) for name, array in rows.x.items()}
            )
            for start in range(0, len(rows), step)
        ]
        output = np.concatenate(parts)
        losses = np.asarray(self._loss(rows.y, output), dtype=np.float64)
        return losses, np.asarray(output, dtype=np.float64)

    def weights(self) -> list[NDArray[Any]]:
        return values_of(self.model.variables)

    def set_weights(self, weights: list[NDArray[Any]]) -> None:
        for variable, value in zip(self.model.variables, weights, strict=True):
            variable.assign(value)
