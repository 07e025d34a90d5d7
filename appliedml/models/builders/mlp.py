"""Multi-layer perceptron for tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from appliedml.core.params import Boolean, Choice, Integer, ListOf, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.models._inputs import InputSpec
from appliedml.models.builders._builder import ACTIVATIONS, COLUMN_RULES, INITIALIZERS, TableBuilder


class Mlp(TableBuilder):
    """Dense layers over numbers and entity embeddings of categories.

    Parameters
    ----------
    hidden : list of int, default [64, 32]
        Width of each hidden layer; an empty list is logistic regression.
    activation : str, default "relu"
    initializer : str, default "he_normal"
    l1, l2 : float, default 0
        Penalties on the weights of the dense layers.
    dropout : float, default 0
        Share of each hidden layer dropped in training.
    batch_norm : bool, default False
        Batch normalisation before each activation.
    residual : bool, default False
        Each hidden layer adds to its input, through a linear map where the widths differ.
    embedding_width : int or "auto", default "auto"
        Width of each category's embedding; "auto" takes about half the number of levels, from 2 to 16.
    numeric_embedding : str, default "none"
        "piecewise" (quantile bins of the training rows) or "periodic" (learned frequencies) beside the plain numbers.
    numeric_bins : int, default 16
        Bins or frequencies of a number.
    numeric_width : int, default 8
        Width of a number's embedding.
    input_dropout : float, default 0
        Share of the joined columns dropped in training.

    Source
    ------
    Guo, Berkhahn (2016) for entity embeddings; He et al. (2016) for residual layers; Gorishniy et al. (2022) for
    embeddings of numbers.

    Examples
    --------
    >>> Mlp(hidden=[16]).get_params()["hidden"]
    [16]
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "hidden": ListOf(Integer(1)),
        "activation": Choice(*ACTIVATIONS),
        "initializer": Choice(*INITIALIZERS),
        "l1": Real(0),
        "l2": Real(0),
        "dropout": Real(0, 1, open_high=True),
        "batch_norm": Boolean(),
        "residual": Boolean(),
        **COLUMN_RULES,
    }

    def __init__(
        self,
        hidden: list[int] = [64, 32],  # noqa: B006 - scikit-learn needs the default as it is; it is never changed
        *,
        activation: str = "relu",
        initializer: str = "he_normal",
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: float = 0.0,
        batch_norm: bool = False,
        residual: bool = False,
        embedding_width: int | str = "auto",
        numeric_embedding: str = "none",
        numeric_bins: int = 16,
        numeric_width: int = 8,
        input_dropout: float = 0.0,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.initializer = initializer
        self.l1 = l1
        self.l2 = l2
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.residual = residual
        self.embedding_width = embedding_width
        self.numeric_embedding = numeric_embedding
        self.numeric_bins = numeric_bins
        self.numeric_width = numeric_width
        self.input_dropout = input_dropout

    def build(self, spec: InputSpec, n_outputs: int, seed: int) -> Any:
        """Return a fresh Keras model from the inputs of ``spec`` to logits.

        Parameters
        ----------
        spec : InputSpec
        n_outputs : int
            1 for two classes, else the number of classes.
        seed : int

        Returns
        -------
        keras.Model

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        """
        import keras

        from appliedml.models.builders._columns import dense, hidden_layer, read_columns

        self.check_parameters()
        inputs, x = read_columns(self, spec, seed)
        for number, units in enumerate(self.hidden):
            x = hidden_layer(self, x, number, int(units), seed)
        head = dense(
            n_outputs, derive_seed(seed, "logits"), initializer="glorot_uniform", l1=self.l1, l2=self.l2, name="logits"
        )
        return keras.Model(inputs, head(x), name="mlp")
