"""What a classifier asks of the rows it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import _check_sample_weight, validate_data

from appliedml.core import registry
from appliedml.core.images import Images
from appliedml.core.inputs import n_features
from appliedml.core.texts import Texts
from appliedml.errors import DataError, StageError
from appliedml.models._encoder import Encoder
from appliedml.models._image_inputs import as_images
from appliedml.models._text_inputs import as_texts

_KINDS = {
    "table": "tables. Put image_features, flatten_images or text_embeddings before it, or choose another builder",
    "images": "pictures: Images, or an array of shape (n, height, width) or (n, height, width, channels)",
    "texts": "texts: Texts, or a sequence of text",
}


def checked_inputs(estimator: Any, X: Any, y: Any = "no_validation", *, reset: bool) -> Any:
    """Return the rows of a fit or a prediction, as the builder of a classifier takes them.

    Parameters
    ----------
    estimator : KerasClassifier
    X : DataFrame, array, Images or Texts
    y : array, optional
    reset : bool
        Whether this is a fit, which sets ``n_features_in_`` and ``feature_names_in_``.

    Returns
    -------
    DataFrame, array, Images or Texts

    Raises
    ------
    DataError
        If the rows are of another kind, or there are none.
    StageError
        If a parameter for tables is given where there is none.
    """
    if hasattr(X, "__next__"):
        raise DataError(
            f"KerasClassifier: X is {_a(X)}, which can be read once, and every epoch reads all rows. Give the rows in "
            "memory, a keras.utils.PyDataset, or tf.data.Dataset.from_generator(...)."
        )
    reads = registry.find("builders", registry.split_entry(estimator.builder)[0]).reads
    if reads == "table":
        if isinstance(X, Images | Texts):
            raise _other_kind(estimator, reads, X)
        return _table(estimator, X, y, reset=reset)
    if estimator.embed_numbers_up_to:
        raise StageError(
            f"KerasClassifier: embed_numbers_up_to={estimator.embed_numbers_up_to} is for tables, and its builder "
            f"reads {reads}. Leave it 0."
        )
    try:
        inputs: Images | Texts = as_images(X) if reads == "images" else as_texts(X)
    except DataError as error:
        raise _other_kind(estimator, reads, X) from error
    if not len(inputs):
        raise DataError("KerasClassifier: found array with 0 sample(s) while a minimum of 1 is required.")
    if reset:
        estimator.n_features_in_ = n_features(inputs)
    return inputs


def _other_kind(estimator: Any, reads: str, X: Any) -> DataError:
    name = registry.split_entry(estimator.builder)[0]
    shape = f" of shape {X.shape}" if hasattr(X, "shape") else ""
    return DataError(f"KerasClassifier: the builder {name!r} reads {_KINDS[reads]}. It was given {_a(X)}{shape}.")


def _a(X: Any) -> str:
    name = type(X).__name__
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"


def _table(estimator: Any, X: Any, y: Any, *, reset: bool) -> Any:
    if not isinstance(X, pd.DataFrame):
        if y is None:
            validate_data(estimator, X, y, reset=reset)
        if not reset and estimator.encoder_.levels and not estimator.encoder_.by_position:
            raise DataError("KerasClassifier was trained on a DataFrame with categories. Give it a DataFrame.")
        return validate_data(estimator, X, reset=reset, dtype=[np.float64, np.float32])
    validate_data(estimator, X, y, skip_check_array=True, reset=reset)
    for size, what in zip(X.shape, ("sample", "feature"), strict=True):
        if size == 0:
            raise DataError(f"KerasClassifier: found array with 0 {what}(s) while a minimum of 1 is required.")
    return X


def row_weights(given: Any, n_rows: int) -> NDArray[np.float64]:
    """Return checked weights of rows.

    Parameters
    ----------
    given : array of shape (n_rows,), number or None
    n_rows : int

    Returns
    -------
    array of shape (n_rows,)

    Raises
    ------
    ValueError
        If there are not as many as rows, or one is negative.
    """
    stand_in = np.empty((n_rows, 1))
    weight = _check_sample_weight(given, stand_in, dtype=np.float64, ensure_non_negative=True)
    return np.asarray(weight, dtype=np.float64)


def scorer_of(encoder: Encoder, score: Callable[[Any], NDArray[np.float64]]) -> Callable[[Any], NDArray[np.float64]]:
    """Return a function from rows, or from arrays that are encoded already, to probabilities.

    Parameters
    ----------
    encoder : Encoder
    score : callable
        From encoded arrays to probabilities.

    Returns
    -------
    callable
    """
    return lambda rows: score(rows if isinstance(rows, dict) else encoder.encode(rows))
