"""Autoencoder: how badly a row is reconstructed, as the score of the rare class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from appliedml.core.params import Choice, Integer, ListOf, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.errors import StageError
from appliedml.models._inputs import CODES, NUMBERS, Arrays, InputSpec
from appliedml.models.builders._builder import ACTIVATIONS, COLUMN_RULES, INITIALIZERS, TableBuilder

_ROWS_AT_ONCE = 65_536


class Autoencoder(TableBuilder):
    """Learns to reconstruct rows of the majority class; a row it reconstructs badly is probably of the other class.

    The network squeezes a row through a bottleneck and rebuilds it. Its loss is the mean over columns of half the
    squared error (numbers) and of the cross-entropy of the level over the logarithm of the number of levels
    (categories). It is trained on rows of the **majority class only**, so labels of the rare class do not shape it: it
    finds what is unusual, also kinds of fraud that no label has shown yet, and loses to a classifier on kinds that
    labels do show.

    *From score to probability.* After training, logistic regression of the label on the logarithm of the error, over
    all training rows with their weights, gives a slope and an intercept (Platt 1999), which become the weights of the
    last layer: ``probability = sigmoid(slope * log(error) + intercept)``. A larger error never means a smaller
    probability of the rare class: where the slope would turn, it is 0 and all rows get the rare class's share. The
    network has seen the majority rows it is fitted on, so the probabilities are a little too sure; calibrate on rows
    set aside where they matter.

    Two classes only. The classifier's ``loss`` and ``label_smoothing`` are about labels and must stay at their
    defaults; weights of rows and classes enter the reconstruction loss and the map to probabilities.

    Parameters
    ----------
    hidden : list of int, default [32]
        Widths of the encoder's layers; the decoder mirrors them.
    bottleneck : int, default 8
    activation : str, default "relu"
    initializer : str, default "he_normal"
    l1, l2 : float, default 0
    dropout : float, default 0
        Share of each hidden layer dropped in training.
    embedding_width : int or "auto", default "auto"
    numeric_embedding : str, default "none"
    numeric_bins : int, default 16
    numeric_width : int, default 8
    input_dropout : float, default 0
        Share of the joined columns dropped in training: a denoising autoencoder.

    Source
    ------
    Sakurada, Yairi (2014), Anomaly Detection Using Autoencoders with Nonlinear Dimensionality Reduction; Platt (1999).

    Examples
    --------
    >>> Autoencoder(bottleneck=4).get_params()["bottleneck"]
    4
    """

    trains_on_labels: ClassVar[bool] = False
    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "hidden": ListOf(Integer(1)),
        "bottleneck": Integer(1),
        "activation": Choice(*ACTIVATIONS),
        "initializer": Choice(*INITIALIZERS),
        "l1": Real(0),
        "l2": Real(0),
        "dropout": Real(0, 1, open_high=True),
        **COLUMN_RULES,
    }

    def __init__(
        self,
        hidden: list[int] = [32],  # noqa: B006 - scikit-learn needs the default as it is; it is never changed
        *,
        bottleneck: int = 8,
        activation: str = "relu",
        initializer: str = "he_normal",
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: float = 0.0,
        embedding_width: int | str = "auto",
        numeric_embedding: str = "none",
        numeric_bins: int = 16,
        numeric_width: int = 8,
        input_dropout: float = 0.0,
    ) -> None:
        self.hidden = hidden
        self.bottleneck = bottleneck
        self.activation = activation
        self.initializer = initializer
        self.l1 = l1
        self.l2 = l2
        self.dropout = dropout
        self.embedding_width = embedding_width
        self.numeric_embedding = numeric_embedding
        self.numeric_bins = numeric_bins
        self.numeric_width = numeric_width
        self.input_dropout = input_dropout

    def build(self, spec: InputSpec, n_outputs: int, seed: int) -> Any:
        """Return a fresh Keras model from the inputs of ``spec`` to a logit.

        Parameters
        ----------
        spec : InputSpec
        n_outputs : int
            Must be 1: two classes.
        seed : int

        Returns
        -------
        keras.Model

        Raises
        ------
        StageError
            If there are more than two classes.
        ParameterError
            If a parameter breaks its rule.
        """
        import keras

        from appliedml.models.builders._columns import dense, read_columns
        from appliedml.models.builders._layers import HashDropout, LogScore, ReconstructionError

        self.check_parameters()
        if n_outputs != 1:
            raise StageError(
                f"Autoencoder scores one rare class against the majority. There are {n_outputs} classes. "
                "Use mlp or deep_cross."
            )
        inputs, x = read_columns(self, spec, seed)
        for number, units in enumerate([*self.hidden, self.bottleneck, *reversed(self.hidden)]):
            at = derive_seed(seed, "dense", number)
            name = "bottleneck" if number == len(self.hidden) else f"dense_{number}"
            x = dense(int(units), at, initializer=self.initializer, l1=self.l1, l2=self.l2, name=name)(x)
            x = keras.layers.Activation(self.activation, name=f"activation_{number}")(x)
            if self.dropout and name != "bottleneck":
                x = HashDropout(self.dropout, seed=derive_seed(at, "dropout"), name=f"dropout_{number}")(x)
        width = len(spec.numbers) + sum(spec.capacities)
        at = derive_seed(seed, "reconstruction")
        rebuilt = dense(width, at, initializer="glorot_uniform", l1=0.0, l2=0.0, name="reconstruction")(x)
        truth = [inputs[name] for name in (NUMBERS, CODES) if name in inputs]
        measure = ReconstructionError(len(spec.numbers), list(spec.capacities), name="error")
        score = LogScore(name="log_error")(measure([rebuilt, *truth]))
        head = keras.layers.Dense(1, kernel_initializer="ones", name="logits")
        return keras.Model(inputs, head(score), name="autoencoder")

    def training_rows(self, y: NDArray[np.int32], majority: int) -> NDArray[np.bool_]:
        """Return the rows of the majority class.

        Parameters
        ----------
        y : array of shape (n_rows,)
        majority : int
            Code of the most frequent class of the training rows.

        Returns
        -------
        array of bool, shape (n_rows,)
        """
        return np.asarray(y == majority)

    def training_view(self, model: Any) -> Any:
        """Return the part of the model up to the error of each row.

        Parameters
        ----------
        model : keras.Model

        Returns
        -------
        keras.Model
        """
        import keras

        return keras.Model(model.input, model.get_layer("error").output, name="autoencoder_error")

    def finish(self, model: Any, x: Arrays, y: NDArray[np.int32], weight: NDArray[np.float32]) -> None:
        """Set slope and intercept of the map from the error's logarithm to a probability.

        Parameters
        ----------
        model : keras.Model
        x : dict of str to array
        y : array of shape (n_rows,)
        weight : array of shape (n_rows,)
        """
        from sklearn.linear_model import LogisticRegression

        head = model.get_layer("logits")
        head.set_weights([np.ones((1, 1), dtype=np.float32), np.zeros(1, dtype=np.float32)])
        score = np.concatenate(
            [
                model({name: array[start : start + _ROWS_AT_ONCE] for name, array in x.items()}, training=False).numpy()
                for start in range(0, len(y), _ROWS_AT_ONCE)
            ]
        ).astype(np.float64)
        platt = LogisticRegression(C=1e6).fit(score, y, sample_weight=weight)
        slope, intercept = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        rare_is_one = np.bincount(y, minlength=2).argmax() == 0
        if (slope < 0) if rare_is_one else (slope > 0):
            share = float(np.average(y, weights=weight))
            slope, intercept = 0.0, float(np.log(share / (1.0 - share)))
        head.set_weights([np.array([[slope]], dtype=np.float32), np.array([intercept], dtype=np.float32)])
