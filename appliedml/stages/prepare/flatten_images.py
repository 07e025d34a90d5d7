"""Pictures as the rows of a table, one column a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from appliedml.core.images import Images
from appliedml.core.params import AnyOf, Integer, Null, Rule
from appliedml.core.stage import Configured
from appliedml.core.thumbnails import thumbnails
from appliedml.errors import StageError

# A table wider than this is a mistake: a network for pictures reads them as they are.
MOST_COLUMNS = 20_000


class FlattenImages(TransformerMixin, Configured):
    """Turn pictures into a table with one number between 0 and 1 a pixel, for models that read tables.

    Parameters
    ----------
    size : int, optional
        Pixels that each side keeps at most, by averaging areas. Default: all.

    Attributes
    ----------
    feature_sources_ : dict of str to str
        Every column ``p_<row>_<column>`` (of colour pictures ``p_<row>_<column>_<channel>``) is its own source.

    Raises
    ------
    StageError
        If the inputs are no pictures, are of another size than in training, or have more than 20,000 values.

    Examples
    --------
    >>> pictures = Images.of(np.array([[[0, 255], [255, 0]]]))
    >>> FlattenImages().fit(pictures).transform(pictures).to_dict("records")
    [{'p_0_0': 0.0, 'p_0_1': 1.0, 'p_1_0': 1.0, 'p_1_1': 0.0}]
    """

    # What it takes, as of builders: "table", "images" or "texts".
    reads: ClassVar[str] = "images"
    # Its columns are pixels: a pipeline lets no sampler invent rows from them.
    makes_pixels: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = {"size": AnyOf(Null(), Integer(1, 1024))}

    def __init__(self, size: int | None = None) -> None:
        self.size = size

    def fit(self, X: Any, y: Any = None) -> Self:
        """Note the size of the pictures; no pixel is looked at.

        Parameters
        ----------
        X : Images, or array of shape (n, height, width) or (n, height, width, channels)
        y : array, optional
            Not used.

        Returns
        -------
        self
        """
        self.check_parameters()
        images = _as_images(X)
        self.shape_ = images.shape[1:]
        height, width, channels = self.shape_
        height, width = min(self.size or height, height), min(self.size or width, width)
        n_columns = height * width * channels
        if n_columns > MOST_COLUMNS:
            raise StageError(
                f"FlattenImages would make {n_columns:,} columns of pictures of {height} x {width}; the most is "
                f"{MOST_COLUMNS:,}. Give size=16, for example, or choose a builder for pictures (cnn)."
            )
        ends = [""] if channels == 1 else [f"_{channel}" for channel in range(channels)]
        names = [f"p_{row}_{column}{end}" for row in range(height) for column in range(width) for end in ends]
        self.feature_sources_ = {name: name for name in names}
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the table.

        Parameters
        ----------
        X : Images or array
            Of the size of training.

        Returns
        -------
        DataFrame of float32, shape (n, height * width * channels)
        """
        check_is_fitted(self, "feature_sources_")
        images = _as_images(X)
        if images.shape[1:] != self.shape_:
            raise StageError(
                f"FlattenImages was fitted on pictures of {self.shape_} (height, width, channels). These have "
                f"{images.shape[1:]}. Read them at the same size."
            )
        most = self.size or max(images.size)
        pixels = thumbnails(images, most, most)
        return pd.DataFrame(pixels.reshape(len(images), -1) / np.float32(255), columns=list(self.feature_sources_))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the columns.

        Parameters
        ----------
        input_features : object, optional
            Not used: pictures have no named columns.

        Returns
        -------
        array of str
        """
        check_is_fitted(self, "feature_sources_")
        return np.array(list(self.feature_sources_), dtype=object)


def _as_images(X: Any) -> Images:
    if isinstance(X, Images):
        return X
    if isinstance(X, np.ndarray) and X.ndim in (3, 4):
        return Images.of(X)
    raise StageError(
        f"FlattenImages takes pictures (Images, or an array of shape (n, height, width, channels)). It was given a "
        f"{type(X).__name__} of shape {getattr(X, 'shape', '?')}. Leave it out for tables."
    )
