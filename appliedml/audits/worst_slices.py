"""``WorstSlices``: for which rows the model errs most, looked for on one half and confirmed on the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._input_measures import MAX_IMAGES
from appliedml.audits._scores_pool import audit_seed, figure
from appliedml.audits._slices_columns import Column, coded, slicing_frame
from appliedml.audits._slices_errors import Errors, confirm
from appliedml.audits._slices_search import Slice, search
from appliedml.core.artifact import ALL_FOLDS, Artifact, Finding, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.params import AnyOf, Boolean, Choice, Integer, ListOf, Null, Real, Rule
from appliedml.core.stage import Configured

KIND = "worst_slices"
MEASURES = ("log_loss", "error_rate", "roc_auc")
LABELS = {"log_loss": "log loss", "error_rate": "error rate", "roc_auc": "AUROC"}
CONFIRMED, NOT_CONFIRMED, TOO_FEW = "confirmed", "not confirmed", "too few rows"
TYPES: dict[str, Any] = {
    "measure": str, "slice": str, "features": int, "n_search": int, "n": int, "share": float, "n_units": int,
    "n_positive": int, "share_positive": float, "share_positive_rest": float, "value": float, "low": float,
    "high": float, "rest": float, "expected": float, "ratio": float, "ratio_low": float, "ratio_high": float,
    "beyond_low": float, "verdict": str,
}  # fmt: skip


class WorstSlices(Configured):
    """Slices of rows, one or two features at a time, in which the model errs most.

    Parameters
    ----------
    measures : list of str, optional
        By what to look: "log_loss", "error_rate", "roc_auc" (two classes only). Default: all that apply.
    against : "expected" or "rest", default "expected"
        "expected": slices in which the model is more wrong than its own probabilities say, and more so than elsewhere.
        "rest": slices in which it is more wrong than in the other rows, hard as they may be.
    pairs : bool, default True
        Whether to look at two features at a time too.
    n_bins : int, default 5
        Ranges of a number, of about equal numbers of rows.
    min_rows : int, default 50
        Fewest rows of a slice, in each half.
    margin : float, default 0.1
        How much worse a slice must be: its error must be more than ``1 + margin`` times what it is set against,
        interval included. The error of "roc_auc" is 1 - AUROC.
    max_slices : int, default 5
        Most slices that are put to the test, for each measure.
    max_rows : int, default 100000
        Most test rows of all folds together; more are thinned evenly at random. Pictures: 2,000 a fold.
    confidence : float, default 0.95
        Of all slices together: each interval is corrected for how many were put to the test (Bonferroni).
    random_state : int, optional
        Seed of the two halves and of thinning.

    Notes
    -----
    Rows (whole groups, where rows come in groups) are cut into two halves at random. On the first, every level of a
    category, every range of a number, "missing", every sensitive level, and pairs of these are looked at; texts are
    sliced by length and signs of language, pictures by brightness, contrast and the like. The worst that do not overlap
    by more than half are put to the test on the second half, which had no part in finding them: that is what makes the
    interval honest.

    Some rows are hard: near the threshold, or where the class of interest is frequent, any model has a larger loss, and
    within a narrow range of its own score a smaller AUROC. By default a slice is therefore set against what the model's
    own probabilities lead one to expect there (mean entropy, mean chance of error, AUROC of their own ranking). It is
    confirmed if the lower bound of error over expectation is above 1, and that of this ratio over the same ratio in the
    other rows above ``1 + margin``. With ``against="rest"`` its error is set against that of the other rows.

    That none is found says that none was shown to be so much worse: slices of three features, or smaller ones, were not
    looked at.

    Table ``slices``: one row a slice put to the test.

    Source
    ------
    Chung, Kraska, Polyzotis, Tae and Whang (2019), Slice Finder, IEEE ICDE; Eyuboglu et al. (2022), Domino, ICLR.

    Examples
    --------
    >>> WorstSlices(measures=["log_loss"], min_rows=100).margin
    0.1
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "measures": AnyOf(ListOf(Choice(*MEASURES), 1), Null()),
        "against": Choice("expected", "rest"),
        "pairs": Boolean(),
        "n_bins": Integer(2, 12),
        "min_rows": Integer(10),
        "margin": Real(0, 10),
        "max_slices": Integer(1, 50),
        "max_rows": Integer(100),
        "confidence": Real(0.5, 1, open_high=True),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        measures: Sequence[str] | None = None,
        against: str = "expected",
        pairs: bool = True,
        n_bins: int = 5,
        min_rows: int = 50,
        margin: float = 0.1,
        max_slices: int = 5,
        max_rows: int = 100_000,
        confidence: float = 0.95,
        random_state: int | None = None,
    ) -> None:
        self.measures = measures
        self.against = against
        self.pairs = pairs
        self.n_bins = n_bins
        self.min_rows = min_rows
        self.margin = margin
        self.max_slices = max_slices
        self.max_rows = max_rows
        self.confidence = confidence
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Keep the predictions of one fold and what its rows can be sliced by.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            Plain data: two tables of as many rows.
        """
        self.check_parameters()
        n, most = len(fold.test), math.ceil(self.max_rows / fold.n_folds)
        if isinstance(fold.test.X, Images):
            most = min(most, MAX_IMAGES)
        rows = np.arange(n)
        if n > most:
            seed = fold.seed_for(KIND) if self.random_state is None else self.random_state
            rows = np.sort(np.random.default_rng(seed).permutation(n)[:most])
        return {
            "table": fold.prediction_table().iloc[rows].reset_index(drop=True),
            "columns": slicing_frame(fold.test.take(rows.astype(np.intp))),
            "n_sensitive": len(fold.test.sensitive.columns),
            "n_rows": n,
            "classes": fold.classes,
            "seed": fold.seed,
        }

    def conclude(self, evidence: Sequence[dict[str, Any]]) -> Artifact:
        """Look for the worst slices on one half of the rows, and confirm them on the other.

        Parameters
        ----------
        evidence : sequence of dict
            One a fold, in fold order.

        Returns
        -------
        Artifact
            Status "warning" if a slice is confirmed, else "ok"; "not_applicable" where there is nothing to slice by,
            "skipped" where there are too few rows. Scores ``worst_slice.<measure>``, subset the slice.
        """
        self.check_parameters()
        table = pd.concat([item["table"] for item in evidence], ignore_index=True)
        frame = pd.concat([item["columns"] for item in evidence], ignore_index=True)
        classes = tuple(str(name) for name in evidence[0]["classes"])
        if frame.shape[1] == 0:
            reason = "The inputs have no columns to slice by, and the schema names no sensitive feature."
            return Artifact(KIND, Status.NOT_APPLICABLE, reason)
        if len(table) < 4 * self.min_rows:
            reason = f"{len(table):,} test rows are too few for two halves with slices of {self.min_rows:,} rows."
            return Artifact(KIND, Status.SKIPPED, reason)
        errors = Errors.of(
            table["y_true"].to_numpy(dtype=np.int64),
            table[[f"p_{code}" for code in range(len(classes))]].to_numpy(dtype=float),
            table["y_pred"].to_numpy(dtype=np.int64),
            _units(table),
            self.against == "rest",
        )
        seed = audit_seed(self.random_state, evidence, KIND)
        looking = _first_half(errors.unit, seed)
        columns = coded(frame, self.n_bins, 2 * self.min_rows)
        measures = [name for name in (self.measures or MEASURES) if name != "roc_auc" or errors.score is not None]
        candidates, looked_at = self._candidates(errors, columns, looking, measures, int(evidence[0]["n_sensitive"]))
        confidence = 1 - (1 - self.confidence) / max(1, len(candidates))
        found = _table([self._test(errors, columns, looking, *one, confidence) for one in candidates])
        summary = {
            "n_rows": sum(int(item["n_rows"]) for item in evidence),
            "n_used": len(table),
            "n_search": int(looking.sum()),
            "n_confirm": int((~looking).sum()),
            "halves_by": "groups" if "group" in table else "rows",
            "n_features": len(columns),
            "n_looked_at": looked_at,
            "n_tested": len(found),
            "n_confirmed": int((found["verdict"] == CONFIRMED).sum()),
            "measures": list(measures),
            "against": self.against,
            "classes": list(classes),
            "min_rows": self.min_rows,
            "margin": self.margin,
            "confidence": self.confidence,
            "confidence_each": confidence,
            "seed": seed,
        }
        findings = _findings(found, classes, self.against)
        return Artifact(
            KIND,
            Status.WARNING if findings else Status.OK,
            summary=summary,
            tables={"slices": found},
            scores=_scores(found),
            findings=findings,
        )

    def _candidates(
        self,
        errors: Errors,
        columns: Sequence[Column],
        looking: NDArray[np.bool_],
        measures: Sequence[str],
        n_sensitive: int,
    ) -> tuple[list[tuple[str, Slice]], int]:
        part = errors.take(looking)
        seen = [replace(column, codes=column.codes[looking]) for column in columns]
        out: list[tuple[str, Slice]] = []
        most = 0
        for measure in measures:
            found = search(
                part,
                measure,
                seen,
                always=n_sensitive,
                min_rows=self.min_rows,
                margin=self.margin,
                max_slices=self.max_slices,
                pairs=self.pairs,
            )
            most = max(most, found.n_looked_at)
            out += [(measure, item) for item in found.slices]
        return out, most

    def _test(
        self,
        errors: Errors,
        columns: Sequence[Column],
        looking: NDArray[np.bool_],
        measure: str,
        item: Slice,
        confidence: float,
    ) -> dict[str, Any]:
        rows, part = item.rows(columns), errors.take(~looking)
        inside = rows[~looking]
        n = int(inside.sum())
        positive = part.y == 1
        binary = part.score is not None
        out: dict[str, Any] = dict.fromkeys(TYPES, np.nan) | {
            "measure": measure,
            "slice": item.said(columns),
            "features": len(item.parts),
            "n_search": int((rows & looking).sum()),
            "n": n,
            "share": n / len(inside),
            "n_units": len(np.unique(part.unit[inside])),
            "n_positive": int(positive[inside].sum()) if binary else -1,
            "verdict": TOO_FEW,
        }
        if binary and 0 < n < len(inside):
            out["share_positive"] = float(positive[inside].mean())
            out["share_positive_rest"] = float(positive[~inside].mean())
        found = confirm(part, measure, inside, confidence) if n >= self.min_rows else None
        if found is None:
            return out
        ends = (found.value, found.low, found.high, found.rest, found.expected)
        if measure == "roc_auc":
            ends = (1 - found.value, 1 - found.high, 1 - found.low, 1 - found.rest, 1 - found.expected)
        sure = found.beyond_low > 1 + self.margin and found.ratio_low > 1
        return out | {
            **dict(zip(("value", "low", "high", "rest", "expected"), ends, strict=True)),
            "ratio": found.ratio,
            "ratio_low": found.ratio_low,
            "ratio_high": found.ratio_high,
            "beyond_low": found.beyond_low,
            "verdict": CONFIRMED if sure else NOT_CONFIRMED,
        }


def _units(table: pd.DataFrame) -> NDArray[np.int64]:
    """What rows are drawn by: the group where there are groups, else the row. A row without a group stands alone."""
    ids = table["group"] if "group" in table else table["row_id"]
    codes: NDArray[np.int64] = pd.factorize(ids)[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return codes


def _first_half(unit: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    n_units = int(unit.max()) + 1
    first = np.zeros(n_units, dtype=bool)
    first[np.random.default_rng(seed).permutation(n_units)[: n_units // 2]] = True
    return np.asarray(first[unit])


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(TYPES)).astype(TYPES)
    order = table["verdict"].map({CONFIRMED: 0, NOT_CONFIRMED: 1, TOO_FEW: 2})
    place = table["measure"].map({name: number for number, name in enumerate(MEASURES)})
    keys = pd.DataFrame({"verdict": order, "measure": place, "ratio": -table["ratio"]})
    return table.loc[keys.sort_values(["verdict", "measure", "ratio"], kind="stable").index].reset_index(drop=True)


def _findings(table: pd.DataFrame, classes: Sequence[str], against: str) -> tuple[Finding, ...]:
    out = []
    for row in table[table["verdict"] == CONFIRMED].to_dict("records"):
        name = LABELS[row["measure"]]
        text = (
            f"On rows that had no part in finding it, the {name} is {figure(row['value'])} ({figure(row['low'])} to "
            f"{figure(row['high'])}) in these {row['n']:,} rows, and {figure(row['rest'])} elsewhere."
        )
        if np.isfinite(row["share_positive"]):
            shares = (row["share_positive"], row["share_positive_rest"])
            text += f" {classes[1]!r} are {shares[0]:.1%} of them, and {shares[1]:.1%} elsewhere."
        if against == "expected":
            text += f" By its own probabilities one would expect {figure(row['expected'])}: it is surer than it may be."
        out.append(Finding(Severity.WARNING, f"The model errs more where {row['slice']} ({name})", text))
    return tuple(out)


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    return score_rows(
        [
            (f"worst_slice.{row['measure']}", ALL_FOLDS, row["slice"], row["value"], row["low"], row["high"], row["n"])
            for row in table[table["verdict"] != TOO_FEW].to_dict("records")
        ]
    )
