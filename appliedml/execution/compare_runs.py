"""Compare two runs: what changed, and what it did to every measure, gap and decision, paired on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from appliedml.core.artifact import ALL_FOLDS, Artifact, Status
from appliedml.core.display import card
from appliedml.execution._compared_changes import changes_between, findings_between, gates_between
from appliedml.execution._compared_decisions import agreement, flips, moves
from appliedml.execution._compared_measures import KINDS, Measured, measure, measures_for
from appliedml.execution._compared_rows import Matched, Note, match
from appliedml.execution._compared_tables import COMPARED, Differences, Minimums, differences
from appliedml.execution._compared_verdict import (
    Direction,
    Judged,
    Reading,
    exit_code,
    joint_critical,
    judge_harm,
    tolerances_from,
)
from appliedml.metrics._group_tables import rates_for
from appliedml.store.evidence import changed_evidence
from appliedml.store.manifest import plain_name
from appliedml.store.run import Run

_JUDGED = ["metric", "subset", "harm", "low", "high", "tolerance", "reading", "direction"]
INCONCLUSIVE = "inconclusive"
"""The verdict where evidence of a run was changed after it: no figure can be relied on."""
_PAIRED_ELSEWHERE = ("gap.", "ratio.", "difference.")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs side by side: run B (the later one) against run A.

    Parameters
    ----------
    summary : dict
        JSON values: names, counts of rows, settings, verdict, agreement of the scores.
    tables : dict of str to DataFrame
        ``changes``, ``scores`` (paired differences of measures, b - a), ``gaps`` (between groups), ``groups`` (rates of
        each group), ``judged`` (against the tolerances), ``flips``, ``moves``, ``bands``, ``gates``, ``findings``,
        ``thresholds``, ``unpaired``, ``not_compared``.
    judged : tuple of Judged
    """

    summary: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    judged: tuple[Judged, ...]

    @property
    def changes(self) -> pd.DataFrame:
        """area, what, a, b: every setting, version or fingerprint that differs."""
        return self.tables["changes"]

    @property
    def scores(self) -> pd.DataFrame:
        """metric, kind, a, b, difference (b - a), low, high, p_value, n, better ("a", "b", "not shown", "neither")."""
        return self.tables["scores"]

    @property
    def gaps(self) -> pd.DataFrame:
        """metric, feature, a, b, difference, low, high, and the same of ratios."""
        return self.tables["gaps"]

    @property
    def groups(self) -> pd.DataFrame:
        """feature, level, metric, n, a, b, difference, low, high: rates of every group."""
        return self.tables["groups"]

    @property
    def same_rows(self) -> bool:
        """Whether both runs tested exactly the same rows."""
        return bool(self.summary["same_rows"])

    @property
    def verdict(self) -> str:
        """What can be said: "worse beyond tolerance", "worse", "better", "better and worse", "no difference shown".

        Or "inconclusive", where files of a run were changed after it.
        """
        return str(self.summary["verdict"])

    def exit_code(self, strict: bool = False) -> int:
        """Return 1 where B is worse beyond tolerance; 3 where that cannot be ruled out and ``strict``; else 0.

        Where files of a run were changed after it: 3.

        Parameters
        ----------
        strict : bool

        Returns
        -------
        int
        """
        return 3 if self.verdict == INCONCLUSIVE else exit_code(self.judged, strict)

    def to_artifact(self) -> Artifact:
        """Return the comparison as plain data, as the report reads it.

        Returns
        -------
        Artifact
            Of kind "comparison".
        """
        status = Status.PROBLEM if self.exit_code() else Status.WARNING if self.exit_code(strict=True) else Status.OK
        return Artifact("comparison", status, summary=self.summary, tables=self.tables)

    def _repr_html_(self) -> str:
        """Card for notebooks; ``appliedml.compare`` shows the whole page."""
        rows = [("verdict", self.verdict), ("changes", str(len(self.changes)))]
        rows.append(("same rows", "yes" if self.same_rows else "no"))
        return card("Comparison", rows, "Differences are b - a.", self.scores.round(4).to_html(index=False))


def compare_runs(
    a: Run,
    b: Run,
    other_rows: bool = False,
    worse_by: Sequence[str] | None = None,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare run b with run a.

    Parameters
    ----------
    a, b : Run
    other_rows : bool
        Compare runs that tested different rows: on those both tested, or apart where there are none.
    worse_by : sequence of str, optional
        Tolerances: "0.02" for all judged measures, "roc_auc=0.02" for one.
    n_resamples : int
        Bootstrap resamples, the same for every measure of both runs. Whole groups are drawn where rows come in groups.
    confidence : float
        Of each interval by itself, and of all judged measures together.
    seed : int

    Returns
    -------
    Comparison

    Raises
    ------
    RunError
        If the runs predict different things, the rows differ and ``other_rows`` is false, or a tolerance is wrong.

    Notes
    -----
    **Intervals.** Measures and rates: percentiles of the paired bootstrap, each by itself. Gaps: simultaneous
    intervals of all pairs of groups (max-|t|), in both runs and of their changes, from which the change of the largest
    gap is bounded; the percentile interval of a difference of two maxima is not valid where one run has no gap.
    Ratios: the same on the scale of logarithms.

    **Verdict.** Judged measures are those with a tolerance; their intervals reach the same number of standard errors,
    chosen so that all of them hold together. "Worse beyond tolerance": the whole interval is. "Inconclusive": files
    that a run's figures rest on were changed after it.
    """
    matched = match(a, b, other_rows)
    tolerances = tolerances_from(worse_by, len(matched.classes))
    costs, precision, notes = _settings(a, b)
    left, right = (measures_for(side, costs, precision) for side in (matched.a, matched.b))
    notes += [
        (name, "Undefined for the scores of one run.")
        for name in {**left, **right}
        if not (name in left) & (name in right)
    ]
    metrics = [{name: own[name] for name in left if name in right} for own in (left, right)]
    rates = {name: rate for name, rate in rates_for(matched.classes).items() if name.partition(".")[0] in COMPARED}
    sizes = [len(feature.levels) for feature in matched.features]
    # Paired: one seed, so both runs are measured on the same resamples. Apart: two, so that they are independent.
    seeds = (seed, seed if matched.paired else seed + 1)
    sides: tuple[Measured, Measured] = (
        measure(matched.a, metrics[0], rates, sizes, n_resamples, seeds[0]),
        measure(matched.b, metrics[1], rates, sizes, n_resamples, seeds[1]),
    )
    minimums = _minimums(a, b)
    found = differences(matched, metrics[1], rates, sides, tolerances, minimums, confidence)
    critical = joint_critical(found.harms, confidence)
    judged = tuple(judge_harm(harm, critical) for harm in found.harms)
    agreed, bands = agreement(matched)
    not_compared: list[Note] = [*matched.notes, *notes, *found.notes, *_absent_parts(a, b, matched)]
    tables = {
        "changes": changes_between(a, b),
        "scores": found.scores,
        "gaps": found.gaps,
        "groups": found.groups,
        "judged": pd.DataFrame([[getattr(item, name) for name in _JUDGED] for item in judged], columns=_JUDGED),
        "flips": flips(matched),
        "moves": moves(matched),
        "bands": bands,
        "gates": gates_between(a, b),
        "findings": findings_between(a, b),
        "thresholds": _thresholds(a, b),
        "unpaired": _unpaired(a, b, found),
        "not_compared": pd.DataFrame(not_compared, columns=["what", "why"]),
    }
    tables["judged"] = tables["judged"].astype({"reading": str, "direction": str})
    changed_files = {
        side: [plain_name(item.file) for item in changed_evidence(run.files_state)]
        for side, run in (("a", a), ("b", b))
    }
    doubted = any(changed_files.values())
    summary = {
        "a": _about(a),
        "b": _about(b),
        "classes": list(matched.classes),
        "paired": matched.paired,
        "same_rows": matched.same_rows,
        "same_predictions": matched.paired and agreed.get("largest") == 0.0 and agreed.get("n_flipped") == 0,
        "rows": matched.counts,
        "n_compared": [matched.a.n, matched.b.n],
        "resampled": "groups of rows" if matched.b.cluster is not None else "rows",
        "n_groups": None if matched.b.cluster is None else int(pd.Series(matched.b.cluster).nunique(dropna=False)),
        "n_resamples": n_resamples,
        "confidence": confidence,
        "seed": seed,
        "critical": critical,
        "tolerances": tolerances,
        "minimums": {"rows": minimums.rows, "positives": minimums.positives, "negatives": minimums.negatives},
        "costs": costs,
        "precision": precision,
        "agreement": agreed,
        "changed_files": changed_files,
        "verdict": INCONCLUSIVE if doubted else _verdict(judged),
        "exit_code": 3 if doubted else exit_code(judged),
    }
    return Comparison(summary, tables, judged)


def _about(run: Run) -> dict[str, Any]:
    info = run.info
    return {
        "name": run.name,
        "folder": run.path.name,
        "run_hash": str(info.get("run_hash", "")),
        "seed": info.get("seed"),
    }


def _verdict(judged: Sequence[Judged]) -> str:
    directions = {item.direction for item in judged}
    if any(item.reading is Reading.BEYOND for item in judged):
        return Reading.BEYOND.value
    if {Direction.BETTER, Direction.WORSE} <= directions:
        return "better and worse"
    moved = directions - {Direction.OPEN}
    return str(next(iter(moved)).value) if moved else Direction.OPEN.value


def _settings(a: Run, b: Run) -> tuple[dict[str, float] | None, float, list[Note]]:
    """Costs of errors and the fixed precision, where both runs name the same."""
    notes: list[Note] = []
    costs = [_costs(run) for run in (a, b)]
    if costs[0] != costs[1]:
        notes.append(("cost", "The runs weigh the two errors differently, or only one names costs."))
    precisions = [_audit(run, "performance").get("fixed_precision", 0.5) for run in (a, b)]
    if precisions[0] != precisions[1]:
        notes.append(("recall_at_precision", "The runs fix different precisions; a precision of B's is used."))
    return (costs[0] if costs[0] == costs[1] else None), float(precisions[1]), notes


def _costs(run: Run) -> dict[str, float] | None:
    threshold = run.plan.get("threshold")
    given = _audit(run, "performance").get("costs") or (
        threshold.get("cost") if isinstance(threshold, Mapping) else None
    )
    if not isinstance(given, Mapping) or len(run.info["classes"]) != 2:
        return None
    return {name: float(given.get(name, 1.0)) for name in ("false_negative", "false_positive")}


def _audit(run: Run, name: str) -> Mapping[str, Any]:
    for item in run.plan.get("audits") or ():
        if isinstance(item, Mapping) and isinstance(item.get(name), Mapping):
            found: Mapping[str, Any] = item[name]
            return found
    return {}


def _minimums(a: Run, b: Run) -> Minimums:
    """Fewest rows of a group that is judged: those of the run whose audit asks for more."""
    default = {"min_rows": 100, "min_positives": 30, "min_negatives": 30}
    asked = [_audit(run, "fairness") for run in (a, b)]
    return Minimums(*(max(int(one.get(name, least)) for one in asked) for name, least in default.items()))


def _thresholds(a: Run, b: Run) -> pd.DataFrame:
    """Threshold of every fold in both runs."""
    sides = [{int(fold["number"]): fold.get("threshold") for fold in run.info["folds"]} for run in (a, b)]
    rows = [(fold, sides[0].get(fold), sides[1].get(fold)) for fold in sorted({**sides[0], **sides[1]})]
    table = pd.DataFrame(rows, columns=["fold", "a", "b"]).astype({"a": float, "b": float})
    return table[table[["a", "b"]].notna().any(axis=1)]


def _unpaired(a: Run, b: Run, found: Differences) -> pd.DataFrame:
    """What both runs measured and nothing above pairs, with each run's own interval."""
    sides = []
    for side, run in (("a", a), ("b", b)):
        pooled = run.scores[run.scores["fold"] == ALL_FOLDS].drop_duplicates(["metric", "subset"])
        sides.append(pooled.set_index(["metric", "subset"])[["value", "low", "high"]].add_suffix(f"_{side}"))
    table = sides[0].join(sides[1], how="inner").reset_index()
    covered = {*found.scores["metric"], *KINDS, "accuracy", *(str(name) for name in found.groups["metric"])}
    # Rates of groups are compared above, on the same groups; what is left are audits of their own.
    skipped = table["metric"].str.startswith(_PAIRED_ELSEWHERE) | table["metric"].isin(covered)
    in_groups = (
        table["metric"]
        .str.partition(".")[0]
        .isin(["prevalence", "specificity", "negative_predictive_value", "observed_minus_predicted", *COMPARED])
    )
    return table[~skipped & ~in_groups].reset_index(drop=True)


def _absent_parts(a: Run, b: Run, matched: Matched) -> list[Note]:
    notes: list[Note] = []
    if not matched.features:
        notes.append(("Fairness", "No sensitive feature with at least two levels is known to both runs."))
    if not matched.binary:
        text = "Slope, intercept and calibration error are of one class against the other, and there are more classes."
        notes.append(("Calibration line", text))
    if not matched.paired:
        notes.append(("Decisions and scores, row by row", "They can only be set side by side for the same rows."))
    for kind, what in (("gates", "Gates"), ("fairness", "Findings of the fairness audit")):
        lacking = [name for name, run in (("A", a), ("B", b)) if kind not in run.kinds]
        if lacking:
            notes.append((what, f"Run {' and run '.join(lacking)} {'has' if len(lacking) == 1 else 'have'} none."))
    only = [sorted(set(one.kinds) - set(other.kinds)) for one, other in ((a, b), (b, a))]
    for name, kinds in zip("AB", only, strict=True):
        if kinds:
            notes.append((f"Audits of run {name} alone", ", ".join(kinds)))
    return notes
