"""From the evidence of all folds to judged gaps of terms, groups and own sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._identity_fold import group_keys
from appliedml.audits._identity_judge import Floats, Judged, holm, judge, label_p_values, mean_overlap
from appliedml.audits._identity_terms import Dimension, Term, template_terms

MIN_FOLD_TEXTS = 5
# Smaller differences of scores are what adding up floating-point numbers leaves behind.
NOISE = 1e-9


@dataclass(frozen=True, eq=False)
class Items:
    """What is judged: one row an item and class, with the gap in every fold's model.

    Parameters
    ----------
    table : DataFrame
        kind ("term", "group" or "own"), dimension, slot, item, against, class, and counts.
    by_fold : array of shape (n_folds, n_items)
    over_sentences : array of shape (n_items,)
    p_labels : array of shape (n_items,)
        Not corrected; 1 where labels point the other way, NaN where there are too few.
    """

    table: pd.DataFrame
    by_fold: Floats
    over_sentences: Floats
    p_labels: Floats


def contrasts(terms: Sequence[Term]) -> tuple[pd.DataFrame, Floats]:
    """Return what is compared in templates, and how: each term, and each group, against the others of its dimension.

    Parameters
    ----------
    terms : sequence of Term

    Returns
    -------
    table : DataFrame
        kind, dimension, slot, item, group.
    weights : array of shape (n_items, n_terms)
        An item's gap is the weighted sum of the terms' scores: a term minus the mean of the other terms of its
        dimension and slot; a group's mean minus that of the dimension's other groups, averaged over slots.
    """
    rows, weights = [], []
    slots = list(dict.fromkeys((term.dimension, term.slot) for term in terms))
    members = {slot: [at for at, term in enumerate(terms) if (term.dimension, term.slot) == slot] for slot in slots}
    for at, term in enumerate(terms):
        others = [other for other in members[term.dimension, term.slot] if other != at]
        row = np.zeros(len(terms))
        row[at], row[others] = 1.0, -1.0 / len(others)
        weights.append(row)
        rows.append(("term", term.dimension, term.slot, term.text, term.group, at))
    for dimension, group in dict.fromkeys((term.dimension, term.group) for term in terms):
        row, n_slots = np.zeros(len(terms)), 0
        for slot in (slot for slot in slots if slot[0] == dimension):
            by_group: dict[str, list[int]] = {}
            for at in members[slot]:
                by_group.setdefault(terms[at].group, []).append(at)
            if group not in by_group:
                continue
            n_slots += 1
            for name, places in by_group.items():
                share = 1.0 if name == group else -1.0 / (len(by_group) - 1)
                row[places] += share / len(places)
        weights.append(row / n_slots)
        rows.append(("group", dimension, "", group, group, -1))
    columns = ["kind", "dimension", "slot", "item", "group", "term"]
    return pd.DataFrame(rows, columns=columns), np.array(weights).reshape(len(rows), len(terms))


def pooled_items(
    evidence: Sequence[Mapping[str, Any]], dimensions: Sequence[Dimension], outputs: Sequence[int], min_texts: int
) -> Items:
    """Return every gap of every fold: templates by term and group, own sentences by pair of groups.

    Parameters
    ----------
    evidence : sequence of mapping
        Of :func:`appliedml.audits._identity_fold.fold_evidence`.
    dimensions : sequence of Dimension
    outputs : sequence of int
        Class codes that are judged.
    min_texts : int
        Fewest own sentences (or groups of them) for a pair to be judged.

    Returns
    -------
    Items
    """
    terms, classes = template_terms(dimensions), evidence[0]["classes"]
    keys = group_keys(dimensions)
    table, weights = contrasts(terms)
    key_of = np.where(
        table["kind"] == "term",
        len(keys) + table["term"],
        [keys.index((d, g)) for d, g in zip(table["dimension"], table["group"], strict=True)],
    ).astype(int)
    n_texts = np.rint(np.mean([item["training"]["n_texts"] for item in evidence], axis=0)).astype(int)
    tables, by_fold, over, labels = [], [], [], []
    for k, code in enumerate(outputs):
        p, direction = _label_tests(evidence, k)
        scores = np.stack([item["scores"][:, :, k] for item in evidence])
        gaps = without_noise(np.einsum("it,ftc->fic", weights, scores))
        found = without_noise(gaps.mean(axis=2))
        sign = np.sign(found.mean(axis=0))
        decisions = np.stack([item["decisions"] for item in evidence])
        own = table.assign(**{
            "class": classes[code], "n_sentences": scores.shape[2], "n_training_texts": n_texts[key_of],
            "flip_rate": _template_flips(decisions, terms, table),
        })  # fmt: skip
        tables.append(own)
        by_fold.append(found)
        over.append(_over_templates(without_noise(gaps.mean(axis=0)), evidence[0]["tones"]))
        labels.append(np.where(direction[key_of] == sign, p[key_of], np.where(np.isnan(p[key_of]), np.nan, 1.0)))
        pairs = _own_items(evidence, keys, k, min_texts)
        if len(pairs.table):
            tables.append(pairs.table.assign(**{"class": classes[code]}))
            by_fold.append(pairs.by_fold)
            over.append(pairs.over_sentences)
            labels.append(pairs.p_labels)
    return Items(
        pd.concat(tables, ignore_index=True),
        np.concatenate(by_fold, axis=1),
        np.concatenate(over),
        np.concatenate(labels),
    )


def without_noise(values: Floats) -> Floats:
    """Return differences of scores, those below 1e-9 as exactly 0; NaN stay NaN.

    Parameters
    ----------
    values : array

    Returns
    -------
    array

    Examples
    --------
    >>> without_noise(np.array([3e-17, -0.2])).tolist()
    [0.0, -0.2]
    """
    return np.where(np.abs(values) < NOISE, 0.0, values)


def _over_templates(gaps: Floats, tones: Sequence[str]) -> Floats:
    """Variance of each item's mean gap over templates; the tones are strata, for their shares are fixed by design."""
    strata = pd.factorize(pd.Series(list(tones)))[0]
    if np.bincount(strata).min() < 2:
        strata = np.zeros(len(strata), dtype=int)
    parts = [gaps[:, strata == stratum] for stratum in np.unique(strata)]
    found: Floats = sum(part.shape[1] * part.var(axis=1, ddof=1) for part in parts) / gaps.shape[1] ** 2
    return found


def _label_tests(evidence: Sequence[Mapping[str, Any]], k: int) -> tuple[Floats, Floats]:
    """The least certain of the folds' tests of each group and term, where all point the same way; corrected."""
    p, direction = [], []
    for item in evidence:
        counts = item["training"]
        one, way = label_p_values(counts["n"], counts["hits"][:, k], counts["total"], float(counts["total_hits"][k]))
        p.append(one)
        direction.append(way)
    ways = np.array(direction)
    agree = (ways == ways[0]).all(axis=0)
    # The largest of several p values is a p value; np.max keeps NaN.
    return np.where(agree, np.max(p, axis=0), np.where(np.isnan(np.max(p, axis=0)), np.nan, 1.0)), ways[0]


def _template_flips(decisions: NDArray[np.int64], terms: Sequence[Term], table: pd.DataFrame) -> Floats:
    """Share of templates and folds in which a term's decision is not that of most terms of its slot."""
    n_classes = int(decisions.max(initial=0)) + 1
    slots = pd.factorize(pd.Series([f"{term.dimension}\x1f{term.slot}" for term in terms]))[0]
    by_term = np.zeros(len(terms))
    for slot in np.unique(slots):
        part = decisions[:, slots == slot]
        most = np.stack([(part == code).sum(axis=1) for code in range(n_classes)]).argmax(axis=0)
        by_term[slots == slot] = (part != most[:, None]).mean(axis=(0, 2))
    out = []
    for row in table.itertuples():
        mine = [at for at, term in enumerate(terms) if (term.dimension, term.group) == (row.dimension, row.group)]
        out.append(by_term[row.term] if row.kind == "term" else by_term[mine].mean())
    return np.array(out)


def _own_items(evidence: Sequence[Mapping[str, Any]], keys: list[tuple[str, str]], k: int, min_texts: int) -> Items:
    """Score with group B minus score with group A, in own sentences that have one of them, for each pair."""
    p, direction = _label_tests(evidence, k)
    table = pd.concat([item["own"]["table"].assign(fold=at) for at, item in enumerate(evidence)], ignore_index=True)
    rows, by_fold, over, labels = [], [], [], []
    place = {key: at for at, key in enumerate(keys)}
    first = [place[d, s] for d, s in zip(table["dimension"], table["source"], strict=True)]
    second = [place[d, t] for d, t in zip(table["dimension"], table["target"], strict=True)]
    table = table.assign(a=np.minimum(first, second), b=np.maximum(first, second))
    table["shift"] = without_noise(table[f"shift_{k}"].to_numpy(dtype=float)) * np.where(
        np.array(first) == table["a"], 1.0, -1.0
    )
    for (a, b), part in table.groupby(["a", "b"], sort=True):
        by_unit = part.groupby("unit", sort=True, dropna=False)["shift"].agg(["sum", "size"])
        n_units = len(by_unit)
        per_fold = part.groupby("fold")["shift"].agg(["mean", "size"])
        values = np.full(len(evidence), np.nan)
        for at, found in per_fold.iterrows():
            if found["size"] >= MIN_FOLD_TEXTS:
                values[int(at)] = without_noise(found["mean"])
        small = n_units < min_texts or bool(np.isnan(values).any())
        mean = float(without_noise(part["shift"].mean()))
        residual = by_unit["sum"] - by_unit["size"] * mean
        variance = float((residual**2).sum() / len(part) ** 2 * n_units / max(1, n_units - 1))
        way = np.sign(mean)
        found_p = [p[key] if direction[key] == s else np.nan for key, s in ((b, way), (a, -way))]
        rows.append({
            "kind": "own", "dimension": keys[a][0], "slot": "", "item": keys[b][1], "group": keys[b][1],
            "against": keys[a][1], "n_sentences": len(part), "n_units": n_units, "small": bool(small),
            "shift": mean, "mean_size": float(part["shift"].abs().mean()), "n_flipped": int(part["flipped"].sum()),
        })  # fmt: skip
        by_fold.append(np.full(len(evidence), np.nan) if small else values)
        over.append(variance)
        # Either group's tie to the class would explain the shift; two looks, so twice the p value.
        known = [value for value in found_p if not np.isnan(value)]
        labels.append(min(1.0, 2 * min(known)) if known else np.nan)
    columns = np.array(by_fold).T.reshape(len(evidence), len(rows))
    return Items(pd.DataFrame(rows), columns, np.array(over), np.array(labels))


def judged_items(
    items: Items, evidence: Sequence[Mapping[str, Any]], *, tolerance: float, confidence: float, alpha: float
) -> Judged:
    """Reach the verdicts of all items together.

    Parameters
    ----------
    items : Items
    evidence : sequence of mapping
    tolerance, confidence, alpha : float

    Returns
    -------
    Judged
    """
    overlap = mean_overlap([item["sketch"] for item in evidence], [item["n_train"] for item in evidence])
    return judge(
        items.by_fold,
        items.over_sentences,
        overlap,
        holm(items.p_labels),
        tolerance=tolerance,
        confidence=confidence,
        alpha=alpha,
    )
