"""Let any scikit-learn transformer work on tables and say which input each output came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone

from appliedml.core.seeds import derive_seed


def transformed(stage: Any, X: Any, out: Any) -> Any:
    """Return a transformer's output as the kind of inputs it was given.

    Parameters
    ----------
    stage : object
        The fitted transformer.
    X : DataFrame, array or Inputs
        What it was given.
    out : object
        What it returned.

    Returns
    -------
    object
        A DataFrame if a DataFrame was given and the output has two axes; sparse output becomes dense.
    """
    if sparse.issparse(out):
        out = out.toarray()
    if not isinstance(X, pd.DataFrame):
        return out
    if isinstance(out, pd.DataFrame):
        return out.reset_index(drop=True)
    found = np.asarray(out)
    return pd.DataFrame(found, columns=_names_out(stage, X, found.shape[1])) if found.ndim == 2 else out


def _names_out(stage: Any, X: pd.DataFrame, n_columns: int) -> list[str]:
    if hasattr(stage, "get_feature_names_out"):
        try:
            return [str(name) for name in stage.get_feature_names_out()]
        except (TypeError, ValueError):
            return [str(name) for name in stage.get_feature_names_out(list(X.columns))]
    if n_columns == X.shape[1]:
        return [str(name) for name in X.columns]
    prefix = type(stage).__name__.lower()
    return [f"{prefix}_{number}" for number in range(n_columns)]


def sources_of(stage: Any, names_in: Sequence[str], names_out: Sequence[str]) -> dict[str, str]:
    """Say which input column each output column was made from.

    Parameters
    ----------
    stage : object
        The fitted transformer; its own ``feature_sources_`` is believed.
    names_in, names_out : sequence of str

    Returns
    -------
    dict of str to str
        An output made from several inputs is its own source.

    Examples
    --------
    >>> sources_of(object(), ["sex", "sex_at_birth"], ["sex_f", "sex_at_birth_f", "pca0"])
    {'sex_f': 'sex', 'sex_at_birth_f': 'sex_at_birth', 'pca0': 'pca0'}
    """
    own = getattr(stage, "feature_sources_", None)
    if own is not None:
        return {name: str(own.get(name, name)) for name in names_out}
    by_length = sorted(names_in, key=len, reverse=True)
    sources = {}
    for name in names_out:
        stems = (source for source in by_length if name == source or name.startswith(f"{source}_"))
        sources[name] = next(stems, name)
    return sources


def seeded(stage: Any, seed: int, *path: str | int) -> Any:
    """Return an unfitted copy whose open ``random_state`` parameters are filled from a path.

    Parameters
    ----------
    stage : object
    seed : int
    *path : str or int

    Returns
    -------
    object
    """
    copy = clone(stage)
    if not hasattr(copy, "get_params"):
        return copy
    open_seeds = {
        name: derive_seed(seed, *path, name)
        for name, value in copy.get_params().items()
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    }
    return copy.set_params(**open_seeds) if open_seeds else copy
