"""``appliedml gate``: a run judged by a policy, as lines, as an exit code and as JUnit XML."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Annotated

import typer

from appliedml._terminal import one_line, say
from appliedml._terminal_warnings import warn_of_changes
from appliedml.errors import AppliedMLError

if TYPE_CHECKING:
    from appliedml.gates.judge import Judgement
    from appliedml.gates.policy import Policy
    from appliedml.store.run import Run

INCONCLUSIVE = 3
_NOT_KEPT = "note:    nothing can be judged, and this was not kept. Get the files back, or run the plan again."


def gate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, such as reports/<run>.")],
    policy: Annotated[Path | None, typer.Option("--policy", help="A policy in YAML; default: the plan's own.")] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Also write the verdicts as JUnit XML; folders are made.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")] = False,
) -> None:
    """Judge a run by a policy. Exit code 0 pass, 1 fail, 3 inconclusive; 2 a wrong call or bad input.

    A run whose evidence was changed after it is inconclusive, whatever its figures say now, also where they can no
    longer be read.

    Example:  appliedml gate reports/20261101T120000Z_fraud_1a2b3c4d --policy pipelines/policy.yaml
    """
    from appliedml.gates.junit import write_junit
    from appliedml.gates.policy import load_policy

    try:
        # A policy that is wrong is wrong whatever the run is.
        given = None if policy is None else load_policy(policy)
    except AppliedMLError as error:
        _leave_no_verdict(junit, str(error))
        raise
    try:
        judgement = _judged(run, policy, given)
    except Exception as error:
        doubted = _doubt_about(run, error)
        _leave_no_verdict(junit, doubted or str(error))
        if not doubted:
            raise
        if verbose:
            say("".join(format_exception(error)), err=True)
        say(f"  inconclusive the run: {one_line(doubted)}")
        say(_NOT_KEPT)
        raise typer.Exit(INCONCLUSIVE) from error
    if junit is not None:
        write_junit(junit, judgement)
        say(f"junit:   {junit}")
    raise typer.Exit(judgement.exit_code)


def _leave_no_verdict(junit: Path | None, reason: str) -> None:
    """Write that nothing was judged: what an earlier call wrote there may say that all gates passed."""
    from appliedml.gates.junit import write_unjudged

    if junit is not None:
        with suppress(AppliedMLError):
            write_unjudged(junit, reason)


def _doubt_about(run: Path, error: Exception) -> str:
    """Why a run cannot be judged, if it is because its evidence was changed; "" if that is not why."""
    from appliedml.store.evidence import JUDGEMENT, doubt_about

    doubted = doubt_about(run, without=JUDGEMENT)
    # What a reader of files says runs over several lines, and needs its name beside it.
    text = " ".join(str(error).split())
    found = text if isinstance(error, AppliedMLError) else f"{type(error).__name__}: {text}"
    return f"{doubted}; what is there now cannot be judged: {found}" if doubted else ""


def _judged(run: Path, policy: Path | None, given: Policy | None) -> Judgement:
    """Judge a run, keep the judgement where it is the run's own, and say it."""
    from appliedml.core.schema import Schema
    from appliedml.errors import GateError
    from appliedml.gates.judge import judge
    from appliedml.gates.policy import check_subsets, load_policy
    from appliedml.report.build import write_report
    from appliedml.store.evidence import JUDGEMENT, changed_evidence, doubt
    from appliedml.store.run import Run

    found = Run(run)
    if policy is None and not found.info.get("policy"):
        raise GateError(f"Run {run} was made without a policy. Give one: appliedml gate {run} --policy policy.yaml")
    warn_of_changes(run)
    asked = given if given is not None else load_policy(found.info["policy"])
    check_subsets(asked, Schema(**found.info["schema"]).sensitive_names, found.scores)
    foreign = bool(found.info.get("policy")) and asked != load_policy(found.info["policy"])
    # The judgement itself is no evidence: it is made anew here.
    doubted = doubt(changed_evidence(found.files_state, without=JUDGEMENT))
    judgement = judge(found.scores, asked, doubt=doubted)
    if not foreign:
        if not doubted:
            keep(found, judgement)
        write_report(found)
    for line in gate_lines(judgement):
        say(line)
    if doubted:
        say(_NOT_KEPT)
    if foreign:
        say(f"note:    {policy} is not the policy of this run's plan; the run and its report keep the verdict by that.")
    return judgement


def judge_and_keep(run: Run, policy: Policy) -> Judgement:
    """Judge a run that has just been made by its policy, and put the judgement into it.

    Parameters
    ----------
    run : Run
    policy : Policy

    Returns
    -------
    Judgement
    """
    from appliedml.gates.judge import judge

    judgement = judge(run.scores, policy)
    keep(run, judgement)
    return judgement


def keep(run: Run, judgement: Judgement) -> None:
    """Put a judgement into its run, as the verdict that the report shows.

    Parameters
    ----------
    run : Run
    judgement : Judgement
    """
    from appliedml.gates.judge import to_artifact
    from appliedml.store import layout
    from appliedml.store.manifest import seal_artifact
    from appliedml.store.writer import write_artifact

    write_artifact(run.path / layout.ARTIFACTS / "gates", to_artifact(judgement))
    seal_artifact(run.path, "gates")
    run.forget()


def gate_lines(judgement: Judgement) -> list[str]:
    """Return a line for every gate: verdict, name, rows, what decided, and what a waiver does to it.

    Parameters
    ----------
    judgement : Judgement

    Returns
    -------
    list of str
    """
    from appliedml.gates.judge import told

    return [
        one_line(f"  {result.verdict.value:<12} {result.gate.name} ({result.subset}): {told(result, judgement)}")
        for result in judgement.results
    ]
