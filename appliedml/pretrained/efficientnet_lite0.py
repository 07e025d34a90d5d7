"""EfficientNet-Lite0 in Keras, with the ImageNet weights that a package index carries.

Lite0 is EfficientNet-B0 without squeeze-and-excitation and with ReLU6 for swish: 4.7 million parameters, and quick on a
CPU.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from appliedml.core.seeds import derive_seed
from appliedml.errors import DataError
from appliedml.pretrained import weights
from appliedml.pretrained._legacy_torch import read_legacy

NAME = "efficientnet_lite0"
WEIGHTS_FILE = "efficientnet-lite0-57934424.pth"
N_CLASSES = 1000
# repeats, kernel, stride of the first, expansion, width
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _HEAD = 32, 1280
_EPSILON = 1e-3


def block_names() -> tuple[str, ...]:
    """Return the names of the blocks in order: "block1a" ... "block7a", then "head".

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> block_names()[:3], len(block_names())
    (('block1a', 'block2a', 'block2b'), 17)
    """
    return (*(name for name, *_ in _blocks()), "head")


def build(size: tuple[int, int] = (224, 224), *, top: bool = False, seed: int = 0) -> Any:
    """Return the network with random weights.

    Parameters
    ----------
    size : (int, int)
        Height and width of the pictures in pixels.
    top : bool
        Whether the pooling and the layer of the 1,000 ImageNet classes follow.
    seed : int
        Of the random weights.

    Returns
    -------
    keras.Model
        From RGB pictures of shape (n, height, width, 3), values 0..255, to the feature map of shape
        (n, height / 32, width / 32, 1280), or with ``top`` to logits of shape (n, 1000). The layer that ends a block is
        named after it.

    Source
    ------
    Tan, Le (2019), EfficientNet; the Lite variants of TensorFlow TPU models (2020).
    """
    import keras
    from keras import layers

    pictures = keras.Input((*size, 3), name="pictures", dtype="float32")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(pictures)
    x = _convolve(x, "stem", _STEM, 3, 2, seed)
    x = _relu6(_normalize(x, "stem"), "stem_activation")
    for name, kernel, stride, expansion, width in _blocks():
        x = _block(x, name, kernel, stride, expansion, width, seed)
    x = _relu6(_normalize(_convolve(x, "head", _HEAD, 1, 1, seed), "head"), "head")
    if top:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(N_CLASSES, kernel_initializer=_initial("classes", seed, "glorot_uniform"), name="classes")(x)
    return keras.Model(pictures, x, name=NAME)


def load(size: tuple[int, int] = (224, 224), *, top: bool = False, path: Path | None = None) -> Any:
    """Return the network with ImageNet weights.

    Parameters
    ----------
    size : (int, int)
    top : bool
    path : Path, optional
        A file of these weights in PyTorch's legacy format; default the installed one.

    Returns
    -------
    keras.Model
        See :func:`build`.

    Raises
    ------
    MissingExtraError
        If the weights are not installed.
    DataError
        If the file does not hold the weights of this network.
    """
    found = path if path is not None else weights.find(NAME)[WEIGHTS_FILE]
    model = build(size, top=top)
    assign(model, read_legacy(found))
    return model


def assign(model: Any, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Put the tensors of the PyTorch network into a model of :func:`build`.

    Parameters
    ----------
    model : keras.Model
    tensors : mapping of str to array
        Those of the classifying layer may be left over.

    Raises
    ------
    DataError
        If a tensor is missing, left over, or has another shape.
    """
    taken = {"_fc.weight", "_fc.bias"} | {name for name in tensors if name.endswith(".num_batches_tracked")}
    for layer in model.layers:
        names = _torch_names(layer)
        values = []
        for name, variable in zip(names, layer.weights, strict=True):
            if name not in tensors:
                raise DataError(f"These are not the weights of {NAME}: the tensor {name!r} is missing.")
            value = _oriented(layer, tensors[name]) if name.endswith("weight") else tensors[name]
            if value.shape != tuple(variable.shape):
                raise DataError(
                    f"These are not the weights of {NAME}: {name!r} has the shape {tensors[name].shape}, which does "
                    f"not give {tuple(variable.shape)}."
                )
            values.append(value)
        if names:
            layer.set_weights(values)
            taken |= set(names)
    left = sorted(set(tensors) - taken)
    if left:
        raise DataError(
            f"These are not the weights of {NAME}: it has no place for {left[0]!r} and {len(left) - 1} more."
        )


def _blocks() -> list[tuple[str, int, int, int, int]]:
    return [
        (f"block{stage}{'abcdef'[repeat]}", kernel, stride if repeat == 0 else 1, expansion, width)
        for stage, (repeats, kernel, stride, expansion, width) in enumerate(_STAGES, start=1)
        for repeat in range(repeats)
    ]


def _block(x: Any, name: str, kernel: int, stride: int, expansion: int, width: int, seed: int) -> Any:
    import keras
    from keras import layers

    before = x
    if expansion > 1:
        x = _convolve(x, f"{name}_expand", x.shape[-1] * expansion, 1, 1, seed)
        x = _relu6(_normalize(x, f"{name}_expand"), f"{name}_expand_activation")
    x = layers.DepthwiseConv2D(
        kernel,
        stride,
        padding="same",
        use_bias=False,
        # He's rule by hand: Keras counts all channels as inputs of each, and the signal would vanish.
        depthwise_initializer=keras.initializers.RandomNormal(
            stddev=math.sqrt(2) / kernel, seed=derive_seed(seed, NAME, f"{name}_depthwise")
        ),
        name=f"{name}_depthwise_conv",
    )(x)
    x = _relu6(_normalize(x, f"{name}_depthwise"), f"{name}_depthwise_activation")
    x = _convolve(x, f"{name}_project", width, 1, 1, seed)
    if stride == 1 and before.shape[-1] == width:
        return layers.Add(name=name)([_normalize(x, f"{name}_project"), before])
    return _normalize(x, f"{name}_project", name)


def _convolve(x: Any, name: str, width: int, kernel: int, stride: int, seed: int) -> Any:
    from keras import layers

    return layers.Conv2D(
        width,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=_initial(name, seed, "he_normal"),
        name=f"{name}_conv",
    )(x)


def _normalize(x: Any, part: str, name: str | None = None) -> Any:
    from keras import layers

    return layers.BatchNormalization(epsilon=_EPSILON, name=name or f"{part}_norm")(x)


def _relu6(x: Any, name: str) -> Any:
    from keras import layers

    return layers.ReLU(max_value=6.0, name=name)(x)


def _initial(part: str, seed: int, kind: str) -> Any:
    import keras

    return keras.initializers.get({"class_name": kind, "config": {"seed": derive_seed(seed, NAME, part)}})


def _oriented(layer: Any, value: NDArray[Any]) -> NDArray[Any]:
    """Turn a PyTorch kernel (out, in, height, width) to Keras' order of axes."""
    if value.ndim == 2:
        return value.T
    if value.ndim != 4:
        return value
    return value.transpose((2, 3, 0, 1) if type(layer).__name__ == "DepthwiseConv2D" else (2, 3, 1, 0))


def _torch_names(layer: Any) -> tuple[str, ...]:
    """Return the names of a layer's tensors in the PyTorch file, in the order of its weights."""
    if not layer.weights:
        return ()
    place = {name: number for number, name in enumerate(block_names())}
    part = layer.name.split("_")[0]
    if part == "classes":
        return ("_fc.weight", "_fc.bias")
    norm = type(layer).__name__ == "BatchNormalization"
    if part in ("stem", "head"):
        number = {"stem": "0", "head": "1"}[part]
        prefix = f"_bn{number}" if norm else f"_conv_{part}"
    else:
        step = layer.name.removeprefix(part).removesuffix("_conv").removesuffix("_norm") or "_project"
        inner = f"_bn{('_expand', '_depthwise', '_project').index(step)}" if norm else f"{step}_conv"
        prefix = f"_blocks.{place[part]}.{inner}"
    if norm:
        return tuple(f"{prefix}.{name}" for name in ("weight", "bias", "running_mean", "running_var"))
    return (f"{prefix}.weight",)
