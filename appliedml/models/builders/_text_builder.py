"""What builders of networks that are trained on texts from scratch share."""

from __future__ import annotations

from typing import Any, ClassVar

from appliedml.core.params import AnyOf, Boolean, Choice, Integer, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.models._text_inputs import BAG, BAG_WEIGHTS, TOKENS, TextEncoder, TextSpec
from appliedml.models.builders._builder import Builder

TEXT_RULES: dict[str, Rule] = {
    "max_words": Integer(1, 1_000_000),
    "min_count": Integer(1),
    "length": AnyOf(Integer(1, 4_096), Choice("auto")),
    "lower_case": Boolean(),
    "punctuation": Boolean(),
    "word_dropout": Real(0, 1, open_high=True),
    "bag": Boolean(),
    "max_ngrams": Integer(1, 1_000_000),
    "bag_l2": Real(0),
}


class TextBuilder(Builder):
    """A builder whose front looks words up, and whose logits may have a bag-of-words branch."""

    reads: ClassVar[str] = "texts"
    max_words: int
    min_count: int
    length: int | str
    lower_case: bool
    punctuation: bool
    word_dropout: float
    bag: bool
    max_ngrams: int
    bag_l2: float

    def learn_inputs(self, X: Any, *, embed_numbers_up_to: int = 0) -> TextEncoder:
        """Return an encoder with the vocabulary of texts.

        Parameters
        ----------
        X : Texts, or list or array of str
            Training rows.
        embed_numbers_up_to : int
            Of tables; texts have no such columns.

        Returns
        -------
        TextEncoder

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        DataError
            If these are no texts, or they have no words.
        """
        self.check_parameters()
        return TextEncoder.learn(
            X,
            max_words=self.max_words,
            min_count=self.min_count,
            length=self.length,
            lower_case=self.lower_case,
            punctuation=self.punctuation,
            max_ngrams=self.max_ngrams if self.bag else 0,
        )

    def read(self, spec: TextSpec, width: int, seed: int) -> tuple[dict[str, Any], Any, Any]:
        """Return the Keras inputs, the codes of words and their vectors.

        Parameters
        ----------
        spec : TextSpec
        width : int
            Of a word's vector.
        seed : int

        Returns
        -------
        inputs : dict of str to keras.Input
        tokens : (n_rows, length)
        vectors : (n_rows, length, width)
        """
        import keras

        from appliedml.models.builders._text_layers import WordDropout, WordVectors

        inputs = {TOKENS: keras.Input((spec.length,), dtype="int32", name=TOKENS)}
        if spec.bag_capacity:
            inputs[BAG] = keras.Input((spec.bag_width,), dtype="int32", name=BAG)
            inputs[BAG_WEIGHTS] = keras.Input((spec.bag_width,), dtype="float32", name=BAG_WEIGHTS)
        tokens = inputs[TOKENS]
        if self.word_dropout:
            tokens = WordDropout(self.word_dropout, derive_seed(seed, "word_dropout"), name="word_dropout")(tokens)
        vectors = WordVectors(spec.capacity, width, derive_seed(seed, "words"), name="words")(tokens)
        return inputs, tokens, vectors

    def logits(self, inputs: dict[str, Any], x: Any, spec: TextSpec, n_outputs: int, seed: int) -> Any:
        """Return the model from its inputs to logits: of the network's last vectors, plus those of the bag.

        Parameters
        ----------
        inputs : dict of str to keras.Input
        x : (n_rows, width)
        spec : TextSpec
        n_outputs : int
        seed : int

        Returns
        -------
        keras.Model
        """
        import keras

        from appliedml.core.stage import snake_case
        from appliedml.models.builders._text_layers import BagOfWords

        start = keras.initializers.GlorotUniform(seed=derive_seed(seed, "logits"))
        out = keras.layers.Dense(n_outputs, kernel_initializer=start, name="logits")(x)
        if spec.bag_capacity:
            bag = BagOfWords(spec.bag_capacity, n_outputs, self.bag_l2, name="bag_of_words")
            out = keras.layers.Add(name="sum")([out, bag([inputs[BAG], inputs[BAG_WEIGHTS]])])
        return keras.Model(inputs, out, name=snake_case(type(self).__name__))
