"""Find the picture files that a table names, or that lie in one folder a class; none outside the folder is touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pandas as pd

from appliedml.core.samples import closest
from appliedml.errors import DataError
from appliedml.sources._image_tables import PARTS, SPLIT
from appliedml.sources.table import Table

FILE = "file"
LABEL = "label"
METADATA_NAMES = ("metadata.csv", "metadata.parquet", "metadata.csv.gz")
# How data sets call the column with the file name, in lower case.
USUAL_FILE_COLUMNS = ("file", "file_name", "filename", "image", "image_path", "path", "image index", "image_id")
SUBFOLDER = "images"
LINKED = "linked folder"
EMPTY = "empty folder"
# What operating systems leave behind.
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_SHOWN = 10
_PROBED = 20


@dataclass(frozen=True)
class Listing:
    """The rows to read and the file of each.

    Parameters
    ----------
    table : DataFrame of n_rows rows
    files : tuple of str
        Path of every row's file below ``root``, with forward slashes; "" where the table names none.
    root : Path
        Resolved folder of the pictures.
    folders : tuple of (folder, kind, reason)
        Folders of classes that give no row, and why.
    """

    table: pd.DataFrame
    files: tuple[str, ...]
    root: Path
    folders: tuple[tuple[str, str, str], ...] = ()


def find_folder(owner: str, path: str, folder: Path | None) -> Path:
    """Return the resolved path of an existing folder.

    Parameters
    ----------
    owner : str
    path : str
        Absolute, or relative to ``folder`` first and to the working directory second.
    folder : Path, optional
        Usually the folder of the plan file.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If there is no such folder.
    """
    wanted = Path(path).expanduser()
    places = [wanted] if wanted.is_absolute() or folder is None else [Path(folder) / wanted, wanted]
    for place in places:
        if place.is_dir():
            return place.resolve()
    if any(place.is_file() for place in places):
        raise DataError(f"{owner}: path must be a folder of pictures. {places[0]} is a file. Name its folder.")
    raise DataError(f"{owner}: the folder {places[0]} does not exist. Check the path.")


def find_metadata(owner: str, root: Path, metadata: str | None, folder: Path | None) -> Path:
    """Return the path of the table that describes the pictures.

    Parameters
    ----------
    owner : str
    root : Path
        Folder of the pictures.
    metadata : str, optional
        Looked for beside the plan, then in the folder of the pictures, then in the working directory. Default: one of
        ``METADATA_NAMES`` in the folder of the pictures.
    folder : Path, optional
        Folder of the plan.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If it is not there.
    """
    if metadata is None:
        places = [root / name for name in METADATA_NAMES]
        advice = "Name the table as metadata, or use labels='folder' where every class has a folder of its own."
        sentence = f"{owner}: {root} holds no {' or '.join(METADATA_NAMES[:2])}. {advice}"
    else:
        wanted = Path(metadata).expanduser()
        places = [wanted] if wanted.is_absolute() else [*([folder / wanted] if folder else []), root / wanted, wanted]
        sentence = f"{owner}: the table {metadata} is neither beside the plan nor in {root}. Check metadata."
    for place in places:
        if place.is_file():
            return place
    raise DataError(sentence)


def list_table(
    owner: str, root: Path, metadata: Path, file: str | None, images: str | None, suffix: str | None
) -> Listing:
    """Return the rows of a table and the file that each names.

    Parameters
    ----------
    owner : str
    root : Path
        Resolved folder; every file must lie in it.
    metadata : Path
        CSV or Parquet.
    file : str, optional
        Column with the file names. Default: the first column of text whose values are files, usual names first.
    images : str, optional
        Folder inside ``root`` that the names start from; one outside is refused. Default: ``root``, or its folder
        ``images``.
    suffix : str, optional
        Added to every name, as in ".png".

    Returns
    -------
    Listing

    Raises
    ------
    DataError
        If no column fits, or ``images`` or a name leaves the folder.
    """
    table = Table(str(metadata)).frame()
    if file is not None and file not in table:
        raise DataError(f"{owner}: file names the column {file!r}, which {metadata} lacks. {closest(file, table)}")
    if file is not None and not _is_text(table[file]):
        # Names such as 000123 must keep their zeros.
        table = Table(str(metadata), text_columns=[file]).frame()
    starts = [images] if images is not None else ["", SUBFOLDER]
    if images is not None:
        _check_start(owner, root, images)
    if images is not None and not (root / images).is_dir():
        raise DataError(f"{owner}: images names the folder {images!r}, which {root} lacks. Check images.")
    columns = [file] if file is not None else _candidates(table)
    scored = [(_hits(root / start, table[column], suffix), column, start) for column in columns for start in starts]
    share, column, start = max(scored, key=lambda one: one[0], default=(0.0, "", ""))
    if share == 0 and file is None:
        usual = [name for name in columns if name.lower() in USUAL_FILE_COLUMNS]
        if not usual:
            raise DataError(
                f"{owner}: no column of {metadata} names files in {root}. Name the column as file, and the folder "
                f"inside it as images. Columns of text: {', '.join(repr(name) for name in columns[:12]) or 'none'}."
            )
        column = usual[0]
    _check_start(owner, root, start)
    names = [_name(value, suffix) for value in table[column]]
    check_inside(owner, root / start, names)
    files = tuple(str(PurePosixPath(start, name)) if name else "" for name in names)
    return Listing(table, files, root)


def list_classes(owner: str, root: Path) -> Listing:
    """Return the files of a folder with one folder a class.

    Parameters
    ----------
    owner : str
    root : Path
        Resolved folder. Its folders may also be parts (train, test ...) that hold the folders of the classes.

    Returns
    -------
    Listing
        Table with the columns ``file``, ``label`` (name of the folder the file lies in), and ``split`` where the
        topmost folders are parts. In order of the paths; hidden files are passed over. Folders that are links, which
        are not followed, and folders without a file are named.

    Raises
    ------
    DataError
        If a file lies in no class's folder, or there is none.
    """
    files, folders = _walk(root)
    parts = [PurePosixPath(name).parts for name in files]
    loose = [name for name, part in zip(files, parts, strict=True) if len(part) < 2]
    in_parts = bool(files) and all(part[0].lower() in PARTS for part in parts)
    if in_parts:
        loose = [name for name, part in zip(files, parts, strict=True) if len(part) < 3]
    if not files or loose:
        given = f"Outside of one: {_some(loose)}" if loose else "It holds no files"
        linked = [name for name, kind, _ in folders if kind == LINKED]
        if linked and not loose:
            given = f"{given}, and links to folders are not followed: {_some(linked)}"
        raise DataError(f"{owner}: labels='folder' needs one folder a class in {root}. {given}. Move or remove them.")
    check_inside(owner, root, files)
    table = pd.DataFrame({FILE: files, LABEL: [part[-2] for part in parts]})
    if in_parts:
        table[SPLIT] = [PARTS[part[0].lower()] for part in parts]
    return Listing(table, tuple(files), root, folders)


def check_inside(owner: str, root: Path, names: Sequence[str]) -> None:
    """Refuse names that lead out of a folder: absolute ones, ``..``, drives, and links that point elsewhere.

    Parameters
    ----------
    owner : str
    root : Path
        Resolved folder.
    names : sequence of str

    Raises
    ------
    DataError
        Whatever else is done with bad files.
    """
    leaving = [name for name in names if _leaves(root, name)]
    if leaving:
        raise DataError(
            f"{owner}: every picture must lie inside {root}. {len(leaving)} of {len(names)} names lead out of it: "
            f"{_some(leaving)}. Give paths relative to the folder, and copy linked files into it."
        )


def _leaves(root: Path, name: str) -> bool:
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or name.startswith("\\"):
        return True
    if "\0" in name:
        return False  # no file has such a name: it will be missing
    return not Path(os.path.realpath(root / name)).is_relative_to(os.path.realpath(root))


def _check_start(owner: str, root: Path, start: str) -> None:
    if _leaves(root, start):
        raise DataError(
            f"{owner}: images must be a folder inside {root}. {start!r} leads to {os.path.realpath(root / start)}. "
            "Give a path that holds the pictures, with the table named as metadata, or copy a linked folder into it."
        )


def _walk(root: Path) -> tuple[list[str], tuple[tuple[str, str, str], ...]]:
    """Return the files in order of their paths, and the folders that give none."""
    files, folders = [], []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not _is_litter(name))
        here = Path(folder).relative_to(root)
        files += [(here / name).as_posix() for name in names if not _is_litter(name)]
        linked = [name for name in subfolders if Path(folder, name).is_symlink()]
        folders += [
            ((here / name).as_posix(), LINKED, "is a link to a folder, which is not followed; copy the folder instead")
            for name in linked
        ]
        if not subfolders and all(map(_is_litter, names)) and here.parts:
            folders.append((here.as_posix(), EMPTY, "holds no file"))
    return sorted(files), tuple(sorted(folders))


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER


def _candidates(table: pd.DataFrame) -> list[str]:
    columns = [str(name) for name in table.columns if _is_text(table[name])]
    rank = {name: place for place, name in enumerate(USUAL_FILE_COLUMNS)}
    return sorted(columns, key=lambda name: rank.get(name.lower(), len(rank)))


def _is_text(values: pd.Series) -> bool:
    return bool(pd.api.types.is_string_dtype(values) or pd.api.types.is_object_dtype(values))


def _hits(start: Path, values: pd.Series, suffix: str | None) -> float:
    """Share of some names, spread over the rows, that are files."""
    known = values.dropna()
    if not len(known):
        return 0.0
    probed = known.iloc[np.unique(np.linspace(0, len(known) - 1, _PROBED).astype(int))]
    names = [_name(value, suffix) for value in probed]
    return sum(_is_file(start / name) for name in names) / len(names)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _name(value: object, suffix: str | None) -> str:
    if pd.isna(value) or not str(value).strip():
        return ""
    # Tables made on Windows write backslashes.
    return str(value).strip().replace("\\", "/") + (suffix or "")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
