"""Hashes of data and settings that are the same on every machine."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.inputs import Inputs


def canonical_json(data: Any) -> str:
    """Return JSON text with sorted keys, so that equal data gives equal text.

    Parameters
    ----------
    data : JSON value

    Returns
    -------
    str

    Examples
    --------
    >>> canonical_json({"b": 1, "a": [1.5, None]})
    '{"a":[1.5,null],"b":1}'
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | tuple | set | frozenset):
        return list(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def fingerprint(data: Any) -> str:
    """Return the SHA-256 of data as hex.

    Parameters
    ----------
    data : DataFrame, Series, array, Inputs, bytes or JSON value

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> fingerprint({"a": 1}) == fingerprint({"a": 1})
    True
    """
    digest = hashlib.sha256()
    if isinstance(data, pd.Series):
        data = data.to_frame()
    if isinstance(data, pd.DataFrame):
        digest.update(canonical_json([str(c) for c in data.columns]).encode())
        for position in range(data.shape[1]):
            digest.update(pd.util.hash_pandas_object(data.iloc[:, position], index=False).to_numpy().tobytes())
    elif isinstance(data, np.ndarray) and data.dtype != object:
        digest.update(f"{data.dtype.str}{data.shape}".encode())
        digest.update(np.ascontiguousarray(data).tobytes())
    elif isinstance(data, bytes):
        digest.update(data)
    elif isinstance(data, Inputs) and not isinstance(data, np.ndarray):
        digest.update(data.fingerprint().encode())
    else:
        digest.update(canonical_json(data.tolist() if isinstance(data, np.ndarray) else data).encode())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hex.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
    """
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
