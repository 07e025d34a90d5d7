"""Keras layers for pictures. This module imports Keras: import it inside functions only.

Random layers draw from a ``keras.random.SeedGenerator`` whose state is a variable of the model, so that equal seeds
give equal bytes and a compiled program serves every seed. They change pictures in training only, and take and give
floats between 0 and 255.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

_PACKAGE = "appliedml"
_FULL = 255.0


@keras.saving.register_keras_serializable(_PACKAGE)
class PixelsToFloat(keras.layers.Layer):
    """From bytes to floats between 0 and 255. What follows it has gradients with respect to the picture."""

    def call(self, inputs: Any) -> Any:
        """Return the pixels as floats."""
        return ops.cast(inputs, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape


@keras.saving.register_keras_serializable(_PACKAGE)
class PixelScale(keras.layers.Layer):
    """``(pixels - mean) * factor``, a mean and a factor a channel; neither is trained.

    They start at 127.5 and 1 / 127.5, which brings bytes to -1..1.
    """

    def build(self, input_shape: Any) -> None:
        """Make mean and factor."""
        channels = int(input_shape[-1])
        middle, factor = keras.initializers.Constant(_FULL / 2), keras.initializers.Constant(2 / _FULL)
        self.mean = self.add_weight(name="mean", shape=(channels,), initializer=middle, trainable=False)
        self.factor = self.add_weight(name="factor", shape=(channels,), initializer=factor, trainable=False)

    def call(self, inputs: Any) -> Any:
        """Return the scaled pixels."""
        return (inputs - self.mean) * self.factor

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape


@keras.saving.register_keras_serializable(_PACKAGE)
class PictureScale(keras.layers.Layer):
    """Every picture to mean 0 and standard deviation 1, so that exposure does not matter."""

    def call(self, inputs: Any) -> Any:
        """Return the scaled pixels."""
        mean = ops.mean(inputs, axis=(1, 2, 3), keepdims=True)
        centred = inputs - mean
        variance = ops.mean(centred * centred, axis=(1, 2, 3), keepdims=True)
        # One grey level: an even picture stays even instead of becoming amplified rounding.
        return centred / ops.maximum(ops.sqrt(variance), 1.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape


class _RandomLayer(keras.layers.Layer):
    """A layer with a generator of its own that does nothing outside training."""

    def __init__(self, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = int(seed)
        self.generator = keras.random.SeedGenerator(self.seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Change pictures in training only."""
        return self.change(ops.cast(inputs, self.compute_dtype)) if training else inputs

    def change(self, x: Any) -> Any:
        """Return changed pictures."""
        raise NotImplementedError

    def uniform(self, shape: tuple[Any, ...], low: float, high: float) -> Any:
        """Draw numbers."""
        return keras.random.uniform(shape, low, high, seed=self.generator)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)
class RandomWarp(_RandomLayer):
    """Flips, rotation, shift, zoom and crop of each picture as one affine map, so that pixels are interpolated once."""

    def __init__(
        self,
        flip_left_right: bool = False,
        flip_up_down: bool = False,
        rotation: float = 0.0,
        shift: float = 0.0,
        zoom: float = 0.0,
        crop: float = 0.0,
        fill: str = "reflect",
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.flip_left_right = bool(flip_left_right)
        self.flip_up_down = bool(flip_up_down)
        self.rotation = float(rotation)
        self.shift = float(shift)
        self.zoom = float(zoom)
        self.crop = float(crop)
        self.fill = str(fill)

    def change(self, x: Any) -> Any:
        """Return warped pictures."""
        n, height, width = ops.shape(x)[0], int(x.shape[1]), int(x.shape[2])
        draw = ops.unstack(self.uniform((9, n), -1.0, 1.0), 9, axis=0)
        one = ops.ones_like(draw[0])
        across = ops.where(draw[0] < 0, -one, one) if self.flip_left_right else one
        down = ops.where(draw[1] < 0, -one, one) if self.flip_up_down else one
        angle = draw[2] * np.float32(np.deg2rad(self.rotation))
        # Positions in the new picture are mapped back to the old one: to enlarge is to look at a smaller part of it.
        cut = (draw[6] + 1.0) * (0.5 * self.crop)
        scale = (1.0 - cut) / (1.0 + draw[3] * self.zoom)
        # A crop of this size has room to lie anywhere inside the picture.
        move_x = (draw[4] * self.shift + draw[7] * cut * 0.5) * width
        move_y = (draw[5] * self.shift + draw[8] * cut * 0.5) * height
        cos, sin = ops.cos(angle) * scale, ops.sin(angle) * scale
        xx, xy, yx, yy = cos * across, -sin * down, sin * across, cos * down
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        from_x = middle_x + move_x - xx * middle_x - xy * middle_y
        from_y = middle_y + move_y - yx * middle_x - yy * middle_y
        zero = ops.zeros_like(one)
        rows = ops.stack([xx, xy, from_x, yx, yy, from_y, zero, zero], axis=1)
        return ops.image.affine_transform(
            x, rows, interpolation="bilinear", fill_mode=self.fill, data_format="channels_last"
        )

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        names = ("flip_left_right", "flip_up_down", "rotation", "shift", "zoom", "crop", "fill")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(_PACKAGE)
class RandomTone(_RandomLayer):
    """Contrast about the picture's mean, brightness, and Gaussian noise, each drawn anew for every picture."""

    def __init__(
        self, contrast: float = 0.0, brightness: float = 0.0, noise: float = 0.0, seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.contrast = float(contrast)
        self.brightness = float(brightness)
        self.noise = float(noise)

    def change(self, x: Any) -> Any:
        """Return pictures in another tone, between 0 and 255."""
        n = ops.shape(x)[0]
        draw = self.uniform((3, n, 1, 1, 1), -1.0, 1.0)
        if self.contrast or self.brightness:
            mean = ops.mean(x, axis=(1, 2, 3), keepdims=True) if self.contrast else 0.0
            x = (x - mean) * (1.0 + draw[0] * self.contrast) + (mean + draw[1] * (self.brightness * _FULL))
        if self.noise:
            size = (draw[2] + 1.0) * (0.5 * self.noise * _FULL)
            x = x + size * keras.random.normal(ops.shape(x), seed=self.generator)
        return ops.clip(x, 0.0, _FULL)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        own = {"contrast": self.contrast, "brightness": self.brightness, "noise": self.noise}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(_PACKAGE)
class RandomCutout(_RandomLayer):
    """One rectangle of each picture becomes the picture's mean.

    Source
    ------
    DeVries, Taylor (2017), Improved Regularization of Convolutional Neural Networks with Cutout.
    """

    def __init__(self, cutout: float = 0.0, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.cutout = float(cutout)

    def change(self, x: Any) -> Any:
        """Return pictures with a hole."""
        n, height, width = ops.shape(x)[0], int(x.shape[1]), int(x.shape[2])
        share, row, column = ops.unstack(self.uniform((3, n, 1), 0.0, 1.0), 3, axis=0)
        share = share * self.cutout
        rows = np.arange(height, dtype=np.float32)[None] + 0.5
        columns = np.arange(width, dtype=np.float32)[None] + 0.5
        in_rows = ops.abs(rows - row * height) < share * (height / 2)
        in_columns = ops.abs(columns - column * width) < share * (width / 2)
        hole = ops.logical_and(in_rows[:, :, None, None], in_columns[:, None, :, None])
        return ops.where(hole, ops.mean(x, axis=(1, 2), keepdims=True), x)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "cutout": self.cutout}


@keras.saving.register_keras_serializable(_PACKAGE)
class PatchPositions(keras.layers.Layer):
    """Add a learned position to every patch; with ``class_token``, put a learned token before them.

    Source
    ------
    Dosovitskiy et al. (2021), An Image is Worth 16x16 Words, section 3.1.
    """

    def __init__(self, class_token: bool = False, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.class_token = bool(class_token)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the positions and the token."""
        n, width = int(input_shape[1]) + self.class_token, int(input_shape[2])
        start = keras.initializers.TruncatedNormal(stddev=0.02, seed=self.seed)
        self.positions = self.add_weight(name="positions", shape=(1, n, width), initializer=start)
        if self.class_token:
            self.token = self.add_weight(name="token", shape=(1, 1, width), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return patches with positions: (n_rows, n_patches, width), one patch more with a token."""
        if self.class_token:
            token = ops.tile(self.token, (ops.shape(inputs)[0], 1, 1))
            inputs = ops.concatenate([token, inputs], axis=1)
        return inputs + self.positions

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, n_patches, width), one patch more with a token."""
        return (input_shape[0], None if input_shape[1] is None else input_shape[1] + self.class_token, input_shape[2])

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "class_token": self.class_token, "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)
class FirstPatch(keras.layers.Layer):
    """The first of the patches: the class token."""

    def call(self, inputs: Any) -> Any:
        """Return (n_rows, width)."""
        return inputs[:, 0]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, width)."""
        return (input_shape[0], input_shape[2])


@keras.saving.register_keras_serializable(_PACKAGE)
class SelfAttention(keras.layers.Layer):
    """Every patch looks at every other, with several heads.

    ``keras.layers.MultiHeadAttention`` starts queries, keys and values from one initializer: with an explicit seed the
    three would be equal.

    Source
    ------
    Vaswani et al. (2017), Attention Is All You Need, section 3.2.
    """

    def __init__(self, heads: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = int(heads)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the four maps."""
        width = int(input_shape[-1])

        def matrix(name: str, place: int) -> Any:
            start = keras.initializers.GlorotUniform(seed=self.seed + place)
            return self.add_weight(name=name, shape=(width, width), initializer=start)

        self.maps = [matrix(name, place) for place, name in enumerate(("query", "key", "value", "output"))]
        self.bias = self.add_weight(name="bias", shape=(width,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return (n_rows, n_patches, width)."""
        n, width = int(inputs.shape[1]), int(inputs.shape[2])

        def split(matrix: Any) -> Any:
            parts = ops.reshape(ops.matmul(inputs, matrix), (-1, n, self.heads, width // self.heads))
            return ops.transpose(parts, (0, 2, 1, 3))

        query, key, value = (split(matrix) for matrix in self.maps[:3])
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * (width // self.heads) ** -0.5
        seen = ops.matmul(ops.softmax(scores, axis=-1), value)
        joined = ops.reshape(ops.transpose(seen, (0, 2, 1, 3)), (-1, n, width))
        return ops.matmul(joined, self.maps[3]) + self.bias

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "heads": self.heads, "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)  # type: ignore[untyped-decorator]
def gelu_tanh(x: Any) -> Any:
    """GELU by its tanh approximation: the exact one uses an operator that ONNX Runtime refuses."""
    return keras.activations.gelu(x, approximate=True)
