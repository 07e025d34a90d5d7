"""``ShortcutProbe``: whether the model may decide by how a row was acquired, or by whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._scores_pool import audit_seed, figure, pool, score_evidence
from appliedml.audits._shortcut_rows import UNKNOWN, Attribute, attributes_of, probe_scores
from appliedml.core.artifact import ALL_FOLDS, Artifact, Finding, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Integer, ListOf, Null, Real, Rule, Text
from appliedml.core.stage import Configured
from appliedml.metrics.paired_draws import Draws, Resamples, mean_of

KIND = "shortcut_probe"
READABLE = 0.8
COLUMNS = (
    "feature", "level", "others", "n", "n_level", "label_difference", "label_difference_low", "label_difference_high",
    "score_auroc", "score_low", "score_high", "within_auroc", "within_low", "within_high", "features_auroc",
    "features_low", "features_high", "roc_auc", "roc_auc_low", "roc_auc_high", "balanced_roc_auc", "balanced_low",
    "balanced_high", "difference", "difference_low", "difference_high", "verdict",
)  # fmt: skip


class ShortcutProbe(Configured):
    """How well the score, and what the model stands on, tell sensitive features and acquisition apart.

    Parameters
    ----------
    features : list of str, optional
        Sensitive features to probe (name the view, the site and the scanner among the schema's); default all.
    margin : float, default 0.05
        How far the area within classes must be from 0.5, interval included, for the score to follow an attribute.
    min_rows : int, default 30
        Levels with fewer test rows are not probed, and listed.
    max_rows : int, default 20000
        Most test rows, and training rows of a probe; more are thinned evenly at random.
    confidence : float, default 0.95
        Of all attributes together: each interval is corrected for their number (Bonferroni).
    n_resamples : int, default 500
    random_state : int, optional

    Notes
    -----
    Table ``attributes``, a row an attribute (a feature with two levels, or a level against the others):

    ``label_difference``
        Share of the class of interest at this level minus that at the others: what a shortcut would live on.
    ``score_auroc``, ``within_auroc``
        Area under the ROC curve of the model's score as a guess of the level, over all rows, and within rows of one
        label (mean over labels): an association that the label itself does not explain.
    ``features_auroc``
        The same of a linear probe on what the network stands on (frozen features, or the inputs of its last layer; of
        other models the columns they see), fitted in the training fold, measured on the test rows.
    ``roc_auc``, ``balanced_roc_auc``
        Of the model for its own task; and on rows weighted so that level and label are independent.

    The verdict is "possible shortcut" where label and level go together *and* the score follows the level within
    labels, in the same direction, beyond the margin; "readable" where only the features tell the level (area of 0.8 or
    more, lower bound); else "not shown". An association is no proof that the model uses the attribute: a common cause,
    such as severity, looks the same.

    Source
    ------
    Zech et al. (2018), PLOS Medicine 15(11); DeGrave et al. (2021), Nature Machine Intelligence 3; Alain, Bengio
    (2017); Kamiran, Calders (2012).

    Examples
    --------
    >>> ShortcutProbe(features=["view"]).margin
    0.05
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "features": AnyOf(Null(), ListOf(Text(), 1)),
        "margin": Real(0, 0.5),
        "min_rows": Integer(5),
        "max_rows": Integer(100),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 100_000),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        features: Sequence[str] | None = None,
        margin: float = 0.05,
        min_rows: int = 30,
        max_rows: int = 20_000,
        confidence: float = 0.95,
        n_resamples: int = 500,
        random_state: int | None = None,
    ) -> None:
        self.features = features
        self.margin = margin
        self.min_rows = min_rows
        self.max_rows = max_rows
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Fit the probes on training rows and apply them to test rows.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            The predictions, and for each attribute the probe's ranks of the test rows.
        """
        self.check_parameters()
        out: dict[str, Any] = {**score_evidence(fold), "features": list(fold.test.schema.sensitive_names)}
        wanted = self._wanted(out["features"])
        if not wanted:
            return out
        rng = np.random.default_rng(fold.seed_for(KIND) if self.random_state is None else self.random_state)
        chosen = np.sort(rng.permutation(len(fold.train))[: self.max_rows])
        train = fold.train.take(chosen.astype(np.intp))
        found, out["represented"] = _represent(fold.pipeline, train), ""
        if isinstance(found, str):
            out["represented"] = found
            return out
        inside, name = found
        outside, _ = _represent(fold.pipeline, fold.test)
        out["representation"] = name
        levels = train.sensitive
        few = max(5, self.min_rows // max(2, fold.n_folds))
        out["probes"] = {}
        for attribute in attributes_of(levels, wanted, few)[0]:
            known = levels[attribute.feature].to_numpy() != UNKNOWN
            is_level = levels[attribute.feature].to_numpy() == attribute.level
            scores = probe_scores(inside[known], is_level[known], outside, fold.seed_for(KIND, attribute.feature))
            # Scales differ between folds; ranks do not.
            ranks = pd.Series(scores).rank(pct=True).to_numpy()
            out["probes"][(attribute.feature, attribute.level)] = ranks
        return out

    def _wanted(self, present: Sequence[str]) -> list[str]:
        return list(present) if self.features is None else [name for name in self.features if name in present]

    def conclude(self, evidence: list[dict[str, Any]]) -> Artifact:
        """Put the folds together.

        Parameters
        ----------
        evidence : list of dict
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Table ``attributes``; scores ``shortcut.score``, ``shortcut.features``, ``shortcut.balanced_roc_auc`` with
            subset ``<feature>=<level>``.
        """
        wanted = self._wanted(evidence[0]["features"])
        if not wanted:
            asked = "" if self.features is None else f" of {', '.join(self.features)}"
            reason = f"The schema names no sensitive feature{asked}, so there is nothing to probe for."
            return Artifact(KIND, Status.NOT_APPLICABLE, reason=reason)
        pooled = pool(evidence)
        table = pd.concat([item["table"] for item in evidence], ignore_index=True)
        seed = audit_seed(self.random_state, evidence, KIND)
        kept = np.sort(np.random.default_rng(seed).permutation(pooled.n)[: self.max_rows])
        sensitive = pd.DataFrame({name: table[f"sensitive.{name}"].to_numpy()[kept] for name in wanted})
        attributes, left_out = attributes_of(sensitive, wanted, self.min_rows)
        if not attributes:
            return Artifact(KIND, Status.SKIPPED, reason="No attribute has rows enough: " + "; ".join(left_out) + ".")
        groups = None if pooled.groups is None else pooled.groups[kept]
        rows = _Measured(
            pooled.y[kept], pooled.p[kept], sensitive, Resamples(len(kept), self.n_resamples, seed, groups)
        )
        confidence = 1 - (1 - self.confidence) / len(attributes)
        found = [
            self._measure(rows, attribute, _probe(evidence, attribute, kept), confidence) for attribute in attributes
        ]
        measured = pd.DataFrame(found, columns=list(COLUMNS))
        findings = _findings(measured)
        reasons = sorted({item["represented"] for item in evidence if item.get("represented")})
        summary = {
            "n": len(kept),
            "n_folds": len(evidence),
            "resampled": pooled.resampled,
            "confidence": self.confidence,
            "confidence_each": confidence,
            "margin": self.margin,
            "readable_from": READABLE,
            "left_out": left_out,
            "class": pooled.classes[1] if pooled.binary else "",
            "represented": " ".join(reasons),
            "representation": next((item["representation"] for item in evidence if "representation" in item), ""),
        }
        named = (measured["verdict"] == "possible shortcut").any()
        return Artifact(
            KIND,
            Status.WARNING if named else Status.OK,
            summary=summary,
            tables={"attributes": measured},
            scores=_scores(measured),
            findings=tuple(findings),
        )

    def _measure(
        self, rows: _Measured, attribute: Attribute, probe: NDArray[np.float64] | None, confidence: float
    ) -> dict[str, Any]:
        levels = rows.sensitive[attribute.feature].to_numpy()
        known, level, draws = levels != UNKNOWN, levels == attribute.level, rows.resamples
        out: dict[str, Any] = {"feature": attribute.feature, "level": attribute.level, "others": attribute.others}
        out |= {"n": int(known.sum()), "n_level": int(level.sum()), "verdict": "not shown"}
        if probe is not None:
            out |= _named("features_auroc", "features", draws.auroc(level, probe, known), confidence)
        if rows.binary:
            marked, score = rows.y == 1, rows.p[:, 1]
            share = draws.difference_of_shares(marked, level, known)
            within = mean_of([draws.auroc(level, score, known & (marked == label)) for label in (False, True)])
            plain = draws.auroc(marked, score, known)
            balanced = draws.auroc(marked, score, known, draws.balancing(marked, level, known))
            change = Draws(balanced.value - plain.value, balanced.draws - plain.draws, plain.n)
            out |= _named("label_difference", "label_difference", share, confidence)
            out |= _named("score_auroc", "score", draws.auroc(level, score, known), confidence)
            out |= _named("within_auroc", "within", within, confidence)
            out |= _named("roc_auc", "roc_auc", plain, confidence)
            out |= _named("balanced_roc_auc", "balanced", balanced, confidence)
            out |= _named("difference", "difference", change, confidence)
        if _follows(out, self.margin):
            out["verdict"] = "possible shortcut"
        elif out.get("features_low", 0.0) >= READABLE:
            out["verdict"] = "readable"
        return {name: out.get(name, np.nan) for name in COLUMNS}


class _Measured:
    """Test rows with their resamples."""

    def __init__(
        self, y: NDArray[np.int64], p: NDArray[np.float64], sensitive: pd.DataFrame, resamples: Resamples
    ) -> None:
        self.y, self.p, self.sensitive, self.resamples = y, p, sensitive, resamples
        self.binary = p.shape[1] == 2


def _represent(pipeline: Any, samples: Any) -> Any:
    """What the model stands on, and what that is; or why there is nothing to probe."""
    inputs, model = pipeline.transform_inputs(samples), pipeline.model_
    if hasattr(model, "representation"):
        network = "what the network stands on: its frozen features, or the inputs of its last layer"
        return np.asarray(model.representation(inputs), dtype=np.float64), network
    if isinstance(inputs, pd.DataFrame):
        numbers = inputs.select_dtypes(["number", "bool"])
        if numbers.shape[1]:
            return np.nan_to_num(numbers.to_numpy(dtype=np.float64)), "the numeric columns that the model sees"
    if isinstance(inputs, np.ndarray) and inputs.ndim == 2 and inputs.dtype.kind in "fiub":
        return np.nan_to_num(inputs.astype(np.float64)), "the values that the model sees"
    return "The model offers no representation of its inputs, so only its score was probed."


def _probe(evidence: Sequence[Mapping[str, Any]], attribute: Attribute, kept: NDArray[Any]) -> Any:
    key = (attribute.feature, attribute.level)
    if any(key not in item.get("probes", {}) for item in evidence):
        return None
    return np.concatenate([item["probes"][key] for item in evidence])[kept]


def _named(value: str, bounds: str, found: Draws, confidence: float) -> dict[str, float]:
    low, high = found.interval(confidence) if np.isfinite(found.value) else (np.nan, np.nan)
    return {value: found.value, f"{bounds}_low": low, f"{bounds}_high": high}


def _follows(row: Mapping[str, Any], margin: float) -> bool:
    """Whether label and level go together, and the score follows the level within labels in the same direction."""
    if "label_difference" not in row:
        return False
    more = row["label_difference_low"] > 0 and row["within_low"] > 0.5 + margin
    fewer = row["label_difference_high"] < 0 and row["within_high"] < 0.5 - margin
    return bool(more or fewer)


def _findings(table: pd.DataFrame) -> list[Finding]:
    out = []
    for row in table.to_dict("records"):
        name = f"{row['feature']} ({row['level']} against {row['others']})"
        if row["verdict"] == "possible shortcut":
            more = row["within_auroc"] > 0.5
            ends = ("within_low", "within_high") if more else ("within_high", "within_low")
            area, low, high = (row[name] if more else 1 - row[name] for name in ("within_auroc", *ends))
            points = f"{100 * abs(row['label_difference']):.0f}"
            text = (
                f"The class is {points} percentage point{'' if points == '1' else 's'} "
                f"{'more' if more else 'less'} frequent at {row['level']} than at {row['others']}, "
                f"and within rows of one label the score is still {'higher' if more else 'lower'} "
                f"there: it tells the levels apart with an area of {_bounded(area, low, high)}. With label "
                f"and {row['feature']} made independent, the AUROC is {figure(row['balanced_roc_auc'])} instead "
                f"of {figure(row['roc_auc'])}. The model may decide by {row['feature']} rather than by what it should."
            )
            out.append(Finding(Severity.WARNING, f"Possible shortcut: {name}", text))
        if row["features_low"] >= READABLE:
            text = (
                f"A linear probe on what the model stands on tells {row['level']} from {row['others']} with an area of "
                f"{_interval(row, 'features_auroc', 'features')}. The model could use it; whether its score does, "
                "stands beside."
            )
            out.append(Finding(Severity.INFO, f"The features give away {row['feature']}: {name}", text))
    return out


def _bounded(value: float, low: float, high: float) -> str:
    return f"{figure(value)} ({figure(low)} to {figure(high)})"


def _interval(row: Mapping[str, Any], value: str, bounds: str) -> str:
    return f"{figure(row[value])} ({figure(row[bounds + '_low'])} to {figure(row[bounds + '_high'])})"


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    parts = {"score_auroc": "score", "features_auroc": "features", "balanced_roc_auc": "balanced"}
    names = {"score_auroc": "score", "features_auroc": "features", "balanced_roc_auc": "balanced_roc_auc"}
    return score_rows(
        [
            (
                f"shortcut.{names[value]}", ALL_FOLDS, f"{row['feature']}={row['level']}",
                row[value], row[f"{bounds}_low"], row[f"{bounds}_high"], int(row["n"]),
            )
            for row in table.to_dict("records")
            for value, bounds in parts.items()
            if np.isfinite(row[value])
        ]
    )  # fmt: skip
