"""The list of a run's files with sizes and SHA-256, and what differs from it.

``run.json`` lists the files that two equal runs share. ``seal.json`` lists every file, also those that differ between
equal runs (``timings.json``) and those that are written later (the judgement, the report, sign-offs), and holds a hash
of its own. A file that is changed, lost or added is named, whichever it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from appliedml.core.fingerprint import file_sha256, fingerprint
from appliedml.errors import RunError
from appliedml.store import layout
from appliedml.store.lock import LOCK, locked
from appliedml.store.writer import json_text, write_json

SEAL_FORMAT = "appliedml-seal"
CHANGED, MISSING, NOT_LISTED, DAMAGED = "changed", "missing", "not listed", "damaged"
Entry = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One file that is not as it was written.

    Parameters
    ----------
    file : str
        Path inside the run folder, with slashes.
    what : str
        "changed", "missing", "not listed" or "damaged".
    """

    file: str
    what: str

    def __str__(self) -> str:
        """Path and what, on one line whatever the path holds."""
        return f"{plain_name(self.file)}: {self.what}"


@dataclass(frozen=True)
class FilesState:
    """What a comparison of a run folder with its lists found.

    Parameters
    ----------
    listed : bool
        False for a run without lists; then nothing was compared.
    differences : tuple of Difference
        Sorted by file.
    hashes : dict of str to str
        SHA-256 of every file that is there now, the seal and links apart.
    sealed : dict of str to dict
        What the seal says of each file; empty where the seal cannot be relied on.
    info : dict or None
        ``run.json``, where it is as it was written.
    """

    listed: bool
    differences: tuple[Difference, ...] = ()
    hashes: dict[str, str] = field(default_factory=dict)
    sealed: dict[str, Entry] = field(default_factory=dict)
    info: dict[str, Any] | None = None


def plain_name(name: str) -> str:
    r"""Return a path on one line, without characters that a terminal or a page would act on.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> plain_name("a\nb\u202e.csv")
    'a\\nb\\u202e.csv'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in name)


def walk(folder: Path) -> dict[str, Path]:
    """Return every file of a folder by its path inside it, sorted; links are named and never followed.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to Path
    """
    found = {}
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*files, *links):
            path = Path(place, name)
            found[path.relative_to(folder).as_posix()] = path
    found.pop(LOCK, None)
    return dict(sorted(found.items()))


def list_files(folder: Path, without: Iterable[str] = ()) -> dict[str, Entry]:
    """Return size and SHA-256 of every file of a folder.

    Parameters
    ----------
    folder : Path
    without : iterable of str
        Paths inside the folder that are left out.

    Returns
    -------
    dict of str to dict
        Path inside the folder to ``sha256`` and ``size``.
    """
    left_out = {*without, layout.SEAL}
    return {name: _entry(path) for name, path in walk(folder).items() if name not in left_out}


def _entry(path: Path) -> Entry:
    return {"sha256": file_sha256(path), "size": path.stat().st_size}


def seal_run(folder: Path) -> None:
    """Seal every file of a run that has just been written.

    Parameters
    ----------
    folder : Path
    """
    _write_seal(folder, list_files(folder))


def seal(folder: Path, names: Iterable[str], made_by: str | None = None) -> None:
    """Seal files that were written after the run; all others keep what the seal says of them.

    Parameters
    ----------
    folder : Path
    names : iterable of str
        Paths inside the folder. One that is not there any more is taken off the list.
    made_by : str, optional
        Hash of the code and libraries that made them, kept beside size and SHA-256.

    Notes
    -----
    A run that was made without lists gets none, and a seal that is damaged stays as it is: both would make what lies
    there now look like what was written.
    """
    with locked(folder):
        sealed = read_seal(folder)
        if not sealed:
            return
        for name in names:
            sealed.pop(name, None)
            if folder.joinpath(name).is_file():
                extra = {} if made_by is None else {"made_by": made_by}
                sealed[name] = {**_entry(folder / name), **extra}
        _write_seal(folder, sealed)


def seal_artifact(folder: Path, kind: str) -> None:
    """Seal the files of an artifact that was written after the run, such as the judgement of the gates.

    Parameters
    ----------
    folder : Path
        The run's folder.
    kind : str
    """
    place = f"{layout.ARTIFACTS}/{kind}"
    description = json.loads(folder.joinpath(place, layout.ARTIFACT).read_text(encoding="utf-8"))
    names = [f"{layout.TABLES}/{stem}.parquet" for stem in description["tables"].values()]
    seal(folder, [f"{place}/{name}" for name in (layout.ARTIFACT, layout.ARRAYS, layout.SCORES, *names)])


def _write_seal(folder: Path, files: Mapping[str, Entry]) -> None:
    sealed = {name: files[name] for name in sorted(files)}
    content = {"format": SEAL_FORMAT, "format_version": 1, "files": sealed, "sha256": fingerprint(sealed)}
    write_json(folder / layout.SEAL, content)


def read_seal(folder: Path) -> dict[str, Entry]:
    """Return what the seal says of each file.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to dict
        Empty where there is no seal, or where a byte of it is not as it was written.
    """
    found = read_as_written(folder / layout.SEAL)
    files = found.get("files") if isinstance(found, dict) and found.get("format") == SEAL_FORMAT else None
    if not _is_listing(files) or found.get("sha256") != fingerprint(files):
        return {}
    return dict(files)


def read_as_written(path: Path) -> Any:
    """Return the data of a JSON file of ours, or None where a byte of it is not as we write it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    object or None
    """
    try:
        content = path.read_bytes()
        data = json.loads(content)
        return data if json_text(data).encode() == content else None
    except (OSError, ValueError, RecursionError):
        return None


def _is_listing(files: Any) -> TypeGuard[dict[str, Entry]]:
    return isinstance(files, dict) and all(
        isinstance(entry, dict) and isinstance(entry.get("sha256"), str) and isinstance(entry.get("size"), int)
        for entry in files.values()
    )


def compare_files(folder: Path, without: Iterable[str] = (), only: Iterable[str] | None = None) -> FilesState:
    """Compare the files of a run folder with what run.json and the seal say of them.

    Parameters
    ----------
    folder : Path
    without : iterable of str
        Paths that are not looked at.
    only : iterable of str, optional
        The paths that are looked at; default: all.

    Returns
    -------
    FilesState

    Raises
    ------
    RunError
        If a file cannot be read.
    """
    left_out, kept = {*without, layout.SEAL}, None if only is None else set(only)

    def seen(name: str) -> bool:
        return name not in left_out and (kept is None or name in kept)

    present = {name: path for name, path in walk(folder).items() if seen(name)}
    hashes = {name: _hash(path) for name, path in present.items() if path.is_file() and not path.is_symlink()}
    sealed = read_seal(folder)
    info = _info(folder, hashes, sealed)
    listing = info.get("files") if info is not None else None
    own: dict[str, Entry] = listing if _is_listing(listing) else {}
    if not sealed and not own:
        return FilesState(False, hashes=hashes, info=info)
    differences = [] if sealed else [Difference(layout.SEAL, DAMAGED if (folder / layout.SEAL).exists() else MISSING)]
    # What run.json says of the run's own files comes first: sign-offs hold its hash.
    expected = {name: entry for name, entry in {**sealed, **own}.items() if seen(name)}
    for name, entry in expected.items():
        if hashes.get(name) != entry["sha256"]:
            differences.append(Difference(name, CHANGED if name in present else MISSING))
    # Without a seal nobody can say whether a later file belongs.
    differences += [Difference(name, NOT_LISTED) for name in present if sealed and name not in expected]
    return FilesState(True, tuple(sorted(differences, key=lambda d: d.file)), hashes, sealed, info)


def _hash(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise RunError(f"{plain_name(str(path))} cannot be read: {error.strerror or error}.") from error


def _info(folder: Path, hashes: Mapping[str, str], sealed: Mapping[str, Entry]) -> dict[str, Any] | None:
    """run.json, unless the seal says that it is not as it was written."""
    if sealed and sealed.get(layout.RUN, {}).get("sha256") != hashes.get(layout.RUN):
        return None
    try:
        found = json.loads(folder.joinpath(layout.RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
