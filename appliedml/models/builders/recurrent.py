"""Recurrent networks over words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from appliedml.core.params import Boolean, Choice, Integer, ListOf, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.models._text_inputs import TextSpec
from appliedml.models.builders._text_builder import TEXT_RULES, TextBuilder


class Recurrent(TextBuilder):
    """Vectors of words, read one after the other by an LSTM or a GRU, in both directions, then logits.

    Padding and hidden words are stepped over: the state stays as it was.

    Parameters
    ----------
    cell : str, default "gru"
        "lstm" or "gru".
    units : list of int, default [64]
        Width of each layer, in each direction.
    bidirectional : bool, default True
    embedding_width : int, default 64
        Width of a word's vector.
    pooling : str, default "max"
        Over the words of a text: "last" (the last word's state, and with ``bidirectional`` the first word's of the
        other direction), "max", "mean" or "max_mean".
    dropout : float, default 0.3
        Share of the pooled states dropped in training.
    channel_dropout : float, default 0.2
        Share of the channels of all word vectors of a text dropped in training, before each layer.
    max_words : int, default 20,000
        Size of the vocabulary.
    min_count : int, default 2
        Words, and pairs of words, that are rarer in the training rows are unknown.
    length : int or "auto", default "auto"
        Words of a text that are read; "auto" takes the 95th percentile of the training texts, at most 512.
    lower_case : bool, default True
    punctuation : bool, default True
        Whether punctuation marks are words ("!!!" is one).
    word_dropout : float, default 0
        Share of the words dropped in training.
    bag : bool, default False
        Train a linear model over words and pairs of words beside it, in the same network.
    max_ngrams : int, default 20,000
        Words and pairs of words in the bag.
    bag_l2 : float, default 0
        Penalty on the weights of the bag.

    Source
    ------
    Hochreiter, Schmidhuber (1997), Long Short-Term Memory; Cho et al. (2014), Learning Phrase Representations using RNN
    Encoder-Decoder; Graves, Schmidhuber (2005) for both directions.

    Examples
    --------
    >>> Recurrent(cell="lstm").get_params()["units"]
    [64]
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "cell": Choice("lstm", "gru"),
        "units": ListOf(Integer(1, 2_048), min_items=1),
        "bidirectional": Boolean(),
        "embedding_width": Integer(1, 1_024),
        "pooling": Choice("last", "max", "mean", "max_mean"),
        "dropout": Real(0, 1, open_high=True),
        "channel_dropout": Real(0, 1, open_high=True),
        **TEXT_RULES,
    }

    def __init__(
        self,
        *,
        cell: str = "gru",
        units: list[int] = [64],  # noqa: B006 - scikit-learn needs the default as it is; it is never changed
        bidirectional: bool = True,
        embedding_width: int = 64,
        pooling: str = "max",
        dropout: float = 0.3,
        channel_dropout: float = 0.2,
        max_words: int = 20_000,
        min_count: int = 2,
        length: int | str = "auto",
        lower_case: bool = True,
        punctuation: bool = True,
        word_dropout: float = 0.0,
        bag: bool = False,
        max_ngrams: int = 20_000,
        bag_l2: float = 0.0,
    ) -> None:
        self.cell = cell
        self.units = units
        self.bidirectional = bidirectional
        self.embedding_width = embedding_width
        self.pooling = pooling
        self.dropout = dropout
        self.channel_dropout = channel_dropout
        self.max_words = max_words
        self.min_count = min_count
        self.length = length
        self.lower_case = lower_case
        self.punctuation = punctuation
        self.word_dropout = word_dropout
        self.bag = bag
        self.max_ngrams = max_ngrams
        self.bag_l2 = bag_l2

    def build(self, spec: TextSpec, n_outputs: int, seed: int) -> Any:
        """Return a fresh Keras model from codes of words to logits.

        Parameters
        ----------
        spec : TextSpec
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
        from appliedml.models.builders._layers import HashDropout
        from appliedml.models.builders._recurrent_layers import LastStates, Recurrence
        from appliedml.models.builders._text_layers import ChannelDropout, PoolWords

        self.check_parameters()
        inputs, tokens, x = self.read(spec, self.embedding_width, seed)
        for number, units in enumerate(self.units):
            if self.channel_dropout:
                drop = derive_seed(seed, "channels", number)
                x = ChannelDropout(self.channel_dropout, drop, name=f"channel_dropout_{number}")(x)
            start = derive_seed(seed, "recurrence", number)
            layer = Recurrence(self.cell, int(units), self.bidirectional, start, name=f"{self.cell}_{number}")
            x = layer([x, tokens])
        if self.pooling == "last":
            x = LastStates(2 if self.bidirectional else 1, name="last")(x)
        else:
            x = PoolWords(self.pooling.split("_"), name="pool")([x, tokens])
        if self.dropout:
            x = HashDropout(self.dropout, derive_seed(seed, "dropout"), name="dropout")(x)
        return self.logits(inputs, x, spec, n_outputs, seed)
