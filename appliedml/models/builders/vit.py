"""``vit``: a small vision transformer, trained from scratch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from appliedml.core.params import Choice, Integer, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.errors import ParameterError
from appliedml.models._image_inputs import ImageSpec
from appliedml.models.builders._image_builder import IMAGE_RULES, ImageBuilder


class Vit(ImageBuilder):
    """Patches with learned positions, blocks of attention and a dense network, and one vector a picture.

    Parameters
    ----------
    patch : int, default 8
        Height and width of a patch in pixels; a picture whose sides are no multiple of it is padded.
    width : int, default 64
        Numbers a patch is described by; a multiple of ``heads``.
    depth : int, default 4
        Number of blocks.
    heads : int, default 4
    mlp_ratio : float, default 2
        Hidden width of a block's dense network, as a multiple of ``width``.
    dropout : float, default 0
        Share dropped in training after the positions and after each part of a block.
    gather : {"average", "class_token"}, default "average"
        What the logits look at: the mean over patches, or a learned token that looks at all patches.
    normalise : {"range", "training", "picture"}, default "range"
        Pixels to -1..1; to mean 0 and standard deviation 1 a channel over the training pictures; or each picture by
        itself to mean 0 and standard deviation 1.
    augment : mapping, optional
        Random changes in training, all off where they are not named: flip_left_right, flip_up_down (bool), rotation
        (degrees), shift, zoom, crop, contrast, brightness, noise, cutout (shares), fill.
    mixup : float, default 0
        Parameter of the Beta distribution that mixes pairs of training pictures; 0 for none.

    Notes
    -----
    Normalisation comes before each part of a block, which trains without a warm-up. Without pre-training a transformer
    needs more pictures than a convolutional network of the same size: compare it with ``cnn``.

    Source
    ------
    Dosovitskiy et al. (2021), An Image is Worth 16x16 Words; Beyer, Zhai, Kolesnikov (2022), Better plain ViT baselines
    for ImageNet-1k, for the mean over patches.

    Examples
    --------
    >>> Vit(patch=4, depth=2).get_params()["width"]
    64
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "patch": Integer(1, 64),
        "width": Integer(1, 1024),
        "depth": Integer(1, 24),
        "heads": Integer(1, 64),
        "mlp_ratio": Real(0, 16, open_low=True),
        "dropout": Real(0, 1, open_high=True),
        "gather": Choice("average", "class_token"),
        **IMAGE_RULES,
    }

    def __init__(
        self,
        patch: int = 8,
        *,
        width: int = 64,
        depth: int = 4,
        heads: int = 4,
        mlp_ratio: float = 2.0,
        dropout: float = 0.0,
        gather: str = "average",
        normalise: str = "range",
        augment: Mapping[str, Any] | None = None,
        mixup: float = 0.0,
    ) -> None:
        self.patch = patch
        self.width = width
        self.depth = depth
        self.heads = heads
        self.mlp_ratio = mlp_ratio
        self.dropout = dropout
        self.gather = gather
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
            If a parameter breaks its rule, or ``width`` is no multiple of ``heads``.
        """
        import keras

        from appliedml.models.builders import _image_layers as own
        from appliedml.models.builders._columns import dense

        self.check_parameters()
        if self.width % self.heads:
            raise ParameterError(
                f"Vit: width must be a multiple of heads. They are {self.width} and {self.heads}. Use width="
                f"{-(-self.width // self.heads) * self.heads}."
            )
        inputs, x = self.read(spec, seed)
        x = keras.layers.Conv2D(
            self.width,
            self.patch,
            strides=self.patch,
            padding="same",
            kernel_initializer=keras.initializers.LecunNormal(seed=derive_seed(seed, "patches")),
            name="patches",
        )(x)
        x = keras.layers.Reshape((-1, self.width), name="patch_row")(x)
        token = self.gather == "class_token"
        x = own.PatchPositions(token, seed=derive_seed(seed, "positions"), name="positions")(x)
        x = self._dropped(x, "positions", seed)
        for number in range(self.depth):
            x = self._block(x, number, derive_seed(seed, "block", number))
        x = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
        gather = own.FirstPatch if token else keras.layers.GlobalAveragePooling1D
        x = gather(name="features")(x)
        head = dense(
            n_outputs, derive_seed(seed, "logits"), initializer="glorot_uniform", l1=0.0, l2=0.0, name="logits"
        )
        return keras.Model(inputs, head(x), name="vit")

    def _block(self, x: Any, number: int, seed: int) -> Any:
        import keras

        from appliedml.models.builders import _image_layers as own
        from appliedml.models.builders._columns import dense

        hidden = max(1, round(self.width * self.mlp_ratio))
        part = keras.layers.LayerNormalization(epsilon=1e-6, name=f"attention_norm_{number}")(x)
        part = own.SelfAttention(self.heads, seed=derive_seed(seed, "attention"), name=f"attention_{number}")(part)
        x = keras.layers.Add(name=f"attention_add_{number}")([x, self._dropped(part, f"attention_{number}", seed)])
        part = keras.layers.LayerNormalization(epsilon=1e-6, name=f"dense_norm_{number}")(x)
        for place, units in enumerate((hidden, self.width)):
            at, name = derive_seed(seed, "dense", place), f"dense_{number}_{place}"
            part = dense(units, at, initializer="glorot_uniform", l1=0.0, l2=0.0, name=name)(part)
            if place == 0:
                part = keras.layers.Activation(own.gelu_tanh, name=f"gelu_{number}")(part)
        return keras.layers.Add(name=f"dense_add_{number}")([x, self._dropped(part, f"dense_{number}", seed)])

    def _dropped(self, x: Any, place: str, seed: int) -> Any:
        if not self.dropout:
            return x
        from appliedml.models.builders._layers import HashDropout

        return HashDropout(self.dropout, seed=derive_seed(seed, "dropout", place), name=f"dropout_{place}")(x)
