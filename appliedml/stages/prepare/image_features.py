"""``image_features``: pictures to a table of a pre-trained network's features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from appliedml.core.images import Images
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Rule, Text
from appliedml.core.stage import Configured
from appliedml.errors import Problem, StageError
from appliedml.pretrained.backbones import BACKBONES, default_size, weights_problem
from appliedml.pretrained.frozen import FEATURES, POOLINGS, FrozenPart


class ImageFeatures(TransformerMixin, Configured):
    """Pooled features of a frozen network, one row a picture. It learns nothing from the rows.

    Every different picture is computed once in a process, whatever the number of folds.

    Parameters
    ----------
    backbone : str, default "efficientnet_lite0"
        Or a network of ``keras.applications`` in snake case ("resnet50_v2").
    weights : str, default "imagenet"
        Or "random", or the path of a weights file.
    size : int, optional
        Height and width in pixels that pictures are brought to; default what the network was trained on.
    levels : "last", "stages" or list of str, default "last"
        Layers that are pooled: the last map; the end of every resolution from an eighth on; or these.
    pooling : {"average", "max", "both"}, default "average"

    Attributes
    ----------
    feature_sources_ : dict of str to str
        Every column comes from "image".
    part_ : FrozenPart
        What was run, with the SHA-256 of its weights.
    notes_ : list of str

    Source
    ------
    Razavian et al. (2014), CNN Features off-the-shelf; Evci et al. (2022), Head2Toe, for several levels.

    Examples
    --------
    >>> ImageFeatures(levels="stages").get_params()["pooling"]
    'average'
    """

    reads: ClassVar[str] = "images"
    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "backbone": Choice(*BACKBONES),
        "weights": Text(),
        "size": AnyOf(Integer(32, 1024), Null()),
        "levels": AnyOf(Choice("last", "stages"), ListOf(Text(), 1)),
        "pooling": Choice(*POOLINGS),
    }

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        *,
        weights: str = "imagenet",
        size: int | None = None,
        levels: str | list[str] = "last",
        pooling: str = "average",
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.size = size
        self.levels = levels
        self.pooling = pooling

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

    def fit(self, X: Any, y: Any = None) -> Self:
        """Load the network; rows and labels are not looked at.

        Parameters
        ----------
        X : Images or array of shape (n_images, height, width) or (n_images, height, width, channels)
        y : array, optional

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        StageError
            If these are no pictures, or a layer is not there.
        MissingExtraError
            If the weights are not here.
        """
        self.check_parameters()
        self._images(X)
        side = int(self.size or default_size(self.backbone))
        levels = self.levels if isinstance(self.levels, str) else tuple(self.levels)
        self.part_ = FrozenPart(self.backbone, self.weights, (side, side), levels, self.pooling).pinned()
        self.notes_: list[str] = []
        self.feature_sources_ = {f"f{number}": "image" for number in range(self.part_.shapes()[FEATURES][0])}
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the features of pictures.

        Parameters
        ----------
        X : Images or array
            Of any size; they are brought to the network's.

        Returns
        -------
        DataFrame of shape (n_images, n_features), float32
            Columns f0, f1, ...

        Raises
        ------
        StageError
            If these are no pictures.
        """
        check_is_fitted(self, "part_")
        found = self.part_.rows(self._images(X))[FEATURES]
        return pd.DataFrame(found, columns=list(self.feature_sources_))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the output columns.

        Parameters
        ----------
        input_features : object
            Not looked at: pictures have no columns.

        Returns
        -------
        array of str, shape (n_features,)
        """
        check_is_fitted(self, "part_")
        return np.array(list(self.feature_sources_), dtype=object)

    def describe(self) -> dict[str, Any]:
        """Return facts for the run's record: the network, and where its weights came from.

        Returns
        -------
        dict
            A JSON value.
        """
        check_is_fitted(self, "part_")
        return {"backbone": self.part_.facts()}

    @staticmethod
    def _images(X: Any) -> Images:
        if isinstance(X, Images):
            return X
        if isinstance(X, np.ndarray) and X.ndim in (3, 4) and X.dtype.kind in "uif":
            return Images.of(X)
        raise StageError(
            "ImageFeatures takes pictures (Images, or an array of shape (n, height, width) or (n, height, width, "
            f"channels)). It was given a {type(X).__name__} of shape {getattr(X, 'shape', '?')}."
        )
