"""``text_embeddings``: texts to a table of a pre-trained encoder's vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from appliedml.core.params import AnyOf, Boolean, Choice, Integer, ListOf, Null, Rule, Text
from appliedml.core.stage import Configured
from appliedml.core.texts import Texts
from appliedml.errors import DataError, Problem, StageError
from appliedml.pretrained.minilm import KEEPS, NAME, POOLINGS, encoder_problem, load_encoder, unit_length


class TextEmbeddings(TransformerMixin, Configured):
    """Vectors of a frozen text encoder, one row a text. It learns nothing from the rows.

    Every different text is computed once in a process, whatever the number of folds. Distances between the vectors mean
    something, so that SMOTE works on them.

    Parameters
    ----------
    encoder : str, default "all-minilm-l6-v2"
        The weights: ``appliedml weights install all-minilm-l6-v2``.
    weights : str, optional
        A folder with ``config.json``, ``model.safetensors`` and ``tokenizer.json`` of a BERT encoder, in place of
        ``encoder``.
    layers : list of int, default [6]
        Whose outputs are taken: 0 for the embeddings, then the layers; several are put side by side.
    pooling : list of str, default ["mean"]
        "mean" and "max" over the pieces of a text, "cls" for its first mark; several are put side by side.
    length : int, default 256
        Most word pieces of a text that are read.
    keep : str, default "start"
        What is read of a longer text: "start", or "both", half from the start and half from the end.
    unit_length : bool, default True
        Whether each pooled vector is divided by its length. With the defaults the result is the sentence embedding of
        sentence-transformers.

    Attributes
    ----------
    feature_sources_ : dict of str to str
        Every column comes from the text.
    digest_ : str
        SHA-256 of the weights.
    notes_ : list of str

    Source
    ------
    Reimers, Gurevych (2019), Sentence-BERT; Wang et al. (2020), MiniLM.

    Examples
    --------
    >>> TextEmbeddings(layers=[4, 6]).get_params()["pooling"]
    ['mean']
    """

    reads: ClassVar[str] = "texts"
    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "encoder": Choice(NAME),
        "weights": AnyOf(Null(), Text()),
        "layers": ListOf(Integer(0, 48), min_items=1),
        "pooling": ListOf(Choice(*POOLINGS), min_items=1),
        "length": Integer(8, 512),
        "keep": Choice(*KEEPS),
        "unit_length": Boolean(),
    }

    def __init__(
        self,
        encoder: str = NAME,
        *,
        weights: str | None = None,
        layers: list[int] = [6],  # noqa: B006 - scikit-learn needs the default as it is; it is never changed
        pooling: list[str] = ["mean"],  # noqa: B006
        length: int = 256,
        keep: str = "start",
        unit_length: bool = True,
    ) -> None:
        self.encoder = encoder
        self.weights = weights
        self.layers = layers
        self.pooling = pooling
        self.length = length
        self.keep = keep
        self.unit_length = unit_length

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
        told = encoder_problem(parameters.get("encoder", NAME), parameters.get("weights"))
        return [Problem(where, told)] if told else []

    def fit(self, X: Any, y: Any = None) -> Self:
        """Load the encoder; rows and labels are not looked at.

        Parameters
        ----------
        X : Texts, or list, Series or one-dimensional array of str
        y : array, optional

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        StageError
            If these are no texts, or a layer is not there.
        MissingExtraError
            If the weights, or the extra "text", are not installed.
        """
        self.check_parameters()
        texts = _texts(X)
        loaded = load_encoder(self.encoder, self.weights)
        if max(self.layers) > loaded.config.n_layers:
            raise StageError(
                f"TextEmbeddings: layers must lie between 0 and {loaded.config.n_layers}, the layers of the encoder. "
                f"layers is {self.layers}."
            )
        self.digest_ = loaded.digest
        self.notes_: list[str] = []
        n_columns = len(self.layers) * len(self.pooling) * loaded.config.width
        self.feature_sources_ = {f"e{number}": texts.column for number in range(n_columns)}
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the vectors of texts.

        Parameters
        ----------
        X : Texts, or list, Series or one-dimensional array of str
            A missing text is an empty one.

        Returns
        -------
        DataFrame of shape (n_texts, n_columns), float32
            Columns e0, e1, ...: layer by layer, pooling by pooling.

        Raises
        ------
        StageError
            If these are no texts.
        DataError
            If the weights are not those of ``fit``.
        """
        check_is_fitted(self, "digest_")
        texts = _texts(X)
        loaded = load_encoder(self.encoder, self.weights)
        if loaded.digest != self.digest_:
            raise DataError(
                f"TextEmbeddings was fitted with weights of SHA-256 {self.digest_[:16]}..; those here have "
                f"{loaded.digest[:16]}... Give it the same weights, or fit it again."
            )
        found = loaded.vectors(texts, layers=self.layers, poolings=self.pooling, length=self.length, keep=self.keep)
        vectors = unit_length(found) if self.unit_length else found
        return pd.DataFrame(vectors.reshape(len(texts), -1), columns=list(self.feature_sources_))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the output columns.

        Parameters
        ----------
        input_features : object
            Not looked at: texts have no columns.

        Returns
        -------
        array of str, shape (n_columns,)
        """
        check_is_fitted(self, "digest_")
        return np.array(list(self.feature_sources_), dtype=object)

    def describe(self) -> dict[str, Any]:
        """Return facts for the run's record: the encoder, and where its weights came from.

        Returns
        -------
        dict
            A JSON value.
        """
        check_is_fitted(self, "digest_")
        loaded = load_encoder(self.encoder, self.weights)
        return {"encoder": loaded.facts()}


def _texts(X: Any) -> Texts:
    if isinstance(X, Texts):
        return X
    flat = isinstance(X, Sequence | pd.Series) or (isinstance(X, np.ndarray) and X.ndim == 1)
    if flat and not isinstance(X, str):
        try:
            return Texts(X)
        except DataError as error:
            raise StageError(f"TextEmbeddings takes texts. {error}") from error
    raise StageError(
        f"TextEmbeddings takes texts (Texts, or a list of str). It was given a {type(X).__name__}"
        + (f" of shape {X.shape}." if hasattr(X, "shape") else ".")
    )
