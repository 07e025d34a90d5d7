"""Transfer from a pre-trained text encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from appliedml.core.params import AnyOf, Boolean, Choice, Integer, ListOf, Null, Real, Rule, Text
from appliedml.core.seeds import derive_seed
from appliedml.errors import Problem, StageError
from appliedml.models._inputs import Arrays
from appliedml.models._text_feature_inputs import (
    FEATURES,
    LENGTHS,
    PIECES,
    FrozenPart,
    TextFeatureEncoder,
    TextFeatureSpec,
)
from appliedml.models._text_inputs import BAG, BAG_WEIGHTS
from appliedml.models.builders._builder import ACTIVATIONS, Builder, Phase, head_then_tuning
from appliedml.pretrained.minilm import KEEPS, NAME, POOLINGS, encoder_problem

# Length of a row of each branch: weights of a good linear map are then of order 1, which Adam reaches in few epochs.
_GAIN = 10.0
# Training rows from which the scale of the trained layers' pooled output is taken.
_SCALE_ROWS = 512


class TextTransfer(Builder):
    """A linear or dense head over a pre-trained text encoder, with a bag of words beside it.

    The encoder's outputs are computed once for each text in a process, over folds, epochs and members. Its last layers
    can be trained too: the layers below them are then computed once, and only those last ones are in the network.

    Parameters
    ----------
    encoder : str, default "all-minilm-l6-v2"
        The weights: ``appliedml weights install all-minilm-l6-v2``.
    weights : str, optional
        A folder with ``config.json``, ``model.safetensors`` and ``tokenizer.json`` of a BERT encoder, in place of
        ``encoder``.
    length : int, default 128
        Most word pieces of a text that the encoder reads.
    keep : str, default "both"
        What is read of a longer text: "start", or "both", half from the start and half from the end.
    layers : list of int, default [2, 4, 5, 6]
        Frozen layers whose pooled outputs are read (0: the embeddings); an empty list for none.
    pooling : list of str, default ["mean", "max"]
        "mean" and "max" over the pieces of a text, "cls" for its first mark; several are put side by side.
    fine_tune_layers : int, default 0
        Last layers of the encoder that are trained; their own output is then read beside that of ``layers``.
    fine_tune_rate : float, default 0.02
        Of the learning rate, while they are trained.
    head_epochs : int, default 2
        First epochs of all, in which only the head is trained. Without ``fine_tune_layers`` it has no part.
    encoder_dropout : float, default 0.1
        In the layers that are trained.
    bag : bool, default True
        Whether weights of words and pairs of words (tf-idf, learned on training rows) are read by a linear branch.
    max_ngrams : int, default 30000
        Words and pairs of words in it, those in most training texts.
    bag_length : int or "auto", default "auto"
        Words of a text that it reads; "auto" for the whole of 95 in 100 training texts.
    hidden : list of int, default []
        Dense layers over the encoder's outputs; an empty list for a linear head.
    activation : str, default "relu"
    dropout : float, default 0
        Share of the encoder's outputs, and of each dense layer, dropped in training.
    l2 : float, default 3e-3
        Penalty on the weights of the head and of the bag.

    Source
    ------
    Devlin et al. (2019), BERT, section 5.3, for outputs of several layers as features; Howard, Ruder (2018), Universal
    Language Model Fine-tuning for Text Classification, for training the head first; Sun et al. (2019), How to Fine-Tune
    BERT for Text Classification?, for keeping both ends of long texts; Cheng et al. (2016), Wide & Deep Learning.

    Examples
    --------
    >>> TextTransfer(fine_tune_layers=1).phases(3)
    (Phase(epochs=2, rate_factor=1.0), Phase(epochs=1, rate_factor=0.02))
    """

    reads: ClassVar[str] = "texts"
    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "encoder": Choice(NAME),
        "weights": AnyOf(Null(), Text()),
        "length": Integer(8, 512),
        "keep": Choice(*KEEPS),
        "layers": ListOf(Integer(0, 48)),
        "pooling": ListOf(Choice(*POOLINGS), min_items=1),
        "fine_tune_layers": Integer(0, 48),
        "fine_tune_rate": Real(0, 1, open_low=True),
        "head_epochs": Integer(0),
        "encoder_dropout": Real(0, 1, open_high=True),
        "bag": Boolean(),
        "max_ngrams": Integer(1, 1_000_000),
        "bag_length": AnyOf(Integer(1, 4_096), Choice("auto")),
        "hidden": ListOf(Integer(1)),
        "activation": Choice(*ACTIVATIONS),
        "dropout": Real(0, 1, open_high=True),
        "l2": Real(0),
    }

    def __init__(
        self,
        encoder: str = NAME,
        *,
        weights: str | None = None,
        length: int = 128,
        keep: str = "both",
        layers: list[int] = [2, 4, 5, 6],  # noqa: B006 - scikit-learn needs the default as it is; it is never changed
        pooling: list[str] = ["mean", "max"],  # noqa: B006
        fine_tune_layers: int = 0,
        fine_tune_rate: float = 0.02,
        head_epochs: int = 2,
        encoder_dropout: float = 0.1,
        bag: bool = True,
        max_ngrams: int = 30_000,
        bag_length: int | str = "auto",
        hidden: list[int] = [],  # noqa: B006
        activation: str = "relu",
        dropout: float = 0.0,
        l2: float = 3e-3,
    ) -> None:
        self.encoder = encoder
        self.weights = weights
        self.length = length
        self.keep = keep
        self.layers = layers
        self.pooling = pooling
        self.fine_tune_layers = fine_tune_layers
        self.fine_tune_rate = fine_tune_rate
        self.head_epochs = head_epochs
        self.encoder_dropout = encoder_dropout
        self.bag = bag
        self.max_ngrams = max_ngrams
        self.bag_length = bag_length
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.l2 = l2

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with a plan entry beyond its rules: weights that are not here.

        Parameters
        ----------
        parameters : mapping
        where : str
            Path inside the plan.

        Returns
        -------
        list of Problem
        """
        read = {**cls().get_params(deep=False), **parameters}
        if not (read["layers"] or read["fine_tune_layers"]):
            return []
        told = encoder_problem(read["encoder"], read["weights"])
        return [Problem(where, told)] if told else []

    def learn_inputs(self, X: Any, *, embed_numbers_up_to: int = 0) -> TextFeatureEncoder:
        """Return an encoder for texts, whose words are learned on these.

        Parameters
        ----------
        X : Texts, or list or array of str
            Training rows.
        embed_numbers_up_to : int
            Has no meaning for texts.

        Returns
        -------
        TextFeatureEncoder

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        StageError
            If nothing would be read, or the encoder has fewer layers.
        MissingExtraError
            If the encoder is not installed.
        """
        self.check_parameters()
        if not (self.layers or self.fine_tune_layers or self.bag):
            raise StageError("TextTransfer reads nothing: give layers, fine_tune_layers of at least 1, or bag=True.")
        part = FrozenPart(self.encoder, self.weights, self.length, self.keep, tuple(self.layers), tuple(self.pooling))
        if part.is_read or self.fine_tune_layers:
            n_layers = part.load().config.n_layers
            if max([*self.layers, self.fine_tune_layers]) > n_layers:
                raise StageError(
                    f"TextTransfer: the encoder has {n_layers} layers. layers is {self.layers}, fine_tune_layers is "
                    f"{self.fine_tune_layers}: neither may go beyond."
                )
            if self.fine_tune_layers:
                below = n_layers - self.fine_tune_layers
                part = replace(part, pieces_layer=below)
        return TextFeatureEncoder.learn(
            X, part, max_ngrams=self.max_ngrams if self.bag else 0, bag_length=self.bag_length
        )

    def phases(self, epochs: int) -> tuple[Phase, ...]:
        """Return the head's epochs and then, with ``fine_tune_layers``, those of the last layers.

        Parameters
        ----------
        epochs : int

        Returns
        -------
        tuple of Phase
        """
        if not self.fine_tune_layers:
            return (Phase(epochs),)
        return head_then_tuning("TextTransfer", epochs, self.head_epochs, self.fine_tune_rate)

    def set_phase(self, model: Any, number: int) -> None:
        """Freeze the encoder's layers while the head is trained.

        Parameters
        ----------
        model : keras.Model
        number : int
        """
        if self.fine_tune_layers and self.head_epochs and number == 0:
            for layer in model.layers:
                if layer.name.startswith("layer_"):
                    layer.trainable = False

    def build(self, spec: TextFeatureSpec, n_outputs: int, seed: int) -> Any:
        """Return a fresh Keras model from the arrays of ``spec`` to logits.

        Parameters
        ----------
        spec : TextFeatureSpec
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
        MissingExtraError
            If layers are to be trained and the encoder is not installed.
        """
        import keras

        from appliedml.models.builders._columns import dense
        from appliedml.models.builders._layers import HashDropout
        from appliedml.models.builders._text_transfer_layers import BagLinear, Standardise

        self.check_parameters()
        inputs: dict[str, Any] = {}
        branches, logits = [], []
        if spec.n_features:
            inputs[FEATURES] = keras.Input((spec.n_features,), name=FEATURES)
            gain = _GAIN * spec.n_features**-0.5
            branches.append(Standardise(gain, name="features_scaled")(inputs[FEATURES]))
        if spec.length:
            tuned = self._tuned(spec, inputs, seed)
            branches.append(Standardise(_GAIN * int(tuned.shape[-1]) ** -0.5, name="tuned_scaled")(tuned))
        if branches:
            x = keras.layers.Concatenate(name="joined")(branches) if len(branches) > 1 else branches[0]
            if self.dropout:
                x = HashDropout(self.dropout, seed=derive_seed(seed, "dropout"), name="dropout")(x)
            for number, units in enumerate(self.hidden):
                at = derive_seed(seed, "dense", number)
                x = dense(int(units), at, initializer="he_normal", l1=0.0, l2=self.l2, name=f"dense_{number}")(x)
                x = keras.layers.Activation(self.activation, name=f"activation_{number}")(x)
                if self.dropout:
                    x = HashDropout(self.dropout, seed=derive_seed(at, "dropout"), name=f"dropout_{number}")(x)
            head = dense(
                n_outputs, derive_seed(seed, "head"), initializer="glorot_uniform", l1=0.0, l2=self.l2, name="head"
            )
            logits.append(head(x))
        if spec.bag_capacity:
            inputs[BAG] = keras.Input((spec.bag_width,), dtype="int32", name=BAG)
            inputs[BAG_WEIGHTS] = keras.Input((spec.bag_width,), name=BAG_WEIGHTS)
            wide = BagLinear(spec.bag_capacity, n_outputs, _GAIN, self.l2, seed=derive_seed(seed, "wide"), name="wide")
            logits.append(wide([inputs[BAG], inputs[BAG_WEIGHTS]]))
        output = keras.layers.Add(name="logits")(logits) if len(logits) > 1 else logits[0]
        return keras.Model(inputs, output, name="text_transfer")

    def _tuned(self, spec: TextFeatureSpec, inputs: dict[str, Any], seed: int) -> Any:
        """Return the pooled output of the layers that are trained, with their pre-trained weights in them."""
        import keras

        from appliedml.models.builders._layers import HashDropout
        from appliedml.models.builders._text_transfer_layers import LengthMask
        from appliedml.pretrained._bert_layers import MaskedPooling, encoder_layer, put_layer

        loaded = FrozenPart(self.encoder, self.weights, self.length, self.keep, (), ()).load()
        sizes = loaded.config
        inputs[PIECES] = keras.Input((spec.length, spec.width), dtype="float16", name=PIECES)
        inputs[LENGTHS] = keras.Input((1,), dtype="int32", name=LENGTHS)
        mask = LengthMask(spec.length, name="mask")(inputs[LENGTHS])
        x = keras.layers.Activation("linear", dtype="float32", name="pieces_float32")(inputs[PIECES])

        def drop(name: str) -> Any:
            return HashDropout(self.encoder_dropout, seed=derive_seed(seed, name), name=name)

        numbers = range(sizes.n_layers - self.fine_tune_layers + 1, sizes.n_layers + 1)
        for number in numbers:
            x = encoder_layer(
                x,
                mask,
                n_heads=sizes.n_heads,
                inner=sizes.inner,
                epsilon=sizes.epsilon,
                name=f"layer_{number}",
                drop=drop if self.encoder_dropout else None,
            )
        stored = loaded.tensors()
        part = keras.Model([inputs[PIECES], inputs[LENGTHS]], x)
        for number in numbers:
            put_layer(part, f"layer_{number}", stored, f"encoder.layer.{number - 1}.")
        pooled = [MaskedPooling(way, name=f"tuned_{way}")([x, mask]) for way in dict.fromkeys(self.pooling)]
        return keras.layers.Concatenate(name="tuned")(pooled) if len(pooled) > 1 else pooled[0]

    def adapt(self, model: Any, x: Arrays) -> None:
        """Set the scale of the encoder's outputs from the training rows.

        Parameters
        ----------
        model : keras.Model
        x : dict of str to array
        """
        import keras

        if FEATURES in x:
            model.get_layer("features_scaled").learn(np.asarray(x[FEATURES]))
        if PIECES in x:
            scaled = model.get_layer("tuned_scaled")
            pooled = keras.Model([model.input[PIECES], model.input[LENGTHS]], scaled.input)
            n_rows = len(x[LENGTHS])
            # Spread over all rows: they may be ordered by class.
            rows = np.unique(np.linspace(0, n_rows - 1, min(n_rows, _SCALE_ROWS)).astype(np.intp))
            parts = [
                np.asarray(pooled([np.asarray(x[PIECES][part]), x[LENGTHS][part]], training=False))
                for part in np.array_split(rows, -(-len(rows) // 32))
            ]
            scaled.learn(np.concatenate(parts))
