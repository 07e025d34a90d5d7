"""Convolutions over words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from appliedml.core.params import Choice, Integer, ListOf, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.models._text_inputs import TextSpec
from appliedml.models.builders._text_builder import TEXT_RULES, TextBuilder


class TextCnn(TextBuilder):
    """Vectors of words, convolutions of several widths side by side, the strongest response of each, logits.

    With ``bag`` (the default) a linear model over words and pairs of words is trained beside it, in the same network.

    Parameters
    ----------
    embedding_width : int, default 32
        Width of a word's vector.
    kernel_sizes : list of int, default [2, 3, 4]
        Words that a convolution sees at once.
    filters : int, default 32
        Of each convolution.
    pooling : str, default "max"
        Over the words of a text: "max", "mean" or "max_mean" (both, side by side).
    dropout : float, default 0.5
        Share of the pooled responses dropped in training.
    channel_dropout : float, default 0.2
        Share of the channels of all word vectors of a text dropped in training.
    hidden : int, default 0
        Width of a dense layer before the logits; 0 for none.
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
    bag : bool, default True
    max_ngrams : int, default 20,000
        Words and pairs of words in the bag.
    bag_l2 : float, default 0
        Penalty on the weights of the bag.

    Source
    ------
    Kim (2014), Convolutional Neural Networks for Sentence Classification; Cheng et al. (2016), Wide & Deep Learning,
    for ``bag``.

    Examples
    --------
    >>> TextCnn(filters=64, bag=False).get_params()["kernel_sizes"]
    [2, 3, 4]
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "embedding_width": Integer(1, 1_024),
        "kernel_sizes": ListOf(Integer(1, 64), min_items=1),
        "filters": Integer(1, 4_096),
        "pooling": Choice("max", "mean", "max_mean"),
        "dropout": Real(0, 1, open_high=True),
        "channel_dropout": Real(0, 1, open_high=True),
        "hidden": Integer(0, 4_096),
        **TEXT_RULES,
    }

    def __init__(
        self,
        *,
        embedding_width: int = 32,
        kernel_sizes: list[int] = [2, 3, 4],  # noqa: B006 - scikit-learn needs the default as it is; never changed
        filters: int = 32,
        pooling: str = "max",
        dropout: float = 0.5,
        channel_dropout: float = 0.2,
        hidden: int = 0,
        max_words: int = 20_000,
        min_count: int = 2,
        length: int | str = "auto",
        lower_case: bool = True,
        punctuation: bool = True,
        word_dropout: float = 0.0,
        bag: bool = True,
        max_ngrams: int = 20_000,
        bag_l2: float = 0.0,
    ) -> None:
        self.embedding_width = embedding_width
        self.kernel_sizes = kernel_sizes
        self.filters = filters
        self.pooling = pooling
        self.dropout = dropout
        self.channel_dropout = channel_dropout
        self.hidden = hidden
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
        import keras

        from appliedml.models.builders._layers import HashDropout
        from appliedml.models.builders._text_layers import ChannelDropout, PoolWords

        self.check_parameters()
        inputs, tokens, x = self.read(spec, self.embedding_width, seed)
        if self.channel_dropout:
            x = ChannelDropout(self.channel_dropout, derive_seed(seed, "channels"), name="channel_dropout")(x)
        responses = []
        for number, size in enumerate(self.kernel_sizes):
            convolution = keras.layers.Conv1D(
                self.filters,
                size,
                padding="same",
                activation="relu",
                kernel_initializer=keras.initializers.HeUniform(seed=derive_seed(seed, "convolution", number)),
                name=f"convolution_{number}",
            )
            pool = PoolWords(self.pooling.split("_"), name=f"pool_{number}")
            responses.append(pool([convolution(x), tokens]))
        x = responses[0] if len(responses) == 1 else keras.layers.Concatenate(name="responses")(responses)
        if self.dropout:
            x = HashDropout(self.dropout, derive_seed(seed, "dropout"), name="dropout")(x)
        if self.hidden:
            start = keras.initializers.HeUniform(seed=derive_seed(seed, "hidden"))
            x = keras.layers.Dense(self.hidden, activation="relu", kernel_initializer=start, name="hidden")(x)
        return self.logits(inputs, x, spec, n_outputs, seed)
