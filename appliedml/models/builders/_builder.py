"""What every builder shares: the interface between an architecture and the trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from appliedml.core.params import AnyOf, Choice, Integer, Real, Rule
from appliedml.core.stage import Configured
from appliedml.models._inputs import Arrays, InputSpec

ACTIVATIONS = ("relu", "gelu", "silu", "selu", "elu", "tanh", "leaky_relu", "linear")
INITIALIZERS = (
    "he_normal",
    "he_uniform",
    "glorot_normal",
    "glorot_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
)

COLUMN_RULES: dict[str, Rule] = {
    "embedding_width": AnyOf(Integer(1, 256), Choice("auto")),
    "numeric_embedding": Choice("none", "piecewise", "periodic"),
    "numeric_bins": Integer(2, 512),
    "numeric_width": Integer(1, 256),
    "input_dropout": Real(0, 1, open_high=True),
}


class Builder(Configured, ABC):
    """An architecture with its settings.

    A builder is JSON: its class is found by name in ``models/builders`` and its parameters come from the plan. It makes
    an ordinary Keras model whose last layer gives **logits**: one column for two classes, K columns for K > 2. Every
    weight starts from a seed derived from ``seed``, so that equal seeds give equal weights in any process.
    """

    # False where the output of the training view is itself the loss of a row: high for rows unlike the majority.
    trains_on_labels: ClassVar[bool] = True

    @abstractmethod
    def build(self, spec: InputSpec, n_outputs: int, seed: int) -> Any:
        """Return a fresh Keras model.

        Parameters
        ----------
        spec : InputSpec
        n_outputs : int
            1 for two classes, else the number of classes.
        seed : int

        Returns
        -------
        keras.Model
            From a mapping with the inputs of ``spec`` to logits of shape (n_rows, n_outputs).
        """

    def adapt(self, model: Any, x: Arrays) -> None:
        """Set weights that describe the training rows (bin edges, say) before training starts.

        Parameters
        ----------
        model : keras.Model
        x : dict of str to array
            Training rows.
        """

    def training_rows(self, y: NDArray[np.int32], majority: int) -> NDArray[np.bool_] | None:
        """Return which rows the network is trained on, or None for all.

        Parameters
        ----------
        y : array of shape (n_rows,)
            Class codes.
        majority : int
            Code of the most frequent class of the training rows.

        Returns
        -------
        array of shape (n_rows,) or None
        """
        return None

    def training_view(self, model: Any) -> Any:
        """Return the model whose output enters the loss; shares its weights with ``model``.

        Parameters
        ----------
        model : keras.Model

        Returns
        -------
        keras.Model
        """
        return model

    def finish(self, model: Any, x: Arrays, y: NDArray[np.int32], weight: NDArray[np.float32]) -> None:
        """Set weights that need the trained network (the map from a score to a probability, say).

        Parameters
        ----------
        model : keras.Model
        x : dict of str to array
            All training rows.
        y : array of shape (n_rows,)
        weight : array of shape (n_rows,)
        """


class TableBuilder(Builder):
    """A builder whose front is :func:`appliedml.models.builders._columns.read_columns`."""

    embedding_width: int | str
    numeric_embedding: str
    numeric_bins: int
    numeric_width: int
    input_dropout: float

    def adapt(self, model: Any, x: Arrays) -> None:
        """Set the bin edges of a piecewise embedding to quantiles of the training rows.

        Parameters
        ----------
        model : keras.Model
        x : dict of str to array
        """
        if self.numeric_embedding == "piecewise":
            from appliedml.models.builders._columns import set_edges

            set_edges(model, x, self.numeric_bins)
