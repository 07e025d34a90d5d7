"""``ExplainShap``: why the model decides as it does, by Shapley values that print their own error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._explain_findings import RANDOMISED_LIMIT, findings, randomisation_verdict
from appliedml.audits._explain_fold import evidence_of, explain
from appliedml.audits._explain_groups import group_table, left_out
from appliedml.audits._explain_pool import Pool, pool
from appliedml.audits._explain_rows import seed_of_fold, share_of_fold
from appliedml.audits._explain_tables import dependence_table, global_table, local_table
from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS, Artifact, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Choice, Integer, Null, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured
from appliedml.errors import Problem, StageError
from appliedml.explain.agreement import randomisation_interval, ranking_agreement
from appliedml.explain.faithfulness import Walks, faithfulness
from appliedml.explain.shap_explainers import SHAP_EXPLAINERS
from appliedml.explain.shapley import smallest_budget

KIND = "explain_shap"
EXPLAINERS = ("auto", "exact", "sampled", *SHAP_EXPLAINERS)
PERSONAL_DATA = "The table local holds single rows of the test data. Of real people, these are personal data."


class ExplainShap(Configured):
    """Shapley values per original feature: overall, by group, by value; with error, faithfulness and stability.

    Parameters
    ----------
    max_rows : int
        Test rows explained in all folds together, spread evenly over classes and sensitive levels.
    background_rows : int
        Training rows of the fold that stand in for hidden features.
    n_permutations : int or None
        Most permutations (random placements of the features on a design of coalitions) a row; by default eight times
        the background rows. For shap's explainers, twice as many walks over all features.
    target_error : float or None
        Sampling goes on until each row's standard error is below this share of the values; None uses the whole budget.
    output : {"probability", "log_odds"}
        Scale of the calibrated probability that is explained: of the class of interest, or of every class.
    explainer : str
        "auto" (exact up to 8 features, else sampled), "exact" (up to 12), "sampled", or one of shap's: "permutation",
        "partition", "kernel", and for Keras networks with numeric inputs "deep" and "gradient", which explain the
        network before calibration.
    max_folds : int or None
        Explain only the first folds.
    local_rows : int
        Single rows to show. Their values leave the audit and are personal data; 0 keeps all single rows inside.
    top : int
        Features compared between groups, and shown of a single row.
    min_group_rows : int
        Levels with fewer explained rows are flagged as small and not compared; those with fewer than five are left out.
    random_state : int or None
        Seed; by default derived from the plan's.

    Notes
    -----
    Values are interventional: hidden features take the values of background rows, whatever the shown ones are. They say
    what the model does with its inputs, not what would happen to a person. All columns made from one original column
    are one feature. Tables of the artifact:

    ``global``
        output, rank, feature, value (mean absolute Shapley value), low, high, share, mean (with sign), n.
    ``by_group``
        sensitive, level, feature, n, small, value, low, high, difference, difference_low, difference_high, differs.
    ``dependence``
        feature, output, kind, order, label, x, value, low, high, n; bins of five rows at least.
    ``agreement``
        fold_a, fold_b, spearman, kendall.
    ``curves``, ``advantages``
        Deletion and insertion: curve, order, share, value, low, high; and curve, value, low, high, n.
    ``randomisation``
        how, value, low, high, n, verdict: "depends on what was learnt" if the whole interval lies below 0.5, else "not
        shown". The limit is a convention: half of the agreement of an explanation with itself.
    ``errors``
        fold, explainer, n_rows, n_background, n_features, base_value, additivity_residual, mean_standard_error,
        relative_error, worst_row_error, reached_target, mean_permutations, n_evaluations, reference, distance,
        expected_distance, n_checked. All errors and distances are shares of the size (root mean square) of the fold's
        values; ``target_error`` is asked of the worst row.
    ``local``
        Only with ``local_rows``: row_id, fold, output, rank, feature, feature_value, value, standard_error, base_value,
        score.

    Intervals are 95 % bootstrap intervals over the explained rows (whole groups, where rows come in groups); they hold
    for the models that were trained.

    Source
    ------
    Strumbelj & Kononenko (2014); Lundberg & Lee (2017); Mitchell et al. (2022); Adebayo et al. (2018); Petsiuk et al.
    (2018); Samek et al. (2017).

    Examples
    --------
    >>> ExplainShap(max_rows=500, top=10).max_rows
    500
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "max_rows": Integer(2),
        "background_rows": Integer(1),
        "n_permutations": AnyOf(Integer(1), Null()),
        "target_error": AnyOf(Real(0, 1, open_low=True), Null()),
        "output": Choice("probability", "log_odds"),
        "explainer": Choice(*EXPLAINERS),
        "max_folds": AnyOf(Integer(1), Null()),
        "local_rows": Integer(0, 100),
        "top": Integer(1),
        "min_group_rows": Integer(2),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        max_rows: int = 200,
        background_rows: int = 100,
        n_permutations: int | None = None,
        target_error: float | None = 0.05,
        output: str = "probability",
        explainer: str = "auto",
        max_folds: int | None = None,
        local_rows: int = 0,
        top: int = 15,
        min_group_rows: int = 30,
        random_state: int | None = None,
    ) -> None:
        self.max_rows = max_rows
        self.background_rows = background_rows
        self.n_permutations = n_permutations
        self.target_error = target_error
        self.output = output
        self.explainer = explainer
        self.max_folds = max_folds
        self.local_rows = local_rows
        self.top = top
        self.min_group_rows = min_group_rows
        self.random_state = random_state

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with parameters that must fit each other.

        Parameters
        ----------
        parameters : mapping
        where : str

        Returns
        -------
        list of Problem
        """
        values = cls(**parameters)
        if values.explainer not in ("auto", "sampled") or values.n_permutations is None:
            return []
        needed = smallest_budget(values.background_rows)
        if values.n_permutations >= needed:
            return []
        return [
            Problem(
                where,
                f"n_permutations must be at least {needed} for background_rows={values.background_rows}. It is "
                f"{values.n_permutations}. Raise it, or use fewer background rows.",
            )
        ]

    def examine(self, fold: Fold) -> dict[str, Any] | None:
        """Explain some test rows of a fold.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict or None
            Plain data for ``conclude``; None for folds beyond ``max_folds``.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        StageError
            If ``n_permutations`` is too small for the background.
        """
        self.check_parameters()
        problems = self.problems_in(self.get_params(deep=False), type(self).__name__)
        if problems:
            raise StageError(f"{problems[0].where}: {problems[0].what}")
        n_rows = share_of_fold(fold, self.max_rows, self.max_folds)
        if not n_rows:
            return None
        seed = seed_of_fold(fold, KIND, self.random_state)
        explained = explain(fold, self, n_rows, seed)
        if isinstance(explained, str):
            return {"reason": explained}
        return evidence_of(fold, explained, self)

    def conclude(self, evidence: Sequence[dict[str, Any] | None]) -> Artifact:
        """Put the folds together.

        Parameters
        ----------
        evidence : sequence of dict or None
            One a fold, in fold order.

        Returns
        -------
        Artifact
            "warning" if the explanation cannot be relied on; "not_applicable" where the inputs are no table or the
            explainer cannot explain the model.
        """
        found = [item for item in evidence if item is not None]
        reasons = [item["reason"] for item in found if "reason" in item]
        if reasons or not found:
            return Artifact(KIND, Status.NOT_APPLICABLE, reasons[0] if reasons else "No fold was explained.")
        seed = derive_seed(found[0]["seed"], "conclude")
        pooled = pool(found, seed)
        tables = {"global": global_table(pooled)}
        first = tables["global"]["output"] == tables["global"]["output"].iloc[0]
        ranked = tables["global"].loc[first, "feature"].tolist()
        tables["by_group"] = group_table(pooled, ranked[: self.top], self.min_group_rows)
        tables["dependence"] = dependence_table(pooled, ranked)
        tables["agreement"] = _agreement(pooled)
        faithful = faithfulness(Walks.joined([item["walks"] for item in found]), seed)
        tables["curves"], tables["advantages"] = faithful.curves, faithful.advantages
        tables["randomisation"], not_randomised = _randomisation(found, seed)
        tables["errors"] = _errors(found)
        if self.local_rows:
            tables["local"] = local_table(found, self.local_rows, self.top)
        summary = self._summary(found, pooled, tables) | {"randomisation_skipped": not_randomised}
        items = tuple(findings(tables, summary, found[0]["sources"]))
        warned = any(item.severity is Severity.WARNING for item in items)
        return Artifact(
            KIND,
            Status.WARNING if warned else Status.OK,
            summary=summary,
            tables=tables,
            scores=_scores(summary, tables),
            findings=items,
        )

    def _summary(
        self, found: Sequence[dict[str, Any]], pooled: Pool, tables: Mapping[str, pd.DataFrame]
    ) -> dict[str, Any]:
        errors = tables["errors"]
        agreement = tables["agreement"]["spearman"].mean()
        checked = errors.dropna(subset=["distance"])
        return {
            "explainer": found[0]["method"],
            "why": found[0]["why"],
            "notes": sorted({note for item in found for note in item["notes"]})
            + ([PERSONAL_DATA] if self.local_rows else []),
            "output": self.output,
            "classes": list(pooled.outputs),
            "n_rows": len(pooled.values),
            "n_folds": len(found),
            "n_background": int(errors["n_background"].max()),
            "n_features": len(pooled.names),
            "n_evaluations": int(errors["n_evaluations"].sum()),
            "target_error": self.target_error,
            "relative_error": _relative(found),
            "mean_standard_error": _number(np.sqrt(np.mean([x**2 for x in errors["mean_standard_error"]]))),
            "additivity_residual": float(errors["additivity_residual"].max()),
            "distance": _number(checked["distance"].iloc[0]) if len(checked) else None,
            "distance_reference": str(checked["reference"].iloc[0]) if len(checked) else None,
            "expected_distance": _number(checked["expected_distance"].iloc[0]) if len(checked) else None,
            "distance_rows": int(checked["n_checked"].iloc[0]) if len(checked) else 0,
            "worst_row_error": _number(errors["worst_row_error"].max()),
            "fold_agreement": _number(agreement),
            "min_group_rows": self.min_group_rows,
            "groups_left_out": left_out(pooled),
            "randomisation_limit": RANDOMISED_LIMIT,
        }


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _relative(found: Sequence[dict[str, Any]]) -> float | None:
    errors = np.concatenate([item["standard_errors"].ravel() for item in found])
    size = float(np.linalg.norm(np.concatenate([item["values"].ravel() for item in found])))
    return _number(np.linalg.norm(errors) / size) if size else 0.0


def _worst_row(errors: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the largest standard error of a row as a share of the size of all values: what sampling holds down.

    Outputs are judged one by one, and noise adds its variance to the mean square of the values.
    """
    own = np.sqrt(np.mean(errors**2, axis=1))
    size = np.sqrt(np.maximum(np.mean(values**2 - errors**2, axis=(0, 1)), 0))
    shares = np.divide(own, size, where=size > 0, out=np.where(own > 0, np.inf, 0.0))
    return float(shares.max())


def _agreement(pooled: Pool) -> pd.DataFrame:
    folds = sorted(set(pooled.fold.tolist()))
    return ranking_agreement([pooled.sizes[pooled.fold == fold].mean(axis=0) for fold in folds], folds)


def _randomisation(found: Sequence[dict[str, Any]], seed: int) -> tuple[pd.DataFrame, str]:
    rows, skipped = [], ""
    for item in found:
        if item["randomised"] is None:
            continue
        if item["randomised"]["correlations"] is None:
            skipped = item["randomised"]["how"]
        else:
            rows.append((item["randomised"]["how"], *randomisation_interval(item["randomised"]["correlations"], seed)))
    table = pd.DataFrame(rows, columns=["how", "value", "low", "high", "n"])
    return table.assign(verdict=[randomisation_verdict(row.high, int(row.n)) for row in table.itertuples()]), skipped


def _errors(found: Sequence[dict[str, Any]]) -> pd.DataFrame:
    rows = []
    for item in found:
        check = item["check"] or {"reference": "", "distance": float("nan"), "expected": float("nan"), "n": 0}
        errors, values = item["standard_errors"], item["values"]
        size = float(np.linalg.norm(values))
        rows.append(
            {
                "fold": item["fold"],
                "explainer": item["method"],
                "n_rows": len(values),
                "n_background": item["n_background"],
                "n_features": values.shape[1],
                "base_value": float(item["base_values"][0]),
                "additivity_residual": item["additivity_residual"],
                "mean_standard_error": float(np.sqrt(np.mean(errors**2))),
                "relative_error": float(np.linalg.norm(errors)) / size if size else 0.0,
                "worst_row_error": _worst_row(errors, values),
                "reached_target": bool(item["reached_target"]),
                "mean_permutations": item["mean_permutations"],
                "n_evaluations": item["n_evaluations"],
                "reference": check["reference"],
                "distance": check["distance"],
                "expected_distance": check["expected"],
                "n_checked": check["n"],
            }
        )
    return pd.DataFrame(rows)


def _scores(summary: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    nan = float("nan")
    rows = [
        (f"explanation_{name}", ALL_FOLDS, ALL_ROWS, float(summary[name]), nan, nan, int(summary[counted]))
        for name, counted in (
            ("relative_error", "n_rows"),
            ("additivity_residual", "n_rows"),
            ("distance", "distance_rows"),
            ("fold_agreement", "n_rows"),
        )
        if summary[name] is not None
    ]
    rows += [
        (f"explanation_{row.curve}_advantage", ALL_FOLDS, ALL_ROWS, row.value, row.low, row.high, int(row.n))
        for row in tables["advantages"].itertuples()
    ]
    rows += [
        ("explanation_randomised_agreement", ALL_FOLDS, ALL_ROWS, row.value, row.low, row.high, int(row.n))
        for row in tables["randomisation"].itertuples()
    ]
    return score_rows(rows)
