"""A small transformer encoder over words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from appliedml.core.params import Choice, Integer, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.errors import ParameterError
from appliedml.models._text_inputs import TextSpec
from appliedml.models.builders._text_builder import TEXT_RULES, TextBuilder


class TextTransformer(TextBuilder):
    """Vectors of words and places, blocks of self-attention and dense layers, pooled, then logits.

    The blocks normalise before each part (pre-norm), which trains without a warm-up. Nobody looks at padding or at
    hidden words.

    Parameters
    ----------
    width : int, default 64
        Of all vectors; a multiple of ``heads``.
    depth : int, default 1
        Number of blocks.
    heads : int, default 4
    feed_forward : int, default 128
        Width of the dense layer in a block.
    positions : str, default "learned"
        "learned", "sinusoidal" or "none".
    pooling : str, default "max_mean"
        Over the words of a text: "max", "mean" or "max_mean" (both, side by side).
    dropout : float, default 0.2
        Share dropped in training, after each part of a block and before the logits.
    channel_dropout : float, default 0.2
        Share of the channels of all word vectors of a text dropped in training.
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
    Vaswani et al. (2017), Attention Is All You Need; Xiong et al. (2020), On Layer Normalization in the Transformer
    Architecture, for pre-norm.

    Examples
    --------
    >>> TextTransformer(depth=2).get_params()["heads"]
    4
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "width": Integer(1, 1_024),
        "depth": Integer(1, 24),
        "heads": Integer(1, 64),
        "feed_forward": Integer(1, 8_192),
        "positions": Choice("learned", "sinusoidal", "none"),
        "pooling": Choice("max", "mean", "max_mean"),
        "dropout": Real(0, 1, open_high=True),
        "channel_dropout": Real(0, 1, open_high=True),
        **TEXT_RULES,
    }

    def __init__(
        self,
        *,
        width: int = 64,
        depth: int = 1,
        heads: int = 4,
        feed_forward: int = 128,
        positions: str = "learned",
        pooling: str = "max_mean",
        dropout: float = 0.2,
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
        self.width = width
        self.depth = depth
        self.heads = heads
        self.feed_forward = feed_forward
        self.positions = positions
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

    def values_a_row(self, spec: TextSpec) -> int:
        """Return the attention weights of one text, before and after the softmax.

        Parameters
        ----------
        spec : TextSpec

        Returns
        -------
        int
        """
        return 2 * self.heads * spec.length**2

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
            If a parameter breaks its rule, or ``width`` is not a multiple of ``heads``.
        """
        import keras

        from appliedml.models.builders._layers import HashDropout
        from appliedml.models.builders._text_layers import ChannelDropout, PoolWords, WordPositions

        self.check_parameters()
        if self.width % self.heads:
            raise ParameterError(
                f"TextTransformer: width must be a multiple of heads. {self.width} is not a multiple of {self.heads}."
            )
        inputs, tokens, x = self.read(spec, self.width, seed)
        if self.positions != "none":
            x = WordPositions(self.positions, derive_seed(seed, "positions"), name="positions")(x)
        if self.channel_dropout:
            x = ChannelDropout(self.channel_dropout, derive_seed(seed, "channels"), name="channel_dropout")(x)
        for number in range(self.depth):
            x = self._block(x, tokens, number, seed)
        x = PoolWords(self.pooling.split("_"), name="pool")([keras.layers.LayerNormalization(name="norm")(x), tokens])
        if self.dropout:
            x = HashDropout(self.dropout, derive_seed(seed, "dropout"), name="dropout")(x)
        return self.logits(inputs, x, spec, n_outputs, seed)

    def _block(self, x: Any, tokens: Any, number: int, seed: int) -> Any:
        import keras

        from appliedml.models.builders._layers import HashDropout
        from appliedml.models.builders._text_layers import WordAttention

        def dense(units: int, name: str, activation: str | None = None) -> Any:
            start = keras.initializers.GlorotUniform(seed=derive_seed(seed, name, number))
            return keras.layers.Dense(units, activation, kernel_initializer=start, name=f"{name}_{number}")

        def added(old: Any, new: Any, name: str) -> Any:
            if self.dropout:
                drop = derive_seed(seed, "dropout", name, number)
                new = HashDropout(self.dropout, drop, name=f"{name}_dropout_{number}")(new)
            return keras.layers.Add(name=f"{name}_add_{number}")([old, new])

        attention = WordAttention(self.heads, derive_seed(seed, "attention", number), name=f"attention_{number}")
        normal = keras.layers.LayerNormalization(name=f"attention_norm_{number}")(x)
        x = added(x, attention([normal, tokens]), "attention")
        normal = keras.layers.LayerNormalization(name=f"dense_norm_{number}")(x)
        return added(x, dense(self.width, "dense_out")(dense(self.feed_forward, "dense_in", "relu")(normal)), "dense")
