"""What a fit is told: the network, the settings of training, the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json
from appliedml.models._encoder import Spec
from appliedml.models._inputs import Arrays
from appliedml.models._lazy import some_rows
from appliedml.models._metrics import metric_name
from appliedml.models._named import LOSS, METRIC
from appliedml.models._optimizers import start_rate, update_key
from appliedml.models._precision import built_in
from appliedml.models.builders._builder import Builder

TRAINERS = ("auto", "compiled", "keras")


@dataclass(frozen=True)
class Network:
    """An architecture for given columns and outputs.

    Parameters
    ----------
    builder : Builder
    spec : Spec
    n_outputs : int
        1 for two classes, else the number of classes.
    precision : str
        What its layers calculate in.
    """

    builder: Builder
    spec: Spec
    n_outputs: int
    precision: str = "float32"

    def build(self, seed: int) -> Any:
        """Return a fresh Keras model.

        Parameters
        ----------
        seed : int

        Returns
        -------
        keras.Model
        """
        with built_in(self.precision):
            return self.builder.build(self.spec, self.n_outputs, seed)

    def key(self) -> str:
        """Return text that two networks share when their graphs are the same."""
        name = f"{type(self.builder).__module__}.{type(self.builder).__name__}"
        return canonical_json(
            [name, self.builder.get_params(deep=False), self.spec.shape_key(), self.n_outputs, self.precision]
        )


@dataclass(frozen=True)
class Settings:
    """How to train; the parameters of ``KerasClassifier`` of the same names."""

    epochs: int = 30
    batch_size: int = 256
    optimizer: Any = "adam"
    learning_rate: float | None = None
    momentum: float = 0.9
    weight_decay: float = 0.0
    clip_norm: float | None = None
    schedule: str | Mapping[str, Any] | None = None
    loss: Any = "crossentropy"
    gamma: float = 2.0
    label_smoothing: float = 0.0
    patience_epochs: int | None = None
    monitor: str = "val_loss"
    monitor_mode: str = "auto"
    metrics: Sequence[Any] | None = None
    callbacks: Any = None
    precision: str = "float32"
    trainer: str = "auto"
    verbose: int = 0

    @property
    def needs_validation(self) -> bool:
        """Whether something waits for values on validation rows."""
        return self.waits and self.monitor.startswith("val_")

    @property
    def waits(self) -> bool:
        """Whether early stopping or a schedule waits for the monitored value."""
        name = self.schedule if isinstance(self.schedule, str) else next(iter(self.schedule or {}), "")
        return self.patience_epochs is not None or name == "reduce_on_plateau"

    @property
    def rate(self) -> float:
        """The learning rate of the first step."""
        return start_rate(self.optimizer, self.learning_rate)

    def program_key(self) -> list[Any]:
        """Return the settings that are part of a compiled program; the others are its arguments."""
        focal = isinstance(self.loss, str) and self.loss == "focal"
        loss = [LOSS.token(self.loss), self.gamma if focal else 0.0, self.label_smoothing]
        metrics = [[metric_name(entry), METRIC.token(entry)] for entry in self.metrics or []]
        return [*update_key(self), *loss, metrics, self.batch_size]


@dataclass(frozen=True)
class Rows:
    """Rows in memory.

    Parameters
    ----------
    x : dict of str to array or LazyRows
        The inputs of the network, n rows each.
    y : array of shape (n,), int32
        Class codes.
    weight : array of shape (n,), float32
    """

    x: Arrays
    y: NDArray[np.int32]
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.y)

    def where(self, keep: NDArray[np.bool_]) -> Rows:
        """Return some rows.

        Parameters
        ----------
        keep : array of bool, shape (n,)

        Returns
        -------
        Rows
        """
        x = {name: some_rows(array, keep) for name, array in self.x.items()}
        return Rows(x, self.y[keep], self.weight[keep])

    def at(self, positions: NDArray[Any]) -> Rows:
        """Return rows by position, made where they were lazy.

        Parameters
        ----------
        positions : array of int, shape (n_rows,)

        Returns
        -------
        Rows
        """
        x = {name: np.asarray(array[positions]) for name, array in self.x.items()}
        return Rows(x, self.y[positions], self.weight[positions])


@dataclass(frozen=True)
class Trained:
    """What training gives.

    Parameters
    ----------
    weights : list of array
        Values of all variables of the model, in the order of ``model.variables``.
    history : DataFrame
        epoch (from 0), loss, the metrics, learning_rate (at the end of the epoch), and with validation rows val_loss,
        val_roc_auc, val_average_precision and the metrics with "val_" before their names.
    best_epoch : int
        The epoch whose weights these are.
    mode : str
        "epoch_xla", "epoch_graph", "step_graph" or "keras".
    layers : list of dict
        name, type, output_shape, parameters.
    """

    weights: list[NDArray[Any]]
    history: pd.DataFrame
    best_epoch: int
    mode: str
    layers: list[dict[str, Any]]


def describe_layers(model: Any) -> list[dict[str, Any]]:
    """Return one JSON record a layer.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    list of dict
        name, type, output_shape (None for the rows), parameters.
    """
    records = []
    for layer in model.layers:
        shape = getattr(getattr(layer, "output", None), "shape", None)
        records.append(
            {
                "name": layer.name,
                "type": type(layer).__name__,
                "output_shape": None if shape is None else [None if side is None else int(side) for side in shape],
                "parameters": int(layer.count_params()),
            }
        )
    return records
