"""all-MiniLM-L6-v2 as a Keras model: vectors of texts, and outputs of its lower layers for training the upper ones.

Any BERT encoder in the same form (``config.json``, ``model.safetensors``, ``tokenizer.json``) can take its place, from
a folder.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliedml.core.optional import require
from appliedml.errors import AppliedMLError, DataError
from appliedml.pretrained import weights
from appliedml.pretrained._bert_encoder import BertConfig, BertEncoder

NAME = "all-minilm-l6-v2"
POOLINGS = ("mean", "max", "cls")
KEEPS = ("start", "both")
_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors divided by their length, as sentence-transformers gives them.

    Parameters
    ----------
    vectors : array of shape (..., width)

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> unit_length(np.array([[3.0, 4.0]], dtype=np.float32)).round(2).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norm, 1e-12), dtype=np.float32)


_loaded: dict[tuple[str, ...], BertEncoder] = {}
_loading = threading.Lock()


def load_encoder(name: str = NAME, folder: str | None = None) -> BertEncoder:
    """Return an encoder; the same one for the same files in a process.

    Parameters
    ----------
    name : str
        Of a weight package that is installed.
    folder : str, optional
        With ``config.json``, ``model.safetensors`` and ``tokenizer.json``, in place of the package.

    Returns
    -------
    BertEncoder

    Raises
    ------
    MissingExtraError
        If the weights, or the extra "text", are not installed.
    DataError
        If no package has that name, or the folder lacks a file.
    """
    files = _files_of(name, folder)
    # A file that was replaced is another encoder.
    key = (str(files[_FILES[1]]), *(str(files[file].stat().st_mtime_ns) for file in _FILES))
    with _loading:
        if key not in _loaded:
            _loaded[key] = BertEncoder(files, name if folder is None else None)
        return _loaded[key]


def _files_of(name: str, folder: str | None) -> dict[str, Path]:
    if folder is None:
        files = weights.find(name)
    else:
        files = {file: Path(folder).expanduser() / file for file in _FILES}
        missing = [file for file, path in files.items() if not path.is_file()]
        if missing:
            raise DataError(f"The folder {folder} of a text encoder lacks {', '.join(missing)}.")
    if set(_FILES) - set(files):
        raise DataError(f"The weights {name!r} are not those of a text encoder. Use {NAME!r}.")
    return files


def encoder_problem(name: str, folder: str | None) -> str:
    """Return why an encoder cannot be used here, for a plan's check; "" if it can.

    Parameters
    ----------
    name, folder
        As for :func:`load_encoder`.

    Returns
    -------
    str
    """
    try:
        _files_of(name, folder)
        require("tokenizers", "text", "Splitting texts into word pieces")
        require("safetensors", "text", "Reading the weights of a text encoder")
    except AppliedMLError as error:
        return str(error)
    return ""


__all__ = ["KEEPS", "NAME", "POOLINGS", "BertConfig", "BertEncoder", "encoder_problem", "load_encoder", "unit_length"]
