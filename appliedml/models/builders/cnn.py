"""``cnn``: a small convolutional network, trained from scratch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from appliedml.core.params import Boolean, Choice, Integer, ListOf, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.models._image_inputs import ImageSpec
from appliedml.models.builders._builder import ACTIVATIONS
from appliedml.models.builders._image_builder import IMAGE_RULES, ImageBuilder


class Cnn(ImageBuilder):
    """Stages of convolutions, each at half the size of the one before it, then dense layers.

    Parameters
    ----------
    filters : list of int, default [16, 32, 64]
        Channels of each stage.
    kernel : int, default 3
        Height and width of the convolutions in pixels.
    convolutions : int, default 1
        In each stage.
    pooling : {"max", "average", "stride"}, default "max"
        What halves the size after each stage; "stride": the stage's last convolution goes in steps of two.
    batch_norm : bool, default True
        Batch normalisation before each activation of the stages.
    activation : str, default "relu"
        "gelu" is its tanh approximation.
    dropout : float, default 0
        Share of the features dropped in training, before each dense layer.
    hidden : list of int, default []
        Widths of dense layers between the stages and the logits.
    global_pooling : {"average", "max", "none"}, default "average"
        What is left of each channel; "none" keeps every position, for small pictures in which place matters.
    normalise : {"range", "training", "picture"}, default "range"
        Pixels to -1..1; to mean 0 and standard deviation 1 a channel over the training pictures; or each picture by
        itself to mean 0 and standard deviation 1.
    augment : mapping, optional
        Random changes in training, all off where they are not named: flip_left_right, flip_up_down (bool), rotation
        (degrees), shift, zoom, crop, contrast, brightness, noise, cutout (shares), fill.
    mixup : float, default 0
        Parameter of the Beta distribution that mixes pairs of training pictures; 0 for none.

    Source
    ------
    LeCun et al. (1998) for the form; Simonyan, Zisserman (2015) for small kernels in stages; Ioffe, Szegedy (2015) for
    batch normalisation; Zhang et al. (2018) for mixup.

    Examples
    --------
    >>> Cnn(filters=[8, 16], augment={"rotation": 10}).get_params()["filters"]
    [8, 16]
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "filters": ListOf(Integer(1, 4096), 1),
        "kernel": Integer(1, 15),
        "convolutions": Integer(1, 10),
        "pooling": Choice("max", "average", "stride"),
        "batch_norm": Boolean(),
        "activation": Choice(*ACTIVATIONS),
        "dropout": Real(0, 1, open_high=True),
        "hidden": ListOf(Integer(1)),
        "global_pooling": Choice("average", "max", "none"),
        **IMAGE_RULES,
    }

    def __init__(
        self,
        filters: list[int] = [16, 32, 64],  # noqa: B006 - scikit-learn needs the default as it is; it is never changed
        *,
        kernel: int = 3,
        convolutions: int = 1,
        pooling: str = "max",
        batch_norm: bool = True,
        activation: str = "relu",
        dropout: float = 0.0,
        hidden: list[int] = [],  # noqa: B006 - as above
        global_pooling: str = "average",
        normalise: str = "range",
        augment: Mapping[str, Any] | None = None,
        mixup: float = 0.0,
    ) -> None:
        self.filters = filters
        self.kernel = kernel
        self.convolutions = convolutions
        self.pooling = pooling
        self.batch_norm = batch_norm
        self.activation = activation
        self.dropout = dropout
        self.hidden = hidden
        self.global_pooling = global_pooling
        self.normalise = normalise
        self.augment = augment
        self.mixup = mixup

    def build(self, spec: ImageSpec, n_outputs: int, seed: int) -> Any:
        """Return a fresh Keras model from pixels to logits.

        Parameters
        ----------
        spec : ImageSpec
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
        from appliedml.models.builders._layers import HashDropout

        self.check_parameters()
        inputs, x = self.read(spec, seed)
        pools = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
        for stage, channels in enumerate(self.filters):
            for number in range(self.convolutions):
                last = number == self.convolutions - 1
                stride = 2 if last and self.pooling == "stride" else 1
                x = self._convolution(x, f"{stage}_{number}", int(channels), stride, seed)
            if self.pooling in pools:
                # "same": a side of odd length, or of one pixel, is never lost.
                x = pools[self.pooling](2, padding="same", name=f"pool_{stage}")(x)
        gather = {
            "average": keras.layers.GlobalAveragePooling2D,
            "max": keras.layers.GlobalMaxPooling2D,
            "none": keras.layers.Flatten,
        }[self.global_pooling]
        x = gather(name="features")(x)
        for number, units in enumerate(self.hidden):
            x = self._dropped(x, number, seed, HashDropout)
            at = derive_seed(seed, "dense", number)
            x = dense(int(units), at, initializer="he_normal", l1=0.0, l2=0.0, name=f"dense_{number}")(x)
            x = self._activation(f"dense_activation_{number}")(x)
        x = self._dropped(x, len(self.hidden), seed, HashDropout)
        head = dense(
            n_outputs, derive_seed(seed, "logits"), initializer="glorot_uniform", l1=0.0, l2=0.0, name="logits"
        )
        return keras.Model(inputs, head(x), name="cnn")

    def _convolution(self, x: Any, place: str, channels: int, stride: int, seed: int) -> Any:
        import keras

        x = keras.layers.Conv2D(
            channels,
            self.kernel,
            strides=stride,
            padding="same",
            use_bias=not self.batch_norm,
            kernel_initializer=keras.initializers.HeNormal(seed=derive_seed(seed, "convolution", place)),
            name=f"convolution_{place}",
        )(x)
        if self.batch_norm:
            x = keras.layers.BatchNormalization(name=f"norm_{place}")(x)
        return self._activation(f"activation_{place}")(x)

    def _activation(self, name: str) -> Any:
        import keras

        from appliedml.models.builders._image_layers import gelu_tanh

        return keras.layers.Activation(gelu_tanh if self.activation == "gelu" else self.activation, name=name)

    def _dropped(self, x: Any, number: int, seed: int, layer: Any) -> Any:
        if not self.dropout:
            return x
        return layer(self.dropout, seed=derive_seed(seed, "dropout", number), name=f"dropout_{number}")(x)
