"""What every builder shares: the interface between an architecture and the trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from appliedml.core.params import AnyOf, Choice, Integer, Real, Rule
from appliedml.core.stage import Configured
from appliedml.errors import StageError
from appliedml.models._encoder import Encoder
from appliedml.models._inputs import Arrays, TableEncoder

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


@dataclass(frozen=True)
class Phase:
    """One stretch of a training.

    Parameters
    ----------
    epochs : int
    rate_factor : float
        The learning rate of the settings is multiplied with it.
    """

    epochs: int
    rate_factor: float = 1.0


def head_then_tuning(who: str, epochs: int, head_epochs: int, rate_factor: float) -> tuple[Phase, ...]:
    """Return the stretches of fine-tuning: the head by itself, then the layers below it too, at a lower rate.

    Parameters
    ----------
    who : str
        The builder, for the message.
    epochs : int
        Of both stretches together.
    head_epochs : int
        0 for none.
    rate_factor : float
        Of the second stretch.

    Returns
    -------
    tuple of Phase

    Raises
    ------
    StageError
        If the head's epochs leave none for fine-tuning.

    Examples
    --------
    >>> head_then_tuning("ImageTransfer", 10, 4, 0.1)
    (Phase(epochs=4, rate_factor=1.0), Phase(epochs=6, rate_factor=0.1))
    """
    if head_epochs >= epochs:
        raise StageError(
            f"{who}: head_epochs={head_epochs} of {epochs} epochs leave none for fine-tuning. Train for more epochs, "
            "or do not fine-tune."
        )
    tuning = Phase(epochs - head_epochs, rate_factor)
    return (Phase(head_epochs), tuning) if head_epochs else (tuning,)


class Builder(Configured, ABC):
    """An architecture with its settings.

    A builder is JSON: its class is found by name in ``models/builders`` and its parameters come from the plan. It makes
    an ordinary Keras model whose last layer gives **logits**: one column for two classes, K columns for K > 2. Every
    weight starts from a seed derived from ``seed``, so that equal seeds give equal weights in any process.
    """

    # False where the output of the training view is itself the loss of a row: high for rows unlike the majority.
    trains_on_labels: ClassVar[bool] = True
    # What it takes: "table", "images" (core.images.Images) or "texts" (core.texts.Texts).
    reads: ClassVar[str] = "table"
    # Parameter of the Beta distribution that mixes pairs of training rows, in training only; 0 for none.
    mixup: float = 0.0

    def learn_inputs(self, X: Any, *, embed_numbers_up_to: int = 0) -> Encoder:
        """Return an encoder for rows like these, learned on these.

        Parameters
        ----------
        X : DataFrame, array, Images or Texts
            Training rows.
        embed_numbers_up_to : int
            Of tables: see ``KerasClassifier``.

        Returns
        -------
        Encoder

        Raises
        ------
        DataError
            If the rows are not of the kind that the builder reads.
        """
        return TableEncoder.learn(X, embed_numbers_up_to)

    def phases(self, epochs: int) -> tuple[Phase, ...]:
        """Return the stretches of a training, one after the other; the best epoch is looked for in all of them.

        Parameters
        ----------
        epochs : int
            Of the settings.

        Returns
        -------
        tuple of Phase
        """
        return (Phase(epochs),)

    def values_a_row(self, spec: Any) -> int:
        """Return how many values the network makes of one row at once, where they are far more than its inputs.

        Parameters
        ----------
        spec : Spec

        Returns
        -------
        int
            0 where the inputs say enough.
        """
        return 0

    def set_phase(self, model: Any, number: int) -> None:
        """Say which layers of a fresh model train in a stretch, by their ``trainable``.

        Parameters
        ----------
        model : keras.Model
        number : int
            Place in :meth:`phases`.
        """

    @abstractmethod
    def build(self, spec: Any, n_outputs: int, seed: int) -> Any:
        """Return a fresh Keras model.

        Parameters
        ----------
        spec : Spec
            Of the encoder of :meth:`learn_inputs`; for tables an ``InputSpec``.
        n_outputs : int
            1 for two classes, else the number of classes.
        seed : int

        Returns
        -------
        keras.Model
            From a mapping with the arrays of the encoder (each an ``Input`` of that name) to logits of shape
            (n_rows, n_outputs).
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
