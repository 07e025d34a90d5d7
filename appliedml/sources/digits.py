"""Read scikit-learn's handwritten digits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from appliedml.core.images import Images
from appliedml.core.params import AnyOf, Integer, Null, Rule
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema
from appliedml.core.stage import Configured
from appliedml.sources._image_tables import image_samples
from appliedml.sources._pixels import resized

# scikit-learn stores how many of the 16 points under a pixel are ink.
_INK = 16


class Digits(Configured):
    """Read 1,797 handwritten digits of 8 x 8 pixels, which come with scikit-learn.

    Parameters
    ----------
    size : int, optional
        Height and width in pixels to bring them to. Default: 8, as they are.

    Raises
    ------
    ParameterError
        From :meth:`read`: if the size breaks its rule.

    Source
    ------
    Alpaydin, Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning Repository (its test
    part), as ``sklearn.datasets.load_digits``.

    Examples
    --------
    >>> Digits().read().X
    Images(1797 of 8 x 8, grey)
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"size": AnyOf(Integer(8, 256), Null())}

    def __init__(self, size: int | None = None) -> None:
        self.size = size

    @property
    def default_schema(self) -> Schema:
        """Target ``digit``."""
        return Schema("digit")

    def column_names(self, folder: Path | None = None) -> list[str]:
        """Return the names of the columns that a schema may name.

        Parameters
        ----------
        folder : Path, optional
            Every source is told where the plan lies. Nothing is read here.

        Returns
        -------
        list of str
        """
        return ["image", "digit"]

    def read(self, schema: Schema | None = None, folder: Path | None = None) -> Samples:
        """Return the digits as samples.

        Parameters
        ----------
        schema : Schema, optional
            Default: :attr:`default_schema`.
        folder : Path, optional
            Every source is told where the plan lies. Nothing is read here.

        Returns
        -------
        Samples

        Raises
        ------
        ParameterError
        """
        from sklearn.datasets import load_digits

        self.check_parameters()
        found = load_digits()
        pixels = np.rint(found.images * (255 / _INK)).astype(np.uint8)[..., None]
        if self.size is not None:
            pixels = np.stack([resized(picture, self.size, self.size, 1) for picture in pixels])
        table = pd.DataFrame({"image": [f"digit {row}" for row in range(len(pixels))], "digit": found.target})
        drawn = Images.of(pixels)
        images = Images(drawn.items, drawn.decoder, drawn.size, 1, list(table["image"]))
        return image_samples("Digits", images, table, schema or self.default_schema)
