"""Finding a file, and saying what is there when it is not."""

from __future__ import annotations

import gzip
import zlib
from difflib import get_close_matches
from pathlib import Path

from appliedml.errors import DataError


def find_file(owner: str, path: str, folder: Path | None = None) -> Path:
    """Return the path of an existing file.

    Parameters
    ----------
    owner : str
        The source that asks, for the sentence.
    path : str
        Absolute, or relative to ``folder`` first and to the working directory second. ``~`` is the home folder.
    folder : Path, optional
        Usually the folder of the plan file.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If there is no such file, or it is a folder.
    """
    wanted = Path(path).expanduser()
    places = [wanted] if wanted.is_absolute() or folder is None else [Path(folder) / wanted, wanted]
    for place in places:
        if place.is_file():
            return place
    for place in places:
        if place.is_dir():
            raise DataError(f"{owner}: path must be a file. {place} is a folder. {_files_of(place, '')}")
    raise DataError(f"{owner}: the file {places[0]} does not exist. {_near(places[0])}")


def _near(path: Path) -> str:
    parent = path.parent
    if not parent.is_dir():
        return f"Nor does its folder {parent.resolve()}. Check the path."
    return _files_of(parent, path.name)


def _files_of(folder: Path, name: str) -> str:
    # Sorted, so that the sentence is the same on every machine.
    names = sorted(item.name for item in folder.iterdir() if item.is_file())
    close = get_close_matches(name, names, n=3, cutoff=0.5) if name else []
    if close:
        return "Similar files in its folder: " + ", ".join(repr(item) for item in close) + "."
    shown = ", ".join(repr(item) for item in names[:8])
    where = f"{folder.resolve()} holds"
    return f"{where} {shown}{', ...' if len(names) > 8 else ''}. Name one file." if names else f"{where} no files."


def read_bytes(owner: str, path: Path) -> bytes:
    """Return the content of a file, unpacked if it is gzip.

    Parameters
    ----------
    owner : str
    path : Path

    Returns
    -------
    bytes
        At least one.

    Raises
    ------
    DataError
        If the file is empty, may not be read, or is a damaged archive.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{owner}: {path} cannot be read: {error.strerror}. Check its permissions.") from error
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{owner}: {path} is a damaged gzip file ({error}). Copy or download it again.") from error
    if not content.strip():
        raise DataError(f"{owner}: {path} is empty. Give a file with a header line and rows.")
    return content
