"""What builders of networks that are trained on pictures from scratch share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from appliedml.core.params import Choice, Rule
from appliedml.models._image_inputs import PIXELS, ImageEncoder, ImageSpec
from appliedml.models.builders._augment import AUGMENT_RULES, read_pixels
from appliedml.models.builders._builder import Builder

SCALES = ("range", "training", "picture")
IMAGE_RULES: dict[str, Rule] = {"normalise": Choice(*SCALES), **AUGMENT_RULES}

_SCALE_LAYER = "pixels_scaled"
# Pictures that are looked at to learn a mean and a spread.
_MOST_PICTURES = 2_000


class ImageBuilder(Builder):
    """A builder whose front scales and augments pixels."""

    reads: ClassVar[str] = "images"
    normalise: str
    augment: Mapping[str, Any] | None
    mixup: float

    def learn_inputs(self, X: Any, *, embed_numbers_up_to: int = 0) -> ImageEncoder:
        """Return an encoder for pictures like these.

        Parameters
        ----------
        X : Images or array
        embed_numbers_up_to : int
            Of tables; pictures have no such columns.

        Returns
        -------
        ImageEncoder

        Raises
        ------
        DataError
            If these are no pictures.
        """
        return ImageEncoder.learn(X)

    def read(self, spec: ImageSpec, seed: int) -> tuple[dict[str, Any], Any]:
        """Return the Keras input and the augmented, scaled pixels.

        Parameters
        ----------
        spec : ImageSpec
        seed : int

        Returns
        -------
        inputs : dict of str to KerasTensor
        x : KerasTensor
        """
        from appliedml.models.builders import _image_layers as own

        inputs, x = read_pixels(spec, self.augment, seed)
        scale = own.PictureScale if self.normalise == "picture" else own.PixelScale
        return inputs, scale(name=_SCALE_LAYER)(x)

    def adapt(self, model: Any, x: Mapping[str, Any]) -> None:
        """With ``normalise="training"``, set mean and spread of every channel to those of the training pictures.

        Parameters
        ----------
        model : keras.Model
        x : dict of str to array or LazyRows
        """
        if self.normalise != "training":
            return
        pixels = x[PIXELS]
        chosen = np.unique(np.linspace(0, len(pixels) - 1, min(len(pixels), _MOST_PICTURES)).astype(np.intp))
        n, total, squares = 0, 0.0, 0.0
        for start in range(0, len(chosen), 100):
            values = np.asarray(pixels[chosen[start : start + 100]], dtype=np.float64)
            n += values[..., 0].size
            total = total + values.sum(axis=(0, 1, 2))
            squares = squares + (values**2).sum(axis=(0, 1, 2))
        mean = np.asarray(total) / n
        spread = np.sqrt(np.maximum(np.asarray(squares) / n - mean**2, 1.0))
        layer = model.get_layer(_SCALE_LAYER)
        layer.mean.assign(mean.astype(np.float32))
        layer.factor.assign((1.0 / spread).astype(np.float32))
