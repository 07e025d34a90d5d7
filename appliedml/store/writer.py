"""Writing: every file goes to a temporary name and is renamed, so that what is there is whole."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.errors import RunError
from appliedml.store import layout


@contextmanager
def said_plainly(path: Path) -> Iterator[None]:
    """Turn a failed write into one sentence.

    Parameters
    ----------
    path : Path
        What was being written.

    Raises
    ------
    RunError
        If the disk is full, the folder is read-only or the path cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full. Free some space or choose another folder with --out"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            reason = "the folder may not be written to. Choose another one with --out"
        elif error.errno in (errno.ENOTDIR, errno.EEXIST):
            reason = "a file stands where a folder is needed. Choose another one with --out"
        else:
            reason = f"{error.strerror or error}"
        raise RunError(f"{path} cannot be written: {reason}.") from error


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file, then rename it.

    Parameters
    ----------
    path : Path
        Final name; its folder is made.
    write : callable
        Takes the temporary path.

    Raises
    ------
    RunError
        If it cannot be written; nothing is left under the final name.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    with said_plainly(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Write JSON with sorted keys, so that equal data gives equal bytes.

    Parameters
    ----------
    path : Path
    data : JSON value
        NaN and infinities are written as null.
    """
    text = json_text(data)
    write_whole(path, lambda temporary: _write_text(temporary, text))


def json_text(data: Any) -> str:
    r"""Return the text that :func:`write_json` writes.

    Parameters
    ----------
    data : JSON value

    Returns
    -------
    str

    Examples
    --------
    >>> json_text({"b": 1, "a": float("nan")})
    '{\n  "a": null,\n  "b": 1\n}\n'
    """
    return json.dumps(_finite(data), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def write_text(path: Path, text: str) -> None:
    """Write a text file.

    Parameters
    ----------
    path : Path
    text : str
    """
    write_whole(path, lambda temporary: _write_text(temporary, text))


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet, without pandas' own metadata about its index.

    Parameters
    ----------
    path : Path
    table : DataFrame
        Columns of mixed Python objects are written as text.
    """
    plain = table.reset_index(drop=True).copy()
    plain.columns = [str(column) for column in plain.columns]
    for column in plain.columns:
        if plain[column].dtype == object:
            plain[column] = plain[column].map(_cell)
    write_whole(path, lambda temporary: plain.to_parquet(temporary, index=False, compression="zstd"))


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else (None if _missing(value) else str(value))


def _missing(value: Any) -> bool:
    return value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(item) for item in data]
    if isinstance(data, np.generic):
        return _finite(data.item())
    if isinstance(data, np.ndarray):
        return _finite(data.tolist())
    if isinstance(data, float) and not np.isfinite(data):
        return None
    if isinstance(data, date):
        return data.isoformat()
    return data


def file_stem(name: str) -> str:
    """Return a file name for any text: harmless, readable, without separators.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> file_stem("../by group")
    'by_group'
    """
    return re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_")[:60] or "x"


def write_artifact(folder: Path, artifact: Artifact) -> None:
    """Write one artifact into its own folder.

    Parameters
    ----------
    folder : Path
        ``artifacts/<kind>``.
    artifact : Artifact
    """
    stems: dict[str, str] = {}
    for name in artifact.tables:
        stem = file_stem(name)
        while stem in stems.values():
            stem += "_2"
        stems[name] = stem
    for name, table in artifact.tables.items():
        write_table(folder / layout.TABLES / f"{stems[name]}.parquet", table)
    if artifact.arrays:
        write_whole(folder / layout.ARRAYS, lambda temporary: _write_arrays(temporary, artifact))
    if artifact.scores is not None:
        write_table(folder / layout.SCORES, artifact.scores)
    description = {
        "kind": artifact.kind,
        "status": str(artifact.status),
        "reason": artifact.reason,
        "summary": dict(artifact.summary),
        "tables": stems,
        "arrays": sorted(artifact.arrays),
        "findings": [{"severity": str(f.severity), "title": f.title, "text": f.text} for f in artifact.findings],
    }
    # Last: a folder without its artifact.json is no artifact.
    write_json(folder / layout.ARTIFACT, description)


def _write_arrays(path: Path, artifact: Artifact) -> None:
    with path.open("wb") as handle:
        arrays: dict[str, Any] = {name: np.asarray(artifact.arrays[name]) for name in sorted(artifact.arrays)}
        np.savez_compressed(handle, **arrays)


def rename_whole(unfinished: Path, finished: Path) -> None:
    """Give a finished run folder its name.

    Parameters
    ----------
    unfinished, finished : Path
    """
    with said_plainly(finished):
        unfinished.replace(finished)
