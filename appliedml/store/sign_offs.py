"""Sign-offs: dated statements of people about a run, in a chain in which every record holds the hash of the one before.

A record names who, what they decided and why, and the SHA-256 of every file they decided on, the report as they saw it
among them. With a key of their own it also holds an Ed25519 signature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliedml.core.fingerprint import canonical_json, fingerprint
from appliedml.errors import RunError
from appliedml.store import layout
from appliedml.store._keys import SigningKey, key_fingerprint, signature_holds
from appliedml.store.lock import locked
from appliedml.store.manifest import FilesState, compare_files, plain_name, read_as_written, seal
from appliedml.store.writer import write_json

DECISIONS = ("approve", "reject", "revise")
MAX_NAME, MAX_NOTE = 200, 4000
NOT_SIGNED, HOLDS, BROKEN, NOT_CHECKED = "no key", "signature holds", "signature does not hold", "signature not checked"
_TEXTS = ("name", "role", "decision", "note", "time", "hash")
_OUTSIDE = ("hash", "signature")


@dataclass(frozen=True)
class SignOff:
    """A record as it was read and checked.

    Parameters
    ----------
    record : dict
        number, name, role, decision, note, time, run_hash, files, report_by, context, despite, previous, key,
        hash, signature.
    problems : tuple of str
        What is wrong with its place in the chain or its own hash.
    signature : str
        "no key", "signature holds", "signature does not hold" or "signature not checked".
    key : str
        Fingerprint of the key, as ``ssh-keygen -l`` prints it; empty without one.
    """

    record: Mapping[str, Any]
    problems: tuple[str, ...]
    signature: str
    key: str

    @property
    def sound(self) -> bool:
        """Whether neither the chain nor the signature is broken."""
        return not self.problems and self.signature != BROKEN

    def changed(self, hashes: Mapping[str, str]) -> tuple[str, ...]:
        """Return which files are not as they were signed; the report and the sign-offs are made anew and left out.

        Parameters
        ----------
        hashes : mapping of str to str
            SHA-256 of every file that is there now.

        Returns
        -------
        tuple of str
        """
        signed = self.record["files"]
        later = {*layout.REPORTS, layout.SIGN_OFFS, layout.SEAL}
        return tuple(
            sorted(name for name in {*signed, *hashes} if name not in later and signed.get(name) != hashes.get(name))
        )


def read_sign_offs(folder: Path) -> tuple[SignOff, ...]:
    """Read and check the sign-offs of a run.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    tuple of SignOff
        In order; empty where nobody has signed.

    Raises
    ------
    RunError
        If the file is not as it was written, so that nothing in it can be relied on.
    """
    path = folder / layout.SIGN_OFFS
    if not path.exists():
        return ()
    records = read_as_written(path)
    if not isinstance(records, list) or not all(_is_record(record) for record in records):
        raise RunError(f"{path} is damaged: it is not as it was written. No sign-off in it can be relied on.")
    return tuple(_checked(record, number, records) for number, record in enumerate(records, start=1))


def _is_record(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and all(isinstance(record.get(name), str) for name in _TEXTS)
        and isinstance(record.get("files"), dict)
        and isinstance(record.get("despite"), list)
        and isinstance(record.get("key"), str | None)
        and isinstance(record.get("signature"), str | None)
    )


def _checked(record: dict[str, Any], number: int, records: Sequence[dict[str, Any]]) -> SignOff:
    problems = []
    if record.get("number") != number:
        problems.append(f"it calls itself number {record.get('number')} and stands at place {number}")
    if record.get("previous") != (records[number - 2]["hash"] if number > 1 else None):
        problems.append("it does not follow the record before it")
    if record["hash"] != fingerprint(_body(record)):
        problems.append("it was changed after it was written")
    key, signature = record.get("key"), record.get("signature")
    if key is None:
        state = NOT_SIGNED if signature is None else BROKEN
    else:
        held = signature_holds(key, signature or "", _message(record))
        state = {None: NOT_CHECKED, True: HOLDS, False: BROKEN}[held]
    return SignOff(record, tuple(problems), state, key_fingerprint(key) if key else "")


def _body(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in _OUTSIDE}


def _message(record: Mapping[str, Any]) -> bytes:
    return canonical_json(_body(record)).encode("utf-8")


def append_sign_off(
    folder: Path,
    *,
    name: str,
    decision: str,
    note: str,
    role: str = "",
    key: SigningKey | None = None,
    despite: Sequence[str] = (),
    now: datetime | None = None,
) -> SignOff:
    """Append a sign-off to a run.

    Parameters
    ----------
    folder : Path
    name : str
        Who signs.
    decision : {"approve", "reject", "revise"}
    note : str
        Why, in at most 4,000 characters.
    role : str
        In what capacity.
    key : SigningKey, optional
    despite : sequence of str
        What did not match when it was signed all the same.
    now : datetime, optional
        Default: the clock's, in UTC.

    Returns
    -------
    SignOff

    Raises
    ------
    RunError
        If a text is empty or too long, the run lists no files, or the chain so far is broken.

    Notes
    -----
    The report is not built here: build it afterwards, so that it shows the sign-off.
    """
    texts = check_texts(name, role, decision, note)
    with locked(folder):
        earlier = read_sign_offs(folder)
        broken = [sign_off for sign_off in earlier if not sign_off.sound]
        if broken:
            raise RunError(
                f"{folder}: sign-off {broken[0].record.get('number')} is broken, so none can be appended to it. "
                "See: appliedml verify RUN"
            )
        state = compare_files(folder)
        info = _listed_info(folder, state)
        record: dict[str, Any] = {
            "number": len(earlier) + 1,
            **texts,
            "time": (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "run_hash": str(info.get("run_hash")),
            # The sign-offs before this one are in it by the chain.
            "files": {name: value for name, value in state.hashes.items() if name != layout.SIGN_OFFS},
            "report_by": state.sealed.get(layout.REPORT_JSON, {}).get("made_by"),
            "context": fingerprint(info.get("context") or {}),
            "despite": [str(item) for item in despite],
            "previous": earlier[-1].record["hash"] if earlier else None,
            "key": None if key is None else key.public,
        }
        record["signature"] = None if key is None else key.sign(_message(record))
        record["hash"] = fingerprint(_body(record))
        write_json(folder / layout.SIGN_OFFS, [*(sign_off.record for sign_off in earlier), record])
        seal(folder, [layout.SIGN_OFFS])
        return read_sign_offs(folder)[-1]


def _listed_info(folder: Path, state: FilesState) -> dict[str, Any]:
    if not state.listed:
        raise RunError(
            f"{folder} was made by a version that did not list a run's files, so nobody can say what would be signed. "
            "Run its plan again."
        )
    if state.info is None:
        raise RunError(f"{folder / layout.RUN} is not as it was written, so it cannot be signed. Run its plan again.")
    return state.info


def check_texts(name: str, role: str, decision: str, note: str) -> dict[str, str]:
    """Return the texts of a sign-off as they are written, or say what is wrong with them.

    Parameters
    ----------
    name, role, decision, note : str

    Returns
    -------
    dict of str to str

    Raises
    ------
    RunError
        If a text is empty, too long or cannot be written, or there is no such decision.
    """
    if decision not in DECISIONS:
        raise RunError(f"A decision must be {', '.join(DECISIONS)}. Given: {decision!r}.")
    found = {"name": name, "role": role, "note": note}
    for what, limit in (("name", MAX_NAME), ("role", MAX_NAME), ("note", MAX_NOTE)):
        text = found[what].strip()
        if not text and what != "role":
            raise RunError(f"A sign-off needs a {what}. Give one: {'--as NAME' if what == 'name' else '--note TEXT'}.")
        if len(text) > limit:
            raise RunError(
                f"The {what} of a sign-off may have {limit:,} characters. Given: {len(text):,}. Say it shorter, "
                "or name the document that says it."
            )
        if not text.isascii() and text.encode("utf-8", "replace").decode() != text:
            raise RunError(f"The {what} of a sign-off must be text that can be written as UTF-8. Type it again.")
        found[what] = text if what == "note" else plain_name(text)
    return {**found, "decision": decision}
