"""``TableRobustness``: what noise, missing values and unknown categories do to a classifier of table rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._scores_pool import audit_seed, figure, status_of
from appliedml.audits._table_disturbances import DISTURBANCES, Disturber, sampled_rows
from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS, Artifact, Finding, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured
from appliedml.errors import AppliedMLError
from appliedml.metrics.classification import METRICS
from appliedml.metrics.comparisons import ModelDraws, bootstrap_models
from appliedml.metrics.intervals import wilson_interval

KIND = "table_robustness"
NOT_A_TABLE = "The inputs are not a table, so there are no cells to disturb."
AS_IT_IS = "as it is"
WITHIN, FALLS, OPEN = "within tolerance", "warning", "insufficient evidence"
MILDEST = 1
# How stages of ours, of scikit-learn and of pandas say that they do not take a value.
REFUSALS = (AppliedMLError, ValueError, TypeError, KeyError)
CURVE_COLUMNS = (
    "perturbation", "title", "severity", "severity_title", "metric", "value", "low", "high", "n", "difference",
    "difference_low", "difference_high", "verdict",
)  # fmt: skip


class TableRobustness(Configured):
    """Disturb test rows by degrees: noise on numbers, missing values, categories never seen.

    Parameters
    ----------
    perturbations : list of str or None
        Of noise, missing, unknown_categories; None for all.
    max_rows : int
        Test rows a fold: evenly over classes, or whole groups where rows come in groups.
    most_loss : float
        Largest acceptable loss of AUROC (accuracy with several classes) at the mildest degree.
    confidence : float
        Of each interval by itself.
    n_resamples : int
        Bootstrap resamples of rows, or of whole groups where the schema names a group.
    random_state : int or None
        Seed; by default derived from the plan's.

    Notes
    -----
    **Disturbances.** Only features change, as the pipeline is given them; ids, groups and sensitive columns that the
    model does not see stay. Noise: normal, of 0.1, 0.25 and 0.5 standard deviations of the training rows, on every
    numeric column with more than two values; whole numbers stay whole, and no value falls below the smallest of the
    training rows where none of these is negative. Missing values: 5, 10 and 20 % of all cells at random. Unknown
    categories: a value never seen in 10 % of the rows of every categorical column. Model, calibration and threshold
    stay as they are.

    **Refusals.** A pipeline that raises an error refuses such rows: that is the result, and said as an information. It
    raises one too where the model gives a score that is not a number.

    **Judged** is the mildest degree: a loss is called out where its whole interval lies above ``most_loss``. The
    difference is paired: same rows, same resamples. Stronger degrees show where performance begins to fall.

    **Tables**: ``curves`` (perturbation, title, severity, severity_title, metric, value, low, high, n, difference,
    difference_low, difference_high, verdict), with the share of decisions that change as metric ``flip_rate``;
    ``columns`` (column, treated_as: number, flag, category, other); ``refusals`` (perturbation, title, severity,
    severity_title, error, folds).

    Source
    ------
    Hendrycks, Dietterich (2019), Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, for
    measuring by degrees; Breck, Cai, Nielsen, Salib, Sculley (2017), The ML Test Score, for inputs as they may arrive.

    Examples
    --------
    >>> TableRobustness(perturbations=["noise"], max_rows=500).most_loss
    0.02
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "perturbations": AnyOf(ListOf(Choice(*DISTURBANCES), 1), Null()),
        "max_rows": Integer(20),
        "most_loss": Real(0, 1),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 100_000),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        perturbations: Sequence[str] | None = None,
        max_rows: int = 2000,
        most_loss: float = 0.02,
        confidence: float = 0.95,
        n_resamples: int = 500,
        random_state: int | None = None,
    ) -> None:
        self.perturbations = perturbations
        self.max_rows = max_rows
        self.most_loss = most_loss
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Score some of the fold's test rows, as they are and disturbed.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            Labels, groups, and for each disturbance and degree scores and predicted codes, or why there are none.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        """
        self.check_parameters()
        if not isinstance(fold.test.X, pd.DataFrame):
            return {"reason": NOT_A_TABLE}
        seed = fold.seed_for(KIND) if self.random_state is None else derive_seed(self.random_state, fold.number)
        test = fold.test.take(sampled_rows(fold.test, self.max_rows, derive_seed(seed, "rows")))
        disturber = Disturber(fold.train.X, test.X, seed)
        variants, refused = {(AS_IT_IS, 0): _scored(fold, test.X)}, {}
        for name in self._names():
            if not disturber.applies(name):
                continue
            for k, strength in enumerate(DISTURBANCES[name].strengths, start=1):
                # Outside of what is tried: an error of the disturbance itself is no answer of the pipeline.
                changed = disturber.disturbed(name, strength)
                try:
                    variants[name, k] = _scored(fold, changed)
                except REFUSALS as error:
                    # The class alone: a message may quote a value of the data.
                    refused[name, k] = type(error).__name__
        return {
            "seed": fold.seed,
            "classes": fold.classes,
            "y": np.asarray(test.y, dtype=np.int64),
            "units": np.asarray(test.row_id if test.group is None else test.group),
            "grouped": test.group is not None,
            "variants": variants,
            "refused": refused,
            "roles": {str(column): role for column, role in disturber.roles.items()},
        }

    def _names(self) -> tuple[str, ...]:
        return tuple(DISTURBANCES if self.perturbations is None else dict.fromkeys(self.perturbations))

    def conclude(self, evidence: Sequence[Mapping[str, Any]]) -> Artifact:
        """Measure the disturbed rows of all folds together.

        Parameters
        ----------
        evidence : sequence of mapping
            One a fold, in fold order.

        Returns
        -------
        Artifact
            Status "warning" if a loss above ``most_loss`` is shown at the mildest degree, else "ok"; "not_applicable"
            for inputs that are no table. Scores ``robustness.<metric>`` with subset
            ``perturbation=<name>&severity=<k>``, and ``robustness.largest_loss.<metric>`` over all degrees.
        """
        self.check_parameters()
        if "reason" in evidence[0]:
            return Artifact(KIND, Status.NOT_APPLICABLE, str(evidence[0]["reason"]))
        curves, resampled = self._curves(evidence)
        refusals = self._refusals(evidence)
        measured = set(curves["perturbation"]) | set(refusals["perturbation"])
        roles = {column: role for item in evidence for column, role in item["roles"].items()}
        found = [*self._losses(curves), *_refused(refusals, len(evidence)), *self._absent(measured)]
        summary = {
            "most_loss": self.most_loss,
            "confidence": self.confidence,
            "n_rows": sum(len(item["y"]) for item in evidence),
            "n_folds": len(evidence),
            "n_resamples": self.n_resamples,
            "resampled": resampled,
            "metric": _metric(evidence),
            "refused": sorted(set(refusals["perturbation"])),
        }
        return Artifact(
            KIND,
            status_of(found),
            summary=summary,
            tables={
                "curves": curves,
                "columns": pd.DataFrame(list(roles.items()), columns=["column", "treated_as"]),
                "refusals": refusals,
            },
            scores=_scores(curves),
            findings=tuple(found),
        )

    def _curves(self, evidence: Sequence[Mapping[str, Any]]) -> tuple[pd.DataFrame, str]:
        """Every disturbance that every fold's pipeline scored, and what was resampled."""
        y = np.concatenate([item["y"] for item in evidence])
        units = np.concatenate([item["units"] for item in evidence])
        metric, base = _metric(evidence), (AS_IT_IS, 0)
        keys = [key for key in evidence[0]["variants"] if all(key in item["variants"] for item in evidence)]
        label = {key: f"{key[0]}.{key[1]}" for key in keys}
        p, codes = (
            {label[key]: np.concatenate([item["variants"][key][part] for item in evidence]) for key in keys}
            for part in (0, 1)
        )
        n_units = int(pd.Series(units).nunique(dropna=False))
        groups = units if evidence[0]["grouped"] and n_units > 1 else None

        def resampled(truth: NDArray[np.int64], name: str) -> ModelDraws:
            return bootstrap_models(
                truth, p, {name: METRICS[name]}, predictions=codes, groups=groups, confidence=self.confidence,
                n_resamples=self.n_resamples, seed=audit_seed(self.random_state, evidence, KIND),
            )  # fmt: skip

        # Decisions that stay are the accuracy of the disturbed decisions where the undisturbed ones are the truth.
        draws, staying = resampled(y, metric), resampled(codes[label[base]], "accuracy")
        blank, rows = (float("nan"),) * 3, []
        for name in self._names():
            item = DISTURBANCES[name]
            degrees = [k for other, k in keys if other == name]
            for k in [0, *degrees] if degrees else []:
                one = label[(name, k) if k else base]
                head = (name, item.title, k, item.said.format(item.strengths[k - 1]) if k else AS_IT_IS)
                found = draws.interval(one, metric)
                change: tuple[Any, ...] = (0.0, 0.0, 0.0, "")
                if k:
                    moved = draws.difference(one, label[base], metric)
                    verdict = self._verdict(moved.low, moved.high) if k == MILDEST else ""
                    change = (moved.value, moved.low, moved.high, verdict)
                rows.append((*head, metric, found.value, found.low, found.high, found.n, *change))
                stay = staying.interval(one, "accuracy")
                flipped, low, high = 1 - stay.value, 1 - stay.high, 1 - stay.low
                if k and flipped in (0, 1):
                    # A bootstrap of equal rows has no width.
                    low, high = map(float, wilson_interval(flipped * n_units, n_units, self.confidence))
                rows.append((*head, "flip_rate", flipped, low, high, len(y), *blank, ""))
        return pd.DataFrame(rows, columns=list(CURVE_COLUMNS)), "rows" if groups is None else "groups"

    def _verdict(self, low: float, high: float) -> str:
        if high < -self.most_loss:
            return FALLS
        return WITHIN if low >= -self.most_loss else OPEN

    def _refusals(self, evidence: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        rows = []
        for name in self._names():
            item = DISTURBANCES[name]
            for k, strength in enumerate(item.strengths, start=1):
                errors = [one["refused"][name, k] for one in evidence if (name, k) in one["refused"]]
                if errors:
                    said = ", ".join(dict.fromkeys(errors))
                    rows.append((name, item.title, k, item.said.format(strength), said, len(errors)))
        columns = ["perturbation", "title", "severity", "severity_title", "error", "folds"]
        return pd.DataFrame(rows, columns=columns).astype({"severity": np.int64, "folds": np.int64})

    def _losses(self, curves: pd.DataFrame) -> list[Finding]:
        found = []
        flips = curves[curves["metric"] == "flip_rate"].set_index(["perturbation", "severity"])["value"]
        for row in curves[curves["verdict"] == FALLS].itertuples():
            name = METRICS[str(row.metric)].title
            text = (
                f"At {row.severity_title} the {name if name == 'AUROC' else name.lower()} is {figure(row.value)}: "
                f"{figure(-row.difference)} lower ({figure(-row.difference_high)} to {figure(-row.difference_low)}) "
                f"than on the same {row.n} rows as they are, and {self.most_loss:g} is the most that is acceptable. "
                f"{100 * flips[row.perturbation, row.severity]:.1f} % of the decisions change."
            )
            found.append(Finding(Severity.WARNING, f"Performance falls: {str(row.title).lower()}", text))
        return found

    def _absent(self, measured: set[str]) -> list[Finding]:
        words = {"noise": "There is no numeric column with more than two values, in every fold.",
                 "unknown_categories": "There is no categorical column, in every fold."}  # fmt: skip
        return [
            Finding(Severity.INFO, f"{DISTURBANCES[name].title}: not measured", words[name])
            for name in self._names()
            if name not in measured
        ]


def _metric(evidence: Sequence[Mapping[str, Any]]) -> str:
    return "roc_auc" if len(evidence[0]["classes"]) == 2 else "accuracy"


def _scored(fold: Fold, table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    p = np.asarray(fold.pipeline.predict_proba(table), dtype=np.float64)
    codes = p.argmax(axis=1) if fold.threshold is None else p[:, 1] >= fold.threshold
    return p, codes.astype(np.int64)


def _refused(refusals: pd.DataFrame, n_folds: int) -> list[Finding]:
    found = []
    for name, part in refusals.groupby("perturbation", sort=False):
        errors = ", ".join(dict.fromkeys(part["error"]))
        degrees = ", ".join(part["severity_title"])
        text = (
            f"The pipeline gives no scores ({errors}) at {degrees}, in {part['folds'].max()} of {n_folds} folds. "
            "Whoever sends such rows gets no answer: repair them before, or add a stage that takes them."
        )
        found.append(Finding(Severity.INFO, f"{DISTURBANCES[str(name)].refused} refused", text))
    return found


def _scores(curves: pd.DataFrame) -> pd.DataFrame:
    changed = curves[curves["severity"] > 0]
    rows: list[tuple[str, int, str, float, float, float, int]] = [
        (
            f"robustness.{row.metric}", ALL_FOLDS, f"perturbation={row.perturbation}&severity={row.severity}",
            row.value, row.low, row.high, row.n,
        )
        for row in changed.itertuples()
    ]  # fmt: skip
    for metric, part in changed.dropna(subset=["difference"]).groupby("metric", sort=False):
        row = part.loc[part["difference"].idxmin()]
        ends = (-row["difference"], -row["difference_high"], -row["difference_low"])
        rows.append((f"robustness.largest_loss.{metric}", ALL_FOLDS, ALL_ROWS, *ends, int(row["n"])))
    return score_rows(rows)
