"""What a fit is told: the network, the settings of training, the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json
from appliedml.models._encoder import Spec
from appliedml.models._inputs import Arrays
from appliedml.models._lazy import some_rows
from appliedml.models.builders._builder import Builder

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")
MONITORS = ("val_loss", "val_roc_auc", "val_average_precision")
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
    """

    builder: Builder
    spec: Spec
    n_outputs: int

    def build(self, seed: int) -> Any:
        """Return a fresh Keras model.

        Parameters
        ----------
        seed : int

        Returns
        -------
        keras.Model
        """
        return self.builder.build(self.spec, self.n_outputs, seed)

    def key(self) -> str:
        """Return text that two networks share when their graphs are the same."""
        name = f"{type(self.builder).__module__}.{type(self.builder).__name__}"
        return canonical_json([name, self.builder.get_params(deep=False), self.spec.shape_key(), self.n_outputs])


@dataclass(frozen=True)
class Settings:
    """How to train; the parameters of ``KerasClassifier`` of the same names."""

    epochs: int = 30
    batch_size: int = 256
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    clip_norm: float | None = None
    schedule: str | Mapping[str, Any] | None = None
    loss: str = "crossentropy"
    gamma: float = 2.0
    label_smoothing: float = 0.0
    patience_epochs: int | None = None
    monitor: str = "val_loss"
    trainer: str = "auto"
    verbose: int = 0

    @property
    def needs_validation(self) -> bool:
        """Whether something waits for values on validation rows."""
        name = self.schedule if isinstance(self.schedule, str) else next(iter(self.schedule or {}), "")
        return self.patience_epochs is not None or name == "reduce_on_plateau"

    def program_key(self) -> list[Any]:
        """Return the settings that are part of a compiled program; the others are its arguments."""
        gamma = self.gamma if self.loss == "focal" else 0.0
        momentum = self.momentum if self.optimizer in ("sgd", "rmsprop") else 0.0
        update = [self.optimizer, momentum, self.weight_decay, self.clip_norm]
        return [*update, self.loss, gamma, self.label_smoothing, self.batch_size]


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
        epoch (from 0), loss, learning_rate (at the end of the epoch), and with validation rows val_loss, val_roc_auc,
        val_average_precision.
    best_epoch : int
        The epoch whose weights these are.
    mode : str
        "epoch_xla", "epoch_graph", "step_xla", "step_graph" or "keras".
    layers : list of dict
        name, type, output_shape, parameters.
    """

    weights: list[NDArray[Any]]
    history: pd.DataFrame
    best_epoch: int
    mode: str
    layers: list[dict[str, Any]]


def make_optimizer(settings: Settings) -> Any:
    """Return a fresh Keras optimizer.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    keras.optimizers.Optimizer

    Notes
    -----
    Weight decay is decoupled from the gradient (Loshchilov, Hutter 2019) for every optimizer and leaves biases,
    normalisation and embeddings of missing levels alone; ``clip_norm`` bounds the norm of all gradients together.
    """
    import keras

    common: dict[str, Any] = {"learning_rate": settings.learning_rate, "global_clipnorm": settings.clip_norm}
    # AdamW insists on a number; the others take None for "no decay".
    decay = settings.weight_decay if settings.optimizer == "adamw" else settings.weight_decay or None
    common["weight_decay"] = decay
    if settings.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=settings.momentum, **common)
    elif settings.optimizer == "rmsprop":
        optimizer = keras.optimizers.RMSprop(momentum=settings.momentum, **common)
    elif settings.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(**common)
    else:
        optimizer = keras.optimizers.Adam(**common)
    if settings.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


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
