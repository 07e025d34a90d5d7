"""Read a run's data again and compare its fingerprint with the one the run computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from appliedml.core.registry import build
from appliedml.core.schema import Schema
from appliedml.errors import AppliedMLError
from appliedml.store.manifest import plain_name
from appliedml.store.verify import DIFFERS, OK, UNCHECKED, Check

WHAT = "data"


def verify_data(info: Mapping[str, Any], run: Path, given: Path | None = None) -> Check:
    """Read the data that a run names, as the run read it, and compare the fingerprint.

    Parameters
    ----------
    info : mapping
        ``run.json``.
    run : Path
        The run's folder. A relative path of the plan is looked for from the working directory and from the two folders
        above the run.
    given : Path, optional
        The file or folder to read instead.

    Returns
    -------
    Check
        "ok", "differs", or "not checked" where the data are not here or were given in Python.
    """
    entry = info["plan"].get("data")
    if entry is None:
        return Check(WHAT, UNCHECKED, "the rows were given in Python, so no file can be read again")
    source = build("sources", entry)
    parameters = source.get_params(deep=False)
    if given is None and "path" not in parameters:
        return _compare(info, source, "made again by its simulator or library")
    if "path" not in parameters:
        return Check(WHAT, DIFFERS, "--data was given, and the run's source reads no file")
    places = [given.expanduser().resolve()] if given is not None else list(_places(str(parameters["path"]), run))
    if not places:
        name = PurePath(str(parameters["path"])).name
        return Check(WHAT, UNCHECKED, plain_name(f"{name} is not here; say where it is with --data"))
    found = Check(WHAT, UNCHECKED, "")
    for place in places:
        found = _compare(info, source.set_params(path=str(place)), f"read again from {place}")
        if found.status == OK:
            break
    return found


def _places(path: str, run: Path) -> Iterator[Path]:
    """Where the file may be, as far as something is there; the folder of the plan is not in the run."""
    wanted = Path(path).expanduser()
    inner = Path(*[part for part in wanted.parts if part != ".."])
    above = [run.resolve().parent, run.resolve().parent.parent]
    tried = [wanted] if wanted.is_absolute() else [base / p for base in (Path.cwd(), *above) for p in (wanted, inner)]
    seen = set()
    for place in tried:
        place = place.resolve()
        if place not in seen and place.exists():
            seen.add(place)
            yield place


def _compare(info: Mapping[str, Any], source: Any, how: str) -> Check:
    schema = info["plan"].get("schema")
    try:
        read = source.read(Schema(**schema) if schema is not None else None, None)
        found = read.fingerprint()
    except AppliedMLError as error:
        return Check(WHAT, DIFFERS, plain_name(f"{how}, it cannot be used as the run did: {error}"))
    recorded = info["data"]["fingerprint"]
    if found == recorded:
        return Check(WHAT, OK, plain_name(f"{how}: the same {len(read):,} rows, {found[:12]}"))
    rows = f"{len(read):,} rows with fingerprint {found[:12]}, where the run read {info['data']['n_rows_read']:,}"
    return Check(WHAT, DIFFERS, plain_name(f"{how}: {rows} with {recorded[:12]}"))
