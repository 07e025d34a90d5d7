"""Verify a run: whether what lies in its folder is what was written there, made from what it names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliedml.core.source_code import source_sha256
from appliedml.errors import AppliedMLError, RunError
from appliedml.store import layout
from appliedml.store.manifest import DAMAGED, Difference, FilesState, compare_files, plain_name
from appliedml.store.run import Run
from appliedml.store.sign_offs import BROKEN, NOT_CHECKED, SignOff, read_sign_offs

OK, DIFFERS, OTHER, UNCHECKED = "ok", "differs", "other code", "not checked"
Rebuild = Callable[[Run, Sequence[str]], Mapping[str, str]]
_FORMATS = ("html", "markdown", "json")
_PARTS = {layout.SEAL: "seal", layout.RUN: "run.json", layout.TIMINGS: "timings", layout.SIGN_OFFS: "sign-offs"}


@dataclass(frozen=True)
class Check:
    """One line of a verification.

    Parameters
    ----------
    what : str
        "tables", "models", "code", "data" ...
    status : str
        "ok", "differs", "other code" or "not checked".
    detail : str
    """

    what: str
    status: str
    detail: str


@dataclass(frozen=True)
class Verification:
    """Everything that was checked.

    Parameters
    ----------
    checks : tuple of Check
    """

    checks: tuple[Check, ...]

    def failing(self, strict: bool = False) -> tuple[Check, ...]:
        """Return what speaks against the run.

        Parameters
        ----------
        strict : bool
            Also count what could not be checked, and other code.

        Returns
        -------
        tuple of Check
        """
        return tuple(check for check in self.checks if check.status == DIFFERS or (strict and check.status != OK))


def verify_run(
    folder: Path,
    *,
    rebuild: Rebuild | None = None,
    made_by: str = "",
    reread: Callable[[Mapping[str, Any]], Check] | None = None,
    trusted: Mapping[str, str] | None = None,
) -> Verification:
    """Hash a run's files, code, weights, data and report again and compare them with what the run says of them.

    Parameters
    ----------
    folder : Path
    rebuild : callable, optional
        Takes a run and names of formats, and returns the report's files as text by file name.
    made_by : str
        Hash of the code and libraries that ``rebuild`` uses: a report that others made is compared by its hash alone.
    reread : callable, optional
        Takes ``run.json`` and returns the check of the data.
    trusted : mapping of str to str, optional
        Fingerprints of keys by which every sign-off must be signed, and whose they are.

    Returns
    -------
    Verification

    Raises
    ------
    RunError
        If it is no run folder, or one from before runs listed their files.
    """
    if not folder.joinpath(layout.SEAL).is_file():
        Run(folder)  # says what is wrong with a folder that is no run at all
    state = compare_files(folder)
    if not state.listed:
        raise RunError(
            f"{folder} was made by a version that did not list a run's files, so there is nothing to compare them "
            "with. Run its plan again."
        )
    checks = list(_files(state))
    info = None if any(difference.file == layout.RUN for difference in state.differences) else state.info
    if info is None:
        text = f"{layout.RUN} says what to compare with, and it is not as it was written"
        checks += [Check(what, UNCHECKED, text) for what in ("code", "weights", "data", "report")]
    else:
        checks += [_code(info), _weights(info.get("model"))]
        checks += [reread(info)] if reread is not None else []
        checks += [_report(folder, state, rebuild, made_by)]
    checks += list(_sign_offs(folder, state, rebuild, made_by, trusted))
    return Verification(tuple(checks))


def part_of(name: str) -> str:
    """Return what a file of a run belongs to, in a word.

    Parameters
    ----------
    name : str
        Path inside the run folder.

    Returns
    -------
    str

    Examples
    --------
    >>> part_of("folds/0/model/model.keras"), part_of("artifacts/gates/artifact.json"), part_of("scores.parquet")
    ('models', 'tables', 'tables')
    """
    if name in layout.REPORTS:
        return "report"
    return _PARTS.get(name, "models" if name.startswith(f"{layout.FOLDS}/") else "tables")


def _files(state: FilesState) -> Iterator[Check]:
    """One line for every part that is whole, and one for every file that is not."""
    names = {*state.hashes, *(difference.file for difference in state.differences)}
    bad: dict[str, list[Difference]] = {}
    for difference in state.differences:
        bad.setdefault(part_of(difference.file), []).append(difference)
    for part in ("seal", "run.json", "timings", "tables", "models", "report", "sign-offs"):
        if part in bad:
            yield from (Check(part, DIFFERS, str(difference)) for difference in bad[part])
            continue
        count = sum(part_of(name) == part and (not state.sealed or name in state.sealed) for name in names)
        unsealed = not state.sealed and part in ("run.json", "timings", "report", "sign-offs")
        if part == "seal" and not bad.get(part):
            yield Check(part, OK, f"{layout.SEAL} is as it was written")
        elif count and unsealed:
            yield Check(part, UNCHECKED, f"only {layout.SEAL} says what it was")
        elif count:
            yield Check(part, OK, f"{count} file{'s' if count > 1 else ''} as written")


def _code(info: Mapping[str, Any]) -> Check:
    code = info.get("code") or {}
    recorded, here = code.get("source_sha256"), source_sha256()
    if not recorded:
        return Check("code", UNCHECKED, "the run does not say what code made it")
    if recorded == here:
        return Check("code", OK, f"made by the code that is installed here, {here[:12]}")
    version = f"{code.get('package_version')}, commit {code.get('git_commit')}"
    text = f"the run was made by other code ({recorded[:12]}, {version}) than is installed here ({here[:12]})"
    return Check("code", OTHER, plain_name(text))


def _weights(model: Any) -> Check:
    from appliedml.pretrained.weights import facts, verify

    found = list(_packages(model))
    if not found:
        return Check("weights", OK, "the run used no weights that others trained")
    details, status = [], OK
    for package in found:
        name, recorded = str(package["name"]), package["sha256"]
        try:
            published, state = facts(name)["sha256"], verify(name)
        except AppliedMLError as error:
            details.append(str(error))
            status = UNCHECKED if status == OK else status
            continue
        if recorded != published:
            details.append(f"{name}: the run used other weights than the ones this version knows")
            status = DIFFERS
        elif state.state == "damaged":
            details.append(f"{name}: {' '.join(state.problems)}")
            status = DIFFERS
        elif state.state != "installed":
            details.append(f"{name}: not installed here; the hashes in the run are the published ones")
            status = UNCHECKED if status == OK else status
        else:
            details.append(f"{name}: the files here are those that the run used")
    return Check("weights", status, plain_name("; ".join(details)))


def _packages(model: Any) -> Iterator[Mapping[str, Any]]:
    """Every record of a package of weights inside a model's description, once."""
    seen = []
    stack = [model]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if {"name", "sha256", "distribution"} <= set(item):
                key = (item["name"], str(item["sha256"]))
                if key not in seen:
                    seen.append(key)
                    yield item
            stack += list(item.values())
        elif isinstance(item, list):
            stack += item


def _report(folder: Path, state: FilesState, rebuild: Rebuild | None, made_by: str) -> Check:
    there = [name for name in layout.REPORTS if name in state.hashes]
    if not there:
        return Check("report", UNCHECKED, "there is none. Build it with: appliedml report RUN")
    if state.differences:
        return Check("report", UNCHECKED, "not built again, for files differ")
    if rebuild is None:
        return Check("report", UNCHECKED, "its hashes are compared above; it was not built again")
    if any(state.sealed[name].get("made_by") != made_by for name in there):
        return Check("report", OTHER, "its files are as written, by other code or libraries, so it was not built again")
    try:
        texts = rebuild(Run(folder), _FORMATS)
    except AppliedMLError as error:
        return Check("report", DIFFERS, f"it cannot be built from these files: {error}")
    other = [name for name in there if name in texts and _sha256(texts[name]) != state.hashes[name]]
    if other:
        return Check(
            "report", DIFFERS, f"{', '.join(other)}: not what these files give. Build it: appliedml report RUN"
        )
    return Check("report", OK, "built again from these files, it has the same bytes")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _sign_offs(
    folder: Path, state: FilesState, rebuild: Rebuild | None, made_by: str, trusted: Mapping[str, str] | None
) -> Iterator[Check]:
    try:
        found = read_sign_offs(folder)
    except RunError:
        # Where there is a seal, the file is named among the others already.
        if not state.sealed:
            yield Check("sign-offs", DIFFERS, str(Difference(layout.SIGN_OFFS, DAMAGED)))
        return
    for sign_off in found:
        yield _sign_off(sign_off, trusted)
    if found and not state.differences:
        yield from _latest(folder, state, found, rebuild, made_by)


def _sign_off(sign_off: SignOff, trusted: Mapping[str, str] | None) -> Check:
    record = sign_off.record
    who = plain_name(f"{record.get('number')}: {record['decision']} by {record['name']}, {record['time']}")
    if not sign_off.sound:
        reasons = [*sign_off.problems, *([BROKEN] if sign_off.signature == BROKEN else [])]
        return Check("sign-off", DIFFERS, f"{who}: {'; '.join(reasons)}")
    if trusted is not None and sign_off.signature != NOT_CHECKED:
        if not sign_off.key:
            return Check("sign-off", DIFFERS, f"{who}: no key, and you asked for trusted ones")
        if sign_off.key not in trusted:
            return Check("sign-off", DIFFERS, f"{who}: key {sign_off.key} is not among the trusted ones")
        return Check("sign-off", OK, plain_name(f"{who}: signed with the trusted key of {trusted[sign_off.key]}"))
    status = UNCHECKED if sign_off.signature == NOT_CHECKED else OK
    hint = ". Install: pip install 'appliedml[sign]'" if status == UNCHECKED else ""
    return Check("sign-off", status, f"{who}: {sign_off.signature}{f', {sign_off.key}' if sign_off.key else ''}{hint}")


def _latest(
    folder: Path, state: FilesState, found: tuple[SignOff, ...], rebuild: Rebuild | None, made_by: str
) -> Iterator[Check]:
    """Whether the last decision was about what lies there now, and about the report that it gives."""
    last = found[-1]
    changed = last.changed(state.hashes)
    number = last.record.get("number")
    if changed:
        files = ", ".join(plain_name(name) for name in changed)
        yield Check("signed", DIFFERS, f"changed since sign-off {number}: {files}")
        return
    yield Check("signed", OK, f"sign-off {number} is about the files that are here")
    signed = last.record["files"].get(layout.REPORT_JSON)
    same_maker = state.sealed.get(layout.REPORT_JSON, {}).get("made_by") == made_by == last.record.get("report_by")
    if rebuild is None or signed is None or not same_maker:
        return
    seen = Run(folder)
    seen.sign_offs = found[:-1]
    # The JSON form holds every text and figure of the page, and takes no drawing.
    if _sha256(rebuild(seen, ("json",))[layout.REPORT_JSON]) != signed:
        yield Check("signed", DIFFERS, f"the report that sign-off {number} saw is not what these files give")
