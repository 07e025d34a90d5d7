"""``image_transfer``: a small head over an image network that others trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Rule, Text
from appliedml.core.seeds import derive_seed
from appliedml.errors import Problem, StageError
from appliedml.models._encoder import Encoder
from appliedml.models._feature_inputs import FEATURES, MAPS, FeatureEncoder, FeatureSpec, PixelEncoder
from appliedml.models._image_inputs import ImageSpec, as_images
from appliedml.models._inputs import Arrays
from appliedml.models.builders._augment import AUGMENT_RULES, active, read_pixels
from appliedml.models.builders._builder import ACTIVATIONS, Builder, Phase, head_then_tuning
from appliedml.pretrained.backbones import BACKBONES, default_size, weights_problem
from appliedml.pretrained.frozen import POOLINGS, FrozenPart, as_rgb, join

_BACKBONE, _STANDARDISE = "backbone", "standardise"
# Rows that are run through tuned layers to learn the mean and spread of their features.
_MOST_ROWS = 2_000
_ROWS_A_CALL = 32
# Only against a division by 0: the features of a network with random weights may have any scale.
_EPSILON = 1e-20


class ImageTransfer(Builder):
    """Dense layers over pooled features of a pre-trained network, whose upper part may be fine-tuned.

    The frozen part is computed once a picture and shared by folds, epochs and members. With ``augment`` every epoch
    sees other pictures, so the whole network runs inside the model. Pooled features are brought to mean 0 and spread 1
    of the training rows. Batch normalisation of the pre-trained network stays in inference mode throughout.

    Parameters
    ----------
    backbone : str, default "efficientnet_lite0"
        Or a network of ``keras.applications`` in snake case ("resnet50_v2").
    weights : str, default "imagenet"
        Or "random", for a comparison that shows what the pre-training brought; or the path of a weights file.
    size : int, optional
        Height and width in pixels that pictures are brought to; default what the network was trained on.
    levels : "last", "stages" or list of str, default "last"
        Layers that are pooled: the last map; the end of every resolution from an eighth on; or these.
    pooling : {"average", "max", "both"}, default "average"
    hidden : list of int, default []
        Widths of dense layers before the logits; empty is logistic regression on the features.
    activation : str, default "relu"
    dropout : float, default 0
        Share of the features, and of every hidden layer, dropped in training.
    l2 : float, default 0
        Penalty on the weights of the dense layers.
    fine_tune_from : str, optional
        The first block or layer that is trained too ("block6a"); default none.
    fine_tune_rate : float, default 0.1
        Factor of the learning rate while it is.
    head_epochs : int, default 5
        Epochs of the head alone before fine-tuning begins; they are among the epochs of the classifier.
    augment : mapping, optional
        Random changes in training, all off where they are not named: flip_left_right, flip_up_down (bool), rotation
        (degrees), shift, zoom, crop, contrast, brightness, noise, cutout (shares), fill.
    mixup : float, default 0
        Parameter of the Beta distribution that mixes pairs of training rows (frozen features, or pixels with
        ``augment``); 0 for none.

    Source
    ------
    Yosinski et al. (2014), How transferable are features in deep neural networks?; Evci et al. (2022), Head2Toe, for
    features of several levels; Tan, Le (2019), EfficientNet.

    Examples
    --------
    >>> ImageTransfer(levels="stages", l2=0.5).get_params()["backbone"]
    'efficientnet_lite0'
    """

    reads: ClassVar[str] = "images"
    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "backbone": Choice(*BACKBONES),
        "weights": Text(),
        "size": AnyOf(Integer(32, 1024), Null()),
        "levels": AnyOf(Choice("last", "stages"), ListOf(Text(), 1)),
        "pooling": Choice(*POOLINGS),
        "hidden": ListOf(Integer(1)),
        "activation": Choice(*ACTIVATIONS),
        "dropout": Real(0, 1, open_high=True),
        "l2": Real(0),
        "fine_tune_from": AnyOf(Text(), Null()),
        "fine_tune_rate": Real(0, 1, open_low=True),
        "head_epochs": Integer(0),
        **AUGMENT_RULES,
    }

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        *,
        weights: str = "imagenet",
        size: int | None = None,
        levels: str | list[str] = "last",
        pooling: str = "average",
        hidden: list[int] = [],  # noqa: B006 - scikit-learn needs the default as it is; it is never changed
        activation: str = "relu",
        dropout: float = 0.0,
        l2: float = 0.0,
        fine_tune_from: str | None = None,
        fine_tune_rate: float = 0.1,
        head_epochs: int = 5,
        augment: Mapping[str, Any] | None = None,
        mixup: float = 0.0,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.size = size
        self.levels = levels
        self.pooling = pooling
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.l2 = l2
        self.fine_tune_from = fine_tune_from
        self.fine_tune_rate = fine_tune_rate
        self.head_epochs = head_epochs
        self.augment = augment
        self.mixup = mixup

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
        told = weights_problem(parameters.get("backbone", BACKBONES[0]), parameters.get("weights", "imagenet"))
        return [Problem(where, told)] if told else []

    def learn_inputs(self, X: Any, *, embed_numbers_up_to: int = 0) -> Encoder:
        """Return an encoder for pictures like these: the frozen part, or pixels where they are augmented.

        Parameters
        ----------
        X : Images or array
        embed_numbers_up_to : int
            Of tables; pictures have no such columns.

        Returns
        -------
        FeatureEncoder or PixelEncoder

        Raises
        ------
        DataError
            If these are no pictures.
        MissingExtraError
            If the weights are not here.
        StageError
            If a layer is not there.
        """
        self.check_parameters()
        if active(self.augment):
            _, height, width, channels = as_images(X).shape
            return PixelEncoder(height, width, channels, self._part().pinned())
        return FeatureEncoder.learn(X, self._part())

    def phases(self, epochs: int) -> tuple[Phase, ...]:
        """Return the head's epochs, then those of fine-tuning.

        Parameters
        ----------
        epochs : int

        Returns
        -------
        tuple of Phase

        Raises
        ------
        StageError
            If the head's epochs leave none for fine-tuning.
        """
        if self.fine_tune_from is None:
            return (Phase(epochs),)
        return head_then_tuning("ImageTransfer", epochs, self.head_epochs, self.fine_tune_rate)

    def set_phase(self, model: Any, number: int) -> None:
        """Let the upper part train in the last stretch, but for its batch normalisation.

        Parameters
        ----------
        model : keras.Model
        number : int
        """
        found = next((layer for layer in model.layers if layer.name == _BACKBONE), None)
        if found is None:
            return
        tuning = self.fine_tune_from is not None and number == min(self.head_epochs, 1)
        below = set(self._part().load().lower(self.fine_tune_from))
        for layer in found.layers:
            normal = type(layer).__name__ == "BatchNormalization"
            layer.trainable = tuning and not normal and layer.name not in below

    def build(self, spec: Any, n_outputs: int, seed: int) -> Any:
        """Return a fresh Keras model to logits; the pre-trained weights inside it are as they were loaded.

        Parameters
        ----------
        spec : FeatureSpec or ImageSpec
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

        from appliedml.models.builders._columns import dense
        from appliedml.models.builders._image_layers import gelu_tanh
        from appliedml.models.builders._layers import HashDropout

        self.check_parameters()
        inputs, x = self._pixels(spec, seed) if isinstance(spec, ImageSpec) else self._features(spec)
        scale = keras.layers.BatchNormalization(center=False, scale=False, epsilon=_EPSILON, name=_STANDARDISE)
        scale.trainable = False
        x = scale(x, training=False)
        activation = gelu_tanh if self.activation == "gelu" else self.activation
        for number, units in enumerate([*self.hidden, n_outputs]):
            if self.dropout:
                x = HashDropout(self.dropout, seed=derive_seed(seed, "dropout", number), name=f"dropout_{number}")(x)
            last = number == len(self.hidden)
            x = dense(
                int(units),
                derive_seed(seed, "dense", number),
                initializer="glorot_uniform" if last else "he_normal",
                l1=0.0,
                l2=self.l2,
                name="logits" if last else f"dense_{number}",
            )(x)
            if not last:
                x = keras.layers.Activation(activation, name=f"activation_{number}")(x)
        model = keras.Model(inputs, x, name="image_transfer")
        self.set_phase(model, 0)
        return model

    def adapt(self, model: Any, x: Arrays) -> None:
        """Set mean and spread of the pooled features to those of the training rows.

        Parameters
        ----------
        model : keras.Model
        x : dict of str to array or LazyRows
        """
        import keras

        layer = model.get_layer(_STANDARDISE)
        joined = None if set(x) == {FEATURES} else keras.Model(model.input, layer.input)
        n_rows = len(next(iter(x.values())))
        most = n_rows if joined is None else _MOST_ROWS
        chosen = np.unique(np.linspace(0, n_rows - 1, min(n_rows, most)).astype(np.intp))
        total, squares = 0.0, 0.0
        for start in range(0, len(chosen), _ROWS_A_CALL):
            batch = {name: np.asarray(rows[chosen[start : start + _ROWS_A_CALL]]) for name, rows in x.items()}
            found = batch[FEATURES] if joined is None else joined(batch, training=False).numpy()
            values = found.astype(np.float64)
            total = total + values.sum(axis=0)
            squares = squares + (values**2).sum(axis=0)
        mean = np.asarray(total) / len(chosen)
        variance = np.maximum(np.asarray(squares) / len(chosen) - mean**2, 0.0)
        # A feature that is constant in training (to the precision of float32) says nothing, and must not be blown up.
        variance[variance <= np.maximum(1e-12 * mean**2, _EPSILON)] = 1.0
        layer.moving_mean.assign(mean.astype(np.float32))
        layer.moving_variance.assign(variance.astype(np.float32))

    def _part(self) -> FrozenPart:
        side = int(self.size or default_size(self.backbone))
        levels = self.levels if isinstance(self.levels, str) else tuple(self.levels)
        return FrozenPart(self.backbone, self.weights, (side, side), levels, self.pooling, self.fine_tune_from)

    def _features(self, spec: FeatureSpec) -> tuple[dict[str, Any], Any]:
        import keras

        part = self._part()
        inputs = {name: keras.Input(shape, dtype="float32", name=name) for name, shape in spec.shapes}
        joined = [inputs[FEATURES]] if FEATURES in inputs else []
        tuned = part.tuned_levels()
        if MAPS in inputs and tuned:
            whole = part.load()
            outputs = [whole.model.get_layer(name).output for name in tuned]
            joined.append(join(_run(whole.cut_tensor(str(self.fine_tune_from)), outputs, inputs[MAPS]), self.pooling))
        if not tuned and self.fine_tune_from is not None:
            raise StageError(
                f"ImageTransfer: fine-tuning from {self.fine_tune_from!r} changes nothing, for all levels "
                f"({', '.join(part.pinned().levels)}) come before it. Begin earlier, or pool later levels."
            )
        return inputs, joined[0] if len(joined) == 1 else keras.layers.Concatenate(name="joined")(joined)

    def _pixels(self, spec: ImageSpec, seed: int) -> tuple[dict[str, Any], Any]:
        part = self._part()
        whole = part.load()
        inputs, x = read_pixels(spec, self.augment, seed)
        outputs = [whole.model.get_layer(name).output for name in part.pinned().levels]
        maps = _run(whole.model.inputs, outputs, as_rgb(x, part.size))
        return inputs, join(maps, self.pooling)


def _run(start: Any, outputs: list[Any], x: Any) -> list[Any]:
    """Run ``x`` through a copy of the layers between two places of a network."""
    import keras

    shared = keras.Model(start, outputs, name=_BACKBONE)
    copy = keras.models.clone_model(shared)
    copy.set_weights(shared.get_weights())
    maps = copy(x, training=False)
    return list(maps) if isinstance(maps, list | tuple) else [maps]
