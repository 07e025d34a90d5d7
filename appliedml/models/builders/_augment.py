"""Augmentation: pictures that are changed at random inside the model, in training only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliedml.core.params import AnyOf, Boolean, Choice, Null, Real, Record, Rule
from appliedml.core.seeds import derive_seed
from appliedml.models._image_inputs import PIXELS, ImageSpec

# In the order in which they are applied.
AUGMENTATIONS = (
    "flip_left_right",
    "flip_up_down",
    "rotation",
    "shift",
    "zoom",
    "crop",
    "contrast",
    "brightness",
    "noise",
    "cutout",
)
FILLS = ("reflect", "nearest", "constant")
_WARPS, _TONES = AUGMENTATIONS[:6], AUGMENTATIONS[6:9]
_SHARE = Real(0, 1, open_high=True)

_FIELDS: dict[str, Rule] = {
    "flip_left_right": Boolean(),
    "flip_up_down": Boolean(),
    "rotation": Real(0, 180),
    "shift": _SHARE,
    "zoom": _SHARE,
    "crop": _SHARE,
    "contrast": _SHARE,
    "brightness": _SHARE,
    "noise": _SHARE,
    "cutout": _SHARE,
    "fill": Choice(*FILLS),
}
AUGMENT_RULES: dict[str, Rule] = {
    "augment": AnyOf(Null(), Record(_FIELDS, optional=tuple(_FIELDS))),
    "mixup": Real(0, 10),
}


def active(augment: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the augmentations that are switched on, in the order in which they are applied.

    Parameters
    ----------
    augment : mapping or None
        See :func:`augmentation_layers`.

    Returns
    -------
    dict of str to bool or float

    Examples
    --------
    >>> active({"noise": 0.05, "rotation": 10, "shift": 0.0, "flip_left_right": False})
    {'rotation': 10, 'noise': 0.05}
    """
    given = augment or {}
    return {name: given[name] for name in AUGMENTATIONS if given.get(name)}


def augmentation_layers(augment: Mapping[str, Any] | None, seed: int) -> list[Any]:
    """Return the Keras layers that change pictures at random, in training only.

    Parameters
    ----------
    augment : mapping or None
        What is switched on; what is left out is off, and None is nothing at all.

        - flip_left_right, flip_up_down : bool
        - rotation : float, degrees either way, 0 to 180
        - shift, zoom, crop : float, largest share of a side
        - contrast : float, largest share by which it rises or falls
        - brightness, noise : float, as a share of the range 0..255 (noise: largest standard deviation)
        - cutout : float, largest share of a side that is blotted out
        - fill : "reflect" (default), "nearest" or "constant" (black): what a warp shows where the picture ends

        No flip is ever made unless it is named: a chest film has a left and a right.
    seed : int

    Returns
    -------
    list of keras.layers.Layer
        They take and give floats of 0 to 255, shape (n_rows, height, width, channels). Empty where nothing is on.

    Notes
    -----
    All that moves pixels is one affine map and one interpolation: about a third of the time of Keras' own layers one
    after the other, and sharper. Ranges are drawn uniformly, anew for every picture.

    Source
    ------
    Shorten, Khoshgoftaar (2019), A survey on Image Data Augmentation for Deep Learning; DeVries, Taylor (2017) for
    cutout.
    """
    on = active(augment)
    if not on:
        return []
    from appliedml.models.builders import _image_layers as own

    layers: list[Any] = []
    warps, tones = ({name: on[name] for name in names if name in on} for names in (_WARPS, _TONES))
    if warps:
        fill = str((augment or {}).get("fill", FILLS[0]))
        layers.append(own.RandomWarp(**warps, fill=fill, seed=derive_seed(seed, "warp"), name="augment_warp"))
    if tones:
        layers.append(own.RandomTone(**tones, seed=derive_seed(seed, "tone"), name="augment_tone"))
    if "cutout" in on:
        layers.append(own.RandomCutout(on["cutout"], seed=derive_seed(seed, "cutout"), name="augment_cutout"))
    return layers


def read_pixels(spec: ImageSpec, augment: Mapping[str, Any] | None, seed: int) -> tuple[dict[str, Any], Any]:
    """Return the Keras input of pictures and their pixels as floats of 0 to 255, augmented in training.

    Parameters
    ----------
    spec : ImageSpec
    augment : mapping or None
        See :func:`augmentation_layers`.
    seed : int

    Returns
    -------
    inputs : dict of str to KerasTensor
        "pixels", uint8.
    x : KerasTensor
        Of shape (n_rows, height, width, channels). The layer "pixels_float" gives it before any augmentation.
    """
    import keras

    from appliedml.models.builders import _image_layers as own

    pixels = keras.Input(shape=(spec.height, spec.width, spec.channels), dtype="uint8", name=PIXELS)
    x = own.PixelsToFloat(name="pixels_float")(pixels)
    for layer in augmentation_layers(augment, derive_seed(seed, "augment")):
        x = layer(x)
    return {PIXELS: pixels}, x
