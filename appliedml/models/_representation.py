"""What a network makes of rows before its last layer decides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.models._lazy import rows_a_call
from appliedml.models._settings import Network

FEATURES = "features"
_MOST_ROWS = 65_536


def representation(network: Network, weights: list[NDArray[Any]], x: dict[str, Any]) -> NDArray[np.float64]:
    """Return the frozen features a network stands on, or else the inputs of its last layer.

    Parameters
    ----------
    network : Network
    weights : list of array
        Values of all its variables.
    x : dict of str to array or LazyRows
        Encoded rows.

    Returns
    -------
    array of shape (n_rows, n_values)
        Axes between the first and the last (places in a picture or a text) are averaged.
    """
    n_rows, step = len(next(iter(x.values()))), rows_a_call(x, _MOST_ROWS)
    body = None if FEATURES in x else _body(network, weights)
    parts = []
    for start in range(0, n_rows, step):
        batch = {name: np.asarray(array[start : start + step]) for name, array in x.items()}
        found = batch[FEATURES] if body is None else np.asarray(body(batch, training=False))
        flat = found.astype(np.float64)
        parts.append(flat.mean(axis=tuple(range(1, flat.ndim - 1))) if flat.ndim > 2 else flat)
    return np.concatenate(parts)


def _body(network: Network, weights: list[NDArray[Any]]) -> Any:
    import keras

    model = network.build(0)
    for variable, value in zip(model.variables, weights, strict=True):
        variable.assign(value)
    return keras.Model(model.input, model.layers[-1].input)
