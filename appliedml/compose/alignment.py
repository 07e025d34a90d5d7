"""Keep the meta table aligned when a sampler changes the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.images import Images
from appliedml.core.inputs import take_rows
from appliedml.core.samples import OBSERVED, SENSITIVE_PREFIX, SYNTHETIC, Samples
from appliedml.core.texts import Texts
from appliedml.errors import StageError

REPEATED = "repeated"
NO_PICTURE_BETWEEN = "a point between the pixels of two pictures is no picture that anybody could have taken"


def resample(stage: Any, samples: Samples) -> Samples:
    """Run a sampler on training rows and give every row of its output the meta row it belongs to.

    Parameters
    ----------
    stage : object
        Has ``fit_resample(X, y)``; ours or imbalanced-learn's.
    samples : Samples
        Training rows, validation rows already set aside.

    Returns
    -------
    Samples
        Selected rows keep their meta; repeats are marked "repeated", new rows "synthetic".

    Raises
    ------
    StageError
        If the sampler both removes and makes rows, so that no row can be traced.

    Notes
    -----
    The rule: a sampler with ``sample_indices_`` selects rows; one whose first rows are the input rows adds synthetic
    ones; anything else cannot be traced. A sampler may offer ``sample_weight_``, one weight per output row.
    """
    by_position = isinstance(samples.X, Images | Texts) and not getattr(stage, "reads_inputs", False)
    # Pictures and texts stay where they are: a sampler of rows is shown the positions, and picks among them.
    shown = np.arange(len(samples), dtype=np.float64)[:, None] if by_position else samples.X
    if by_position and not _picks_blindly(stage):
        raise StageError(_no_invented_rows(stage, samples.X))
    X, y = stage.fit_resample(shown, samples.y)
    y = np.asarray(y)
    indices = getattr(stage, "sample_indices_", None)
    if indices is not None and len(indices) == len(y):
        chosen = np.asarray(indices, dtype=np.intp)
        made = np.asarray(getattr(stage, "synthetic_rows_", np.zeros(len(y))), dtype=bool)
        out = _selected(samples, take_rows(samples.X, chosen) if by_position else X, y, chosen, made)
    elif (
        len(y) >= len(samples)
        and _starts_with(X, samples.X)
        and np.array_equal(y[: len(samples)], np.asarray(samples.y))
    ):
        out = _extended(samples, X, y)
    else:
        raise StageError(
            f"{type(stage).__name__} both removes rows and makes new ones, so sensitive features, groups and weights "
            f"cannot follow ({len(samples)} rows in, {len(y)} out). Write it as two stages, for example smote, then "
            "tomek_links."
        )
    weights = getattr(stage, "sample_weight_", None)
    return out if weights is None else _weighted(out, np.asarray(weights, dtype=float))


def _picks_blindly(stage: Any) -> bool:
    """Whether a sampler picks rows without looking at their values, so that positions can stand for them."""
    if type(stage).__module__.startswith("imblearn."):
        return type(stage).__name__ in ("RandomOverSampler", "RandomUnderSampler")
    return bool(getattr(stage, "picks_blindly", False))


def invents_rows(stage: Any) -> bool:
    """Whether a sampler makes rows that lie between the given ones.

    Parameters
    ----------
    stage : sampler
        Ours says so by ``invents_rows``; imbalanced-learn's is known by its module.

    Returns
    -------
    bool
    """
    if type(stage).__module__.startswith(("imblearn.over_sampling.", "imblearn.combine.")):
        return not _picks_blindly(stage)
    return bool(getattr(stage, "invents_rows", False))


def _no_invented_rows(stage: Any, X: Any) -> str:
    if isinstance(X, Images):
        reason, features = NO_PICTURE_BETWEEN, "image_features"
    else:
        reason, features = "there is no row between two texts", "text_embeddings"
    return (
        f"{type(stage).__name__} works with distances between rows, and {reason}. Put {features} before it, so that it "
        "works on frozen features, or balance by random_over or class_weights."
    )


def _selected(samples: Samples, X: Any, y: NDArray[Any], indices: NDArray[np.intp], made: NDArray[np.bool_]) -> Samples:
    meta = samples.meta.iloc[indices].reset_index(drop=True)
    repeated = meta["row_id"].duplicated() & (meta["origin"] == OBSERVED)
    meta["origin"] = meta["origin"].where(~repeated, REPEATED).where(~made, SYNTHETIC)
    return Samples(X, y, meta, samples.schema)


def _extended(samples: Samples, X: Any, y: NDArray[Any]) -> Samples:
    n_new = len(y) - len(samples)
    if n_new == 0:
        return Samples(X, y, samples.meta, samples.schema)
    new = pd.DataFrame(index=range(n_new))
    numbered = pd.api.types.is_integer_dtype(samples.meta["row_id"])
    new["row_id"] = -1 - np.arange(n_new) if numbered else [f"synthetic {number}" for number in range(n_new)]
    new["origin"] = SYNTHETIC
    if samples.weight is not None:
        # A synthetic row weighs what the observed rows of its class weigh on average.
        by_class = pd.Series(samples.weight).groupby(np.asarray(samples.y)).mean()
        new["weight"] = by_class.reindex(y[len(samples) :]).to_numpy()
    for column in samples.meta.columns:
        if column == "group" or column.startswith(SENSITIVE_PREFIX):
            new[column] = None
    meta = pd.concat([samples.meta.astype({c: object for c in new if new[c].isna().all()}), new], ignore_index=True)
    return Samples(X, y, meta[samples.meta.columns], samples.schema)


def _weighted(samples: Samples, weights: NDArray[np.float64]) -> Samples:
    meta = samples.meta.copy()
    meta["weight"] = weights if samples.weight is None else samples.weight * weights
    return Samples(samples.X, samples.y, meta, samples.schema)


def _starts_with(longer: Any, shorter: Any) -> bool:
    n_rows = len(shorter)
    if isinstance(shorter, pd.DataFrame):
        head = take_rows(longer, np.arange(n_rows))
        same_names = list(head.columns) == list(shorter.columns)
        return same_names and all(_same(head[c].to_numpy(), shorter[c].to_numpy()) for c in shorter.columns)
    return _same(np.asarray(longer)[:n_rows], np.asarray(shorter))


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    if a.dtype.kind in "fiub" and b.dtype.kind in "fiub":
        return bool(np.array_equal(a.astype(float), b.astype(float), equal_nan=True))
    return bool((pd.Series(a).astype(str).to_numpy() == pd.Series(b).astype(str).to_numpy()).all())
