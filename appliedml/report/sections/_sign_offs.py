"""Whether a run's files are as they were written, and who signed them off: blocks of "Provenance" and "Verdict"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from appliedml.errors import RunError
from appliedml.report.blocks import Block, Callout, Code, Column, Subheading, Table, Text
from appliedml.report.values import whole
from appliedml.store import layout
from appliedml.store.evidence import changed_evidence, files_named
from appliedml.store.manifest import Difference, plain_name
from appliedml.store.run import Run
from appliedml.store.sign_offs import BROKEN, NOT_CHECKED, SignOff

_STATED = ("name", "role", "on", "statement")
_MOST_NAMED = 20
_PAST = {"approve": "approved", "reject": "rejected", "revise": "sent back for revision"}


def verification_blocks(run: Run) -> list[Block]:
    """Return whether the files that the report is made of are as the run wrote them.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of Block
    """
    state = run.files_state
    title = Subheading("Verification")
    if not state.listed:
        text = (
            "This run was made by a version that did not list its files, so nobody can say whether they are as written."
        )
        return [title, Text(text)]
    if not state.differences:
        return [
            title,
            Text(
                f"When this report was built, {whole(len(state.hashes))} files of the run had the sizes and SHA-256 "
                f"that {layout.RUN} and {layout.SEAL} say they were written with. To hash them, the data, the code and "
                "the weights again, and to build this report again and compare it:"
            ),
            Code("appliedml verify RUN"),
        ]
    text = "What this report says may come from them, so rely on none of it. Run the plan again, or get the files back."
    return [title, Callout("bad", "Files were changed after the run", text), _table(state.differences)]


def changed_blocks(run: Run) -> list[Block]:
    """Return what stands before everything else where evidence was changed after the run; nothing where it was not.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of Block
    """
    changed = changed_evidence(run.files_state)
    if not changed:
        return []
    n = len(changed)
    title = f"{n} file{' does' if n == 1 else 's do'} not match the seal of the run: {files_named(changed)}"
    text = "No figure on this page can be relied on until that is explained. To list every file: appliedml verify RUN"
    rows = [(plain_name(item.file), item.what, "Provenance", "provenance") for item in changed[:_MOST_NAMED]]
    columns = (
        Column("file", "File"),
        Column("what", "What was found"),
        Column("where", "More in", "link", target="section"),
    )
    table = pd.DataFrame(rows, columns=["file", "what", "where", "section"])
    note = f"The first {_MOST_NAMED} of {whole(n)} files." if n > _MOST_NAMED else ""
    return [Callout("bad", title, text), Table("Files that do not match the seal", table, columns, note=note)]


def _table(differences: Sequence[Difference]) -> Block:
    rows = [(plain_name(item.file), item.what) for item in differences]
    columns = (Column("file", "File"), Column("what", "What was found"))
    return Table("Files that are not as they were written", pd.DataFrame(rows, columns=["file", "what"]), columns)


def sign_off_blocks(run: Run) -> list[Block]:
    """Return the sign-offs: those in the run's own chain, and those that people state in context.yaml.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of Block
    """
    found: list[Block] = [Subheading("Sign-offs")]
    stated = _stated(run.info.get("context") or {})
    try:
        sign_offs = run.sign_offs
    except RunError:
        return [*found, _damaged(), *stated]
    if layout.SIGN_OFFS in run.files_state.sealed and not run.path.joinpath(layout.SIGN_OFFS).is_file():
        return [*found, _deleted(), *stated]
    if not sign_offs and not stated:
        text = "Sign with: appliedml sign RUN --as NAME --decision approve --note TEXT"
        return [*found, Callout("neutral", "Nobody has signed this run off", text)]
    if sign_offs:
        found += _problems(run, sign_offs)
        found.append(_signed(sign_offs))
    return [*found, *stated]


def _damaged() -> Block:
    text = f"{layout.SIGN_OFFS} is not as it was written, so no sign-off in it can be relied on."
    return Callout("bad", "The sign-offs were changed", text)


def _deleted() -> Block:
    text = f"{layout.SIGN_OFFS} was there and is gone: who signed this run off, or rejected it, cannot be said."
    return Callout("bad", "The sign-offs were deleted", text)


def _problems(run: Run, sign_offs: Sequence[SignOff]) -> list[Block]:
    found: list[Block] = []
    for sign_off in sign_offs:
        if not sign_off.sound:
            reasons = [*sign_off.problems, *([BROKEN] if sign_off.signature == BROKEN else [])]
            title = f"The chain is broken at sign-off {sign_off.record.get('number')}"
            found.append(
                Callout("bad", title, f"{'; '.join(reasons)}. It cannot be relied on, nor can those after it.")
            )
            break
    changed = sign_offs[-1].changed(run.files_state.hashes)
    if changed:
        found.append(
            Callout("bad", "Files were changed after the latest sign-off", _changed_text(sign_offs[-1], changed))
        )
    return found


def _changed_text(sign_off: SignOff, changed: Sequence[str]) -> str:
    names = ", ".join(plain_name(name) for name in changed[:_MOST_NAMED])
    more = f" and {whole(len(changed) - _MOST_NAMED)} more" if len(changed) > _MOST_NAMED else ""
    return (
        f"{sign_off.record['name']} signed other content than lies here now: {names}{more}. The decision does not hold "
        "for what this report shows. Look at it again and sign again."
    )


def _signed(sign_offs: Sequence[SignOff]) -> Block:
    rows = []
    for sign_off in sign_offs:
        record = sign_off.record
        signature = f"{sign_off.signature}: {sign_off.key}" if sign_off.key else sign_off.signature
        despite = f" Signed although these did not match: {'; '.join(map(str, record['despite']))}."
        rows.append(
            {
                "number": record.get("number"),
                "name": record["name"],
                "role": record["role"],
                "decision": record["decision"],
                "date": record["time"],
                "note": record["note"] + (despite if record["despite"] else ""),
                "signature": signature,
                "chain": "broken" if sign_off.problems else "intact",
            }
        )
    columns = (
        Column("number", "No.", "int"),
        Column("name", "Name, as given"),
        Column("role", "Role"),
        Column("decision", "Decision", "badge"),
        Column("date", "Date (UTC)"),
        Column("note", "Note"),
        Column("signature", "Signature"),
        Column("chain", "Chain", "badge"),
    )
    note = (
        "Each record holds the hash of the one before it and of every file it is about. A name is what was typed; only "
        "a signature with a key that you know shows who it was: appliedml verify RUN --trust KEYS."
    )
    if any(sign_off.signature == NOT_CHECKED for sign_off in sign_offs):
        note += " Signatures were not checked here, for the library cryptography is not installed."
    return Table("Sign-offs", pd.DataFrame(rows), columns, note=note)


def latest_sign_off(run: Run) -> list[Block]:
    """Return the latest decision in one line, for the verdict; nothing where nobody has signed.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of Block
    """
    try:
        sign_offs = run.sign_offs
    except RunError:
        return [_damaged()]
    if not sign_offs:
        return []
    record = sign_offs[-1].record
    role = f" ({record['role']})" if record["role"] else ""
    line = (
        f"Latest sign-off: {_PAST.get(record['decision'], record['decision'])} by {record['name']}{role} on "
        f"{record['time'][:10]}; see Provenance."
    )
    if not all(sign_off.sound for sign_off in sign_offs):
        return [Callout("bad", "The chain of sign-offs is broken", line)]
    if sign_offs[-1].changed(run.files_state.hashes):
        return [Callout("bad", "Files were changed after the latest sign-off", line)]
    if record["despite"]:
        return [Callout("warning", "Signed although something did not match", line)]
    return [Text(line)]


def _stated(context: dict[str, Any]) -> list[Block]:
    entries = [entry for entry in context.get("sign_offs") or [] if isinstance(entry, dict)]
    if not entries:
        return []
    table = pd.DataFrame([{key: str(entry.get(key, "")) for key in _STATED} for entry in entries])
    columns = tuple(Column(key, {"on": "Date"}.get(key, key.capitalize())) for key in _STATED)
    return [Table("Sign-offs, as stated in context.yaml", table, columns)]
