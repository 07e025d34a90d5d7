"""``appliedml verify | sign | index``: is a run as it was written, who answers for it, and what runs there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from appliedml._terminal import say

if TYPE_CHECKING:
    from appliedml.store._keys import SigningKey
    from appliedml.store.run import Run
    from appliedml.store.verify import Check, Verification

PASSWORD_VARIABLE = "APPLIEDML_KEY_PASSWORD"
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, such as reports/<run>.")]
DataFile = Annotated[Path | None, typer.Option("--data", help="Where the run's data are, if not where its plan says.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")]


def verify(
    run: RunFolder,
    data: DataFile = None,
    trust: Annotated[
        Path | None, typer.Option("--trust", help="Public keys: every sign-off must be signed with one of them.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not build the report again: compare its hash only.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Also fail on what could not be checked, and on other code.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Hash a run's data, code, weights, tables and report again and say what does not match.

    Exit code 0 all that could be checked matches, 1 something does not, 2 it is no run that can be verified. That the
    run was made by other code than is installed here is said and is no failure, unless --strict: a later version may
    verify an older run.

    Example:  appliedml verify reports/20261101T120000Z_fraud_1a2b3c4d --data claims.csv
    """
    from appliedml.store._keys import read_trusted

    found = _verified(run, data, None if trust is None else read_trusted(trust), quick)
    _show(found.checks)
    failing = found.failing(strict)
    told = _left(found.checks)
    if failing:
        say(f"Does not match: {len(failing)} of {len(found.checks)} lines. {told}")
        raise typer.Exit(1)
    say(f"All that was checked matches. {told}")


def sign(
    run: RunFolder,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Who signs.")],
    decision: Annotated[str, typer.Option("--decision", help="approve, reject or revise.")],
    note: Annotated[str, typer.Option("--note", help="Why, in at most 4,000 characters.")],
    role: Annotated[str, typer.Option("--role", help="In what capacity.")] = "",
    key: Annotated[
        Path | None,
        typer.Option("--key", help=f"Your private Ed25519 key, OpenSSH or PEM; its password: ${PASSWORD_VARIABLE}."),
    ] = None,
    despite: Annotated[
        bool, typer.Option("--despite-differences", help="Sign what does not verify; the record says what.")
    ] = False,
    data: DataFile = None,
    verbose: Verbose = False,
) -> None:
    """Append a dated decision to a run and show it in the report. Refused where the run does not verify.

    Example:  appliedml sign reports/20261101T120000Z_fraud_1a2b3c4d --as "A. Owner" --decision approve --note "Pilot."
    """
    from appliedml.errors import RunError
    from appliedml.report.build import render_report, write_report
    from appliedml.store.lock import locked
    from appliedml.store.run import Run
    from appliedml.store.sign_offs import append_sign_off, check_texts

    check_texts(name, role, decision, note)
    Run(run)
    signing_key = None if key is None else _key(key)
    with locked(run):
        differences = _verified(run, data).failing()
        if differences and not despite:
            _show(differences)
            raise RunError(
                f"{run} does not verify, so it was not signed. See the lines above; to sign it all the same, and have "
                "the record say so, give --despite-differences."
            )
        told = [f"{check.what}: {check.detail}" for check in differences]
        if differences:
            # A run whose report cannot be made must not hold a decision that nobody was told of.
            render_report(Run(run), ["json"])
        made = append_sign_off(run, name=name, decision=decision, note=note, role=role, key=signing_key, despite=told)
        path = write_report(Run(run))
    say(f"sign-off {made.record['number']}: {decision} at {made.record['time']}, {made.signature} {made.key}".strip())
    say(f"report:  {path}")


def index(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the runs are.")] = Path("reports"),
    out: Annotated[Path | None, typer.Option("--out", help="The page; default: FOLDER/index.html.")] = None,
    verbose: Verbose = False,
) -> None:
    """Write one page over all runs below a folder: dates, data, verdicts, headline figures, sign-offs, trends, links.

    Example:  appliedml index reports/
    """
    from appliedml.report.run_index import write_index

    path, n_runs, n_left = write_index(folder, out)
    left = f"; {n_left} folder{'s' if n_left > 1 else ''} could not be read" if n_left else ""
    say(f"{n_runs} run{'' if n_runs == 1 else 's'}{left}")
    say(str(path))


def _verified(
    run: Path, data: Path | None, trusted: Mapping[str, str] | None = None, quick: bool = False
) -> Verification:
    from appliedml.execution.verify_data import verify_data
    from appliedml.report.build import FORMATS, build_document, report_maker, with_sign_offs_of
    from appliedml.store.verify import verify_run

    built: list[Any] = []

    def rebuild(found: Run, formats: Sequence[str]) -> Mapping[str, str]:
        # Asked a second time for the report as the last signer saw it: most of it is the same.
        document = with_sign_offs_of(built[0], found) if built else build_document(found)
        built.append(document)
        return {FORMATS[name][0]: FORMATS[name][1](document) for name in formats}

    def reread(info: Mapping[str, Any]) -> Check:
        return verify_data(info, run, data)

    return verify_run(run, rebuild=None if quick else rebuild, made_by=report_maker(), reread=reread, trusted=trusted)


def _show(checks: Sequence[Check]) -> None:
    for check in checks:
        say(f"{check.what:<10} {check.status:<12} {check.detail}")


def _left(checks: Sequence[Check]) -> str:
    """What was checked not at all, or only in part: other code may not give the same figures again."""
    open_, other = (sum(check.status == status for check in checks) for status in ("not checked", "other code"))
    if not open_ and not other:
        return "Nothing was left unchecked."
    lines = f"{other} line{'s are' if other > 1 else ' is'} of other code, which was not checked further."
    return " ".join([*([f"{open_} not checked."] if open_ else []), *([lines] if other else [])])


def _key(path: Path) -> SigningKey:
    """Read a key; ask for its password where it has one."""
    import os

    from appliedml.store._keys import PasswordNeededError, read_key

    password = os.environ.get(PASSWORD_VARIABLE)
    try:
        return read_key(path, password)
    except PasswordNeededError:
        if password is not None:
            raise
        return read_key(path, typer.prompt(f"Password of {path}", hide_input=True, err=True))
