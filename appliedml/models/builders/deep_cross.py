"""Deep and cross network for tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from appliedml.core.params import AnyOf, Boolean, Choice, Integer, ListOf, Null, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.models._inputs import InputSpec
from appliedml.models.builders._builder import ACTIVATIONS, COLUMN_RULES, INITIALIZERS, TableBuilder


class DeepCross(TableBuilder):
    """Cross layers, which multiply columns with each other explicitly, beside dense layers.

    Parameters
    ----------
    cross_layers : int, default 2
        Interactions of up to ``cross_layers + 1`` columns.
    rank : int, optional
        Rank of the cross layers' matrices; None for full matrices.
    hidden : list of int, default [64, 32]
        Width of each layer of the deep part; an empty list leaves the cross part alone.
    activation : str, default "relu"
    initializer : str, default "he_normal"
        Of the deep part.
    l1, l2 : float, default 0
        Penalties on the weights of the dense layers; ``l2`` also on the cross layers.
    dropout : float, default 0
        Share of each layer of the deep part, and of the cross part's result, dropped in training.
    batch_norm : bool, default False
        Batch normalisation before each activation of the deep part.
    embedding_width : int or "auto", default "auto"
    numeric_embedding : str, default "none"
        "piecewise" or "periodic" beside the plain numbers.
    numeric_bins : int, default 16
    numeric_width : int, default 8
    input_dropout : float, default 0
        Share of the joined columns dropped in training.

    Source
    ------
    Wang et al. (2021), DCN V2: Improved Deep & Cross Network (the parallel structure).

    Examples
    --------
    >>> DeepCross(cross_layers=3, rank=16).get_params()["rank"]
    16
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "cross_layers": Integer(1, 10),
        "rank": AnyOf(Null(), Integer(1)),
        "hidden": ListOf(Integer(1)),
        "activation": Choice(*ACTIVATIONS),
        "initializer": Choice(*INITIALIZERS),
        "l1": Real(0),
        "l2": Real(0),
        "dropout": Real(0, 1, open_high=True),
        "batch_norm": Boolean(),
        **COLUMN_RULES,
    }

    def __init__(
        self,
        cross_layers: int = 2,
        *,
        rank: int | None = None,
        hidden: list[int] = [64, 32],  # noqa: B006 - scikit-learn needs the default as it is; it is never changed
        activation: str = "relu",
        initializer: str = "he_normal",
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: float = 0.0,
        batch_norm: bool = False,
        embedding_width: int | str = "auto",
        numeric_embedding: str = "none",
        numeric_bins: int = 16,
        numeric_width: int = 8,
        input_dropout: float = 0.0,
    ) -> None:
        self.cross_layers = cross_layers
        self.rank = rank
        self.hidden = hidden
        self.activation = activation
        self.initializer = initializer
        self.l1 = l1
        self.l2 = l2
        self.dropout = dropout
        self.batch_norm = batch_norm
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
        from appliedml.models.builders._layers import CrossLayer, HashDropout

        self.check_parameters()
        inputs, columns = read_columns(self, spec, seed)
        crossed = columns
        for number in range(self.cross_layers):
            at = derive_seed(seed, "cross", number)
            crossed = CrossLayer(self.rank, self.l2, seed=at, name=f"cross_{number}")([columns, crossed])
        if self.dropout:
            crossed = HashDropout(self.dropout, seed=derive_seed(seed, "crossed"), name="dropout_cross")(crossed)
        deep = columns
        for number, units in enumerate(self.hidden):
            deep = hidden_layer(self, deep, number, int(units), seed)
        joined = keras.layers.Concatenate(name="joined")([crossed, deep]) if self.hidden else crossed
        head = dense(
            n_outputs, derive_seed(seed, "logits"), initializer="glorot_uniform", l1=self.l1, l2=self.l2, name="logits"
        )
        return keras.Model(inputs, head(joined), name="deep_cross")
