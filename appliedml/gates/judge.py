"""Judging: does the evidence keep the rules? Pass, fail, or inconclusive, with an exit code.

Each verdict has an exit code of its own: 0 pass, 1 fail, 3 inconclusive. 2 is none of them, for the command line ends
with it where it was called wrongly or given bad input, and a server must not take that for a verdict.

A gate passes only if its whole interval keeps the rule and fails only if its whole interval breaks it; anything between
is *inconclusive*, and so is what was not measured. A waiver turns a failed gate into an accepted one until its last
day; it does not stand in for evidence that is missing, so an inconclusive gate stays inconclusive.

The clock is read only where a policy has waivers. Without waivers the judgement, and the report that prints it, depend
on the scores and the policy alone; with waivers pass ``today`` to get the same bytes on another day.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import pandas as pd

from appliedml.core.artifact import ALL_FOLDS, SCORE_COLUMNS, Artifact, Finding, Severity, Status
from appliedml.errors import GateError
from appliedml.gates._policy_metrics import EVERY_SUBSET
from appliedml.gates.policy import Gate, Policy, Waiver


class Verdict(StrEnum):
    """How a gate, or all of them, came out."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}
_SEVERITY = {Verdict.FAIL: 0, Verdict.INCONCLUSIVE: 1, Verdict.PASS: 2}


@dataclass(frozen=True)
class GateResult:
    """One gate judged on one subset.

    Parameters
    ----------
    gate : Gate
    subset : str
        The subset that was measured; of a gate on "*" there is one result for each.
    verdict : Verdict
    value, low, high : float
        NaN where there is none.
    n : int
        Rows behind the value; 0 where it was not measured.
    waived : bool
        Whether a waiver that still counts accepts the failure.
    reason : str
        What decided, in words.
    """

    gate: Gate
    subset: str
    verdict: Verdict
    value: float
    low: float
    high: float
    n: int
    waived: bool
    reason: str


@dataclass(frozen=True)
class Judgement:
    """A policy judged against the scores of a run.

    Parameters
    ----------
    results : tuple of GateResult
    waivers : tuple of (Waiver, bool)
        Every waiver of the policy and whether it still counts.
    judged_on : date or None
        The day on which waivers were counted; None where the policy has none.
    """

    results: tuple[GateResult, ...]
    waivers: tuple[tuple[Waiver, bool], ...] = ()
    judged_on: date | None = None

    @property
    def verdict(self) -> Verdict:
        """Fail if a gate fails without a waiver, else inconclusive if any gate is, else pass."""
        if any(result.verdict is Verdict.FAIL and not result.waived for result in self.results):
            return Verdict.FAIL
        if any(result.verdict is Verdict.INCONCLUSIVE for result in self.results):
            return Verdict.INCONCLUSIVE
        return Verdict.PASS

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.verdict]


def judge(run_scores: pd.DataFrame, policy: Policy, today: date | None = None, doubt: str = "") -> Judgement:
    """Judge scores by a policy.

    Parameters
    ----------
    run_scores : DataFrame
        metric, fold, subset, value, low, high, n, as in ``scores.parquet``. Only rows of all folds together
        (``fold == -1``) are judged.
    policy : Policy
    today : date, optional
        The day on which waivers are counted; default: today, looked up only if the policy has waivers.
    doubt : str
        Why the scores cannot be relied on. Every gate is then inconclusive for this reason, whatever the scores say.

    Returns
    -------
    Judgement

    Raises
    ------
    GateError
        If the table lacks a column.

    Examples
    --------
    >>> from appliedml.core.artifact import score_rows
    >>> from appliedml.gates.policy import policy_from
    >>> policy = policy_from({"version": 1, "gates": [{"metric": "roc_auc", "at_least": 0.75}]})
    >>> judge(score_rows([("roc_auc", -1, "all", 0.80, 0.73, 0.87, 100)]), policy).verdict
    <Verdict.INCONCLUSIVE: 'inconclusive'>
    """
    absent = [column for column in SCORE_COLUMNS if column not in run_scores]
    if absent:
        raise GateError(f"The scores lack the column {absent[0]!r}. They need: {', '.join(SCORE_COLUMNS)}.")
    judged_on = (today or date.today()) if policy.waivers else None
    waivers = tuple((waiver, judged_on is not None and judged_on <= waiver.until) for waiver in policy.waivers)
    accepted = {waiver.gate for waiver, counts in waivers if counts}
    results = [result for gate in policy.gates for result in _judge_gate(run_scores, gate, gate.name in accepted)]
    if doubt:
        results = [replace(r, verdict=Verdict.INCONCLUSIVE, waived=False, reason=doubt) for r in results]
    return Judgement(tuple(results), waivers, judged_on)


def _judge_gate(scores: pd.DataFrame, gate: Gate, accepted: bool) -> list[GateResult]:
    rows = scores[scores["metric"] == gate.metric]
    if gate.subset != EVERY_SUBSET:
        rows = rows[rows["subset"] == gate.subset]
    pooled = rows[rows["fold"] == ALL_FOLDS]
    if pooled.empty:
        reason = "not measured" if rows.empty else "not measured over all folds together, only fold by fold"
        nan = math.nan
        return [GateResult(gate, gate.subset, Verdict.INCONCLUSIVE, nan, nan, nan, 0, False, reason)]
    results = []
    for subset in sorted(pooled["subset"].unique()):
        # Two audits may measure the same thing; the one that speaks most against the model counts.
        found = [_judge_row(gate, row, accepted) for row in _records(pooled[pooled["subset"] == subset])]
        results.append(min(found, key=lambda result: _SEVERITY[result.verdict]))
    return results


def _records(table: pd.DataFrame) -> Iterable[dict[str, Any]]:
    records: list[dict[str, Any]] = table.to_dict("records")
    return records


def _judge_row(gate: Gate, row: dict[str, Any], accepted: bool) -> GateResult:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    verdict, reason = _on_value(gate, value) if gate.on == "value" else _on_interval(gate, value, low, high)
    waived = accepted and verdict is Verdict.FAIL
    return GateResult(gate, str(row["subset"]), verdict, value, low, high, int(row["n"]), waived, reason)


def _on_value(gate: Gate, value: float) -> tuple[Verdict, str]:
    if not math.isfinite(value):
        return Verdict.INCONCLUSIVE, "not measured: there is no value"
    kept = _above(value, gate.at_least) and _below(value, gate.at_most)
    verb = "keeps" if kept else "breaks"
    reason = f"the point estimate {value:.3f} {verb} '{gate.rule}'; its interval was not asked for"
    return (Verdict.PASS if kept else Verdict.FAIL), reason


def _on_interval(gate: Gate, value: float, low: float, high: float) -> tuple[Verdict, str]:
    if not math.isfinite(value):
        return Verdict.INCONCLUSIVE, "not measured: there is no value"
    if not (math.isfinite(low) and math.isfinite(high)):
        return Verdict.INCONCLUSIVE, f"the value {value:.3f} has no interval, and a point estimate is not enough"
    if low > high:
        return Verdict.INCONCLUSIVE, f"the interval {low:.3f} to {high:.3f} is reversed"
    shown = f"{low:.3f} to {high:.3f}"
    if _above(low, gate.at_least) and _below(high, gate.at_most):
        return Verdict.PASS, f"the whole interval {shown} keeps '{gate.rule}'"
    if not _above(high, gate.at_least) or not _below(low, gate.at_most):
        return Verdict.FAIL, f"the whole interval {shown} breaks '{gate.rule}'"
    return Verdict.INCONCLUSIVE, f"the interval {shown} lies on both sides of '{gate.rule}'"


def _above(number: float, bound: float | None) -> bool:
    return bound is None or number >= bound


def _below(number: float, bound: float | None) -> bool:
    return bound is None or number <= bound


def told(result: GateResult, judgement: Judgement) -> str:
    """Return what decided a result and, where it is not a pass, what a waiver of its gate does to it.

    Parameters
    ----------
    result : GateResult
    judgement : Judgement
        That the result is of.

    Returns
    -------
    str
    """
    waivers = {waiver.gate: (waiver, counts) for waiver, counts in judgement.waivers}
    if result.gate.name not in waivers or result.verdict is Verdict.PASS:
        return result.reason
    waiver, counts = waivers[result.gate.name]
    if result.waived:
        does = f"waived by {waiver.owner} until {waiver.until.isoformat()}: {waiver.reason}"
    elif not counts:
        does = f"the waiver of {waiver.owner} expired on {waiver.until.isoformat()}"
    else:
        does = "a waiver is for a failure: it does not decide what the evidence leaves open"
    return f"{result.reason} [{does}]"


def to_artifact(judgement: Judgement) -> Artifact:
    """Return the judgement as an artifact, to be stored in the run and read by the report.

    Parameters
    ----------
    judgement : Judgement

    Returns
    -------
    Artifact
        Kind "gates"; tables ``gates`` (name, verdict, metric, subset, rule, on, value, low, high, n, waived, reason)
        and ``waivers`` (gate, owner, reason, until, counts); summary with verdict, exit_code, the number of gates by
        verdict, and judged_on where there are waivers.
    """
    gates = pd.DataFrame(
        {
            "name": [r.gate.name for r in judgement.results],
            "verdict": [r.verdict.value for r in judgement.results],
            "metric": [r.gate.metric for r in judgement.results],
            "subset": [r.subset for r in judgement.results],
            "rule": [r.gate.rule for r in judgement.results],
            "on": [r.gate.on for r in judgement.results],
            "value": [r.value for r in judgement.results],
            "low": [r.low for r in judgement.results],
            "high": [r.high for r in judgement.results],
            "n": [r.n for r in judgement.results],
            "waived": [r.waived for r in judgement.results],
            "reason": [r.reason for r in judgement.results],
        }
    )
    waivers = pd.DataFrame(
        [(w.gate, w.owner, w.reason, w.until.isoformat(), counts) for w, counts in judgement.waivers],
        columns=["gate", "owner", "reason", "until", "counts"],
    ).astype({"gate": str, "owner": str, "reason": str, "until": str, "counts": bool})
    summary: dict[str, Any] = {"verdict": judgement.verdict.value, "exit_code": judgement.exit_code}
    for verdict in Verdict:
        summary[f"n_{verdict.value}"] = sum(r.verdict is verdict for r in judgement.results)
    summary["n_waived"] = sum(r.waived for r in judgement.results)
    if judgement.judged_on is not None:
        summary["judged_on"] = judgement.judged_on.isoformat()
    status = {Verdict.PASS: Status.OK, Verdict.FAIL: Status.PROBLEM, Verdict.INCONCLUSIVE: Status.WARNING}
    return Artifact(
        "gates",
        status[judgement.verdict],
        summary=summary,
        tables={"gates": gates, "waivers": waivers},
        findings=tuple(_findings(judgement)),
    )


def _findings(judgement: Judgement) -> Iterable[Finding]:
    owners = {waiver.gate: waiver for waiver, counts in judgement.waivers if counts}
    for result in judgement.results:
        name = result.gate.name if result.subset in result.gate.name else f"{result.gate.name} ({result.subset})"
        text = f"{result.gate.metric}, {result.subset}: {result.reason}."
        if result.waived:
            waiver = owners[result.gate.name]
            who = f" Accepted by {waiver.owner} until {waiver.until.isoformat()}: {waiver.reason}"
            yield Finding(Severity.WARNING, f"Gate {name} fails and is waived", text + who)
        elif result.verdict is Verdict.FAIL:
            yield Finding(Severity.PROBLEM, f"Gate {name} fails", text)
        elif result.verdict is Verdict.INCONCLUSIVE:
            yield Finding(Severity.WARNING, f"Gate {name} is inconclusive", text)
    for waiver, counts in judgement.waivers:
        if not counts:
            text = f"The waiver of {waiver.owner} for gate {waiver.gate} ended on {waiver.until.isoformat()}."
            yield Finding(Severity.WARNING, "A waiver has expired", text)
