"""Simple models to compare with, each with its own leak-safe preparation of raw features."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from appliedml.core.images import Images
from appliedml.core.texts import Texts
from appliedml.core.thumbnails import thumbnails

SINGLE_THREAD_ROWS = 200_000
# What one-hot columns and histogram boosting can hold; rarer levels of a category are pooled.
MAX_LEVELS_ONE_HOT = 50
MAX_LEVELS_NATIVE = 250
# Enough to tell what a picture shows by its coarse light and dark; more columns make the fit slow, not better.
THUMBNAIL_SIDE = 16
BASELINES: dict[str, str] = {
    "majority": "Always the class shares",
    "logistic_regression": "Logistic regression",
    "hist_gradient_boosting": "Histogram gradient boosting",
    "thumbnail_logistic_regression": f"Logistic regression on thumbnails of {THUMBNAIL_SIDE} x {THUMBNAIL_SIDE}",
    "tfidf_logistic_regression": "Logistic regression on TF-IDF of words and word pairs",
}


def usual_baselines(X: Any) -> tuple[str, ...]:
    """Return the baselines that make sense for a kind of inputs.

    Parameters
    ----------
    X : DataFrame, array, Images or Texts

    Returns
    -------
    tuple of str
        Keys of ``BASELINES``.

    Examples
    --------
    >>> usual_baselines(Texts(["good", "bad"]))
    ('majority', 'tfidf_logistic_regression')
    """
    if isinstance(X, Images):
        return ("majority", "thumbnail_logistic_regression")
    if isinstance(X, Texts):
        return ("majority", "tfidf_logistic_regression")
    return ("majority", "logistic_regression", "hist_gradient_boosting")


def plain_frame(X: Any) -> pd.DataFrame | None:
    """Return features as float64 and text columns only, or None where the inputs are no table.

    No value is learned: numbers and booleans become float64 (missing and infinite as NaN), dates the days since 1970,
    everything else text with NaN for missing.
    """
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "fiub":
        X = pd.DataFrame(X, columns=[f"column {i}" for i in range(X.shape[1])])
    if not isinstance(X, pd.DataFrame):
        return None
    columns: dict[str, Any] = {}
    for place, name in enumerate(X.columns):
        values = X.iloc[:, place]
        if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
            start = pd.Timestamp(0, tz=values.dt.tz) if hasattr(values.dtype, "tz") else pd.Timestamp(0)
            spans = values if pd.api.types.is_timedelta64_dtype(values) else values - start
            columns[str(name)] = (spans / pd.Timedelta(days=1)).to_numpy(dtype=float)
        elif pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values):
            numbers = values.to_numpy(dtype=float, na_value=np.nan)
            columns[str(name)] = np.where(np.isfinite(numbers), numbers, np.nan)
        else:
            codes, levels = pd.factorize(values)  # every level is written once, not every row
            text = np.array([*(str(item) for item in levels), np.nan], dtype=object)
            columns[str(name)] = pd.Series(text[codes], dtype=object)
    return pd.DataFrame(columns)


def fit_baseline(
    name: str, train: Any, y: ArrayLike, test: Any, n_classes: int, seed: int, weight: ArrayLike | None = None
) -> tuple[NDArray[np.float64] | None, str]:
    """Fit a simple model on training rows and give its probabilities for test rows.

    Parameters
    ----------
    name : str
        A key of ``BASELINES``.
    train, test : object
        Raw features.
    y : array of shape (n_train,)
        Class codes.
    n_classes, seed : int
    weight : array of shape (n_train,), optional

    Returns
    -------
    probabilities : array of shape (n_test, n_classes), or None
        None where the model cannot use these inputs.
    note : str
        Why it could not, or what to know about the fit; mostly empty.
    """
    codes = np.asarray(y).astype(np.int64)
    weights = np.ones(len(codes)) if weight is None else np.asarray(weight, dtype=float)
    if name == "majority":
        shares = np.bincount(codes, weights=weights, minlength=n_classes) / weights.sum()
        return np.tile(shares, (len(test), 1)), ""
    prepared = _PREPARED[name](name, train, test)
    if isinstance(prepared, str):
        return None, prepared
    fit_rows, test_rows = prepared
    if len(np.unique(codes)) < 2:
        return None, f"{BASELINES[name]} needs training rows of at least two classes."
    if name == "hist_gradient_boosting":
        model = _boosting(fit_rows, seed)
    elif name == "tfidf_logistic_regression":
        model = _tfidf()
    else:
        model = _logistic(fit_rows)
    try:
        # On a busy machine the threads of boosting wait for each other: 800 rows took 45 s, and 0.6 s on one.
        with threadpool_limits(1 if len(codes) < SINGLE_THREAD_ROWS else None, "openmp"), _recorded() as caught:
            model.fit(fit_rows, codes, model__sample_weight=weights)
            given = np.asarray(model.predict_proba(test_rows), dtype=np.float64)
    except ValueError as error:
        if name != "tfidf_logistic_regression":
            raise
        # Too few training texts share a word.
        return None, f"{BASELINES[name]}: {error}"
    out = np.zeros((len(test), n_classes))
    out[:, model.classes_] = given
    # Said in the report instead: a baseline that did not converge is a weak opponent.
    stopped = any("converge" in str(item.message) for item in caught)
    return out, "The fit stopped before it converged." if stopped else ""


def _table_rows(name: str, train: Any, test: Any) -> tuple[Any, Any] | str:
    fit_rows, test_rows = plain_frame(train), plain_frame(test)
    if fit_rows is None or test_rows is None:
        return f"{BASELINES[name]} needs a table of features; these inputs are not one."
    # Columns without a value in the training rows teach nothing, and boosting cannot bin them.
    known = [column for column in fit_rows.columns if fit_rows[column].notna().any()]
    if not known:
        return f"{BASELINES[name]} needs a feature with a value in the training rows."
    return fit_rows[known], test_rows[known]


def _thumbnail_rows(name: str, train: Any, test: Any) -> tuple[Any, Any] | str:
    if not isinstance(train, Images) or not isinstance(test, Images):
        return f"{BASELINES[name]} needs pictures; these inputs are none."
    small = [thumbnails(part, THUMBNAIL_SIDE, THUMBNAIL_SIDE).reshape(len(part), -1) for part in (train, test)]
    tables = [pd.DataFrame(part.astype(np.float64), columns=[f"p{i}" for i in range(part.shape[1])]) for part in small]
    return tables[0], tables[1]


def _text_rows(name: str, train: Any, test: Any) -> tuple[Any, Any] | str:
    if not isinstance(train, Texts) or not isinstance(test, Texts):
        return f"{BASELINES[name]} needs texts; these inputs are none."
    return list(train), list(test)


_PREPARED: dict[str, Callable[[str, Any, Any], tuple[Any, Any] | str]] = {
    "logistic_regression": _table_rows,
    "hist_gradient_boosting": _table_rows,
    "thumbnail_logistic_regression": _thumbnail_rows,
    "tfidf_logistic_regression": _text_rows,
}


@contextmanager
def _recorded() -> Iterator[list[warnings.WarningMessage]]:
    """Collect warnings instead of showing them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def _split_columns(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    numbers = [name for name in frame.columns if frame[name].dtype.kind == "f"]
    return numbers, [name for name in frame.columns if name not in numbers]


def _logistic(frame: pd.DataFrame) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers, texts = _split_columns(frame)
    impute = SimpleImputer(strategy="median", add_indicator=True)
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_LEVELS_ONE_HOT, dtype=np.float64)
    prepare = ColumnTransformer(
        [("numbers", make_pipeline(impute, StandardScaler()), numbers), ("categories", one_hot, texts)]
    )
    return Pipeline([("prepare", prepare), ("model", LogisticRegression(max_iter=1000))])


def _boosting(frame: pd.DataFrame, seed: int) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    numbers, texts = _split_columns(frame)
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=MAX_LEVELS_NATIVE,
        dtype=np.float64,
    )
    prepare = ColumnTransformer([("numbers", "passthrough", numbers), ("categories", codes, texts)])
    native = np.array([False] * len(numbers) + [True] * len(texts))
    model = HistGradientBoostingClassifier(random_state=seed, categorical_features=native if len(texts) else None)
    return Pipeline([("prepare", prepare), ("model", model)])


def _tfidf() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return Pipeline([("prepare", words), ("model", LogisticRegression(max_iter=1000))])
