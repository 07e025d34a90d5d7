"""What the identity-swap audit keeps of one fold: scores of templates, shifts of own sentences, counts. No own text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._identity_matching import Matcher, Mention
from appliedml.audits._identity_terms import Dimension, Frame, Term, fill, template_terms
from appliedml.audits._text_language import count_english
from appliedml.core.fold import Fold
from appliedml.core.texts import Texts

# Other groups that one own sentence is swapped to; more groups are drawn from.
MAX_TARGETS = 3
# Smallest hashes of the training rows: enough to know how much two folds share to within a few per cent.
SKETCH = 2000
ENGLISH_ROWS = 300
Score = Callable[[Sequence[str]], tuple[NDArray[np.float64], NDArray[np.int64]]]


@dataclass(frozen=True)
class Options:
    """What is scored."""

    dimensions: tuple[Dimension, ...]
    frames: tuple[Frame, ...]
    max_rows: int
    release_texts: int


def outputs_of(n_classes: int) -> tuple[int, ...]:
    """Class codes whose score is judged: the class of interest, or every class if there are more than two."""
    return (1,) if n_classes == 2 else tuple(range(n_classes))


def scorer(fold: Fold) -> Score:
    """Return a function that gives calibrated scores of the judged classes, and decisions, for plain texts."""
    column = fold.test.X.column
    outputs = list(outputs_of(len(fold.classes)))

    def score(texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        if not len(texts):
            return np.zeros((0, len(outputs))), np.zeros(0, dtype=np.int64)
        distinct = list(dict.fromkeys(texts))
        place = {text: at for at, text in enumerate(distinct)}
        p = np.asarray(fold.pipeline.predict_proba(Texts(distinct, column)), dtype=np.float64)
        codes = p.argmax(axis=1) if fold.threshold is None else (p[:, 1] >= fold.threshold)
        back = np.array([place[text] for text in texts], dtype=np.intp)
        return p[:, outputs][back], codes.astype(np.int64)[back]

    return score


def fold_evidence(fold: Fold, options: Options, seed: int) -> dict[str, Any]:
    """Score templates and own sentences of one fold.

    Parameters
    ----------
    fold : Fold
        Its inputs are Texts.
    options : Options
    seed : int

    Returns
    -------
    dict
        Plain data. Own sentences are in it only as far as ``release_texts`` asks for them.
    """
    score, terms = scorer(fold), template_terms(options.dimensions)
    texts = [fill(frame, term) for term in terms for frame in options.frames]
    shape = (len(terms), len(options.frames))
    scores, codes = score(texts)
    matcher = Matcher(options.dimensions)
    # Words that mostly speak of things ("old cheese", "local shop") are in templates, and are no mention elsewhere.
    found = [[item for item in matcher.find(text) if matcher.names_people(item)] for text in fold.test.X]
    rng = np.random.default_rng(seed)
    sample = rng.permutation(len(fold.test))[:ENGLISH_ROWS]
    return {
        "fold": fold.number,
        "seed": seed,
        "classes": fold.classes,
        "table": fold.prediction_table()[[c for c in ("row_id", "y_true", "y_pred", "group") if _has(fold, c)]],
        "tones": [frame.tone for frame in options.frames],
        "scores": scores.reshape(*shape, -1),
        "decisions": codes.reshape(shape),
        "mentions": mention_matrix(found, options.dimensions),
        "own": own_swaps(fold, found, matcher, score, options, rng),
        "training": training_counts(fold, matcher, terms, options.dimensions),
        "sketch": _sketch(fold.train.row_id),
        "n_train": len(fold.train),
        "english": count_english(fold.test.X[int(row)] for row in sample),
    }


def _has(fold: Fold, column: str) -> bool:
    return column != "group" or fold.test.group is not None


def group_keys(dimensions: Sequence[Dimension]) -> list[tuple[str, str]]:
    """Return (dimension, group) of every group, in order."""
    return [(dimension.name, group) for dimension in dimensions for group in dimension.groups]


def mention_matrix(found: Sequence[Sequence[Mention]], dimensions: Sequence[Dimension]) -> NDArray[np.bool_]:
    """Return which texts mention which group, shape (n_texts, n_groups)."""
    place = {key: at for at, key in enumerate(group_keys(dimensions))}
    out = np.zeros((len(found), len(place)), dtype=bool)
    for row, mentions in enumerate(found):
        for mention in mentions:
            out[row, place[mention.dimension, mention.group]] = True
    return out


def own_swaps(
    fold: Fold,
    found: Sequence[Sequence[Mention]],
    matcher: Matcher,
    score: Score,
    options: Options,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Swap the terms in the users' own test sentences and score both forms.

    Returns
    -------
    dict
        ``table``: unit, dimension, source, target, flipped, and shift_<k> (score of the swapped text minus that of the
        original) for every judged class; ``n_with_term``, ``n_swappable``, ``n_swapped``; ``released``: texts.
    """
    swappable = []
    for row, mentions in enumerate(found):
        by_dimension = {
            name: [mention for mention in mentions if mention.dimension == name]
            for name in dict.fromkeys(mention.dimension for mention in mentions)
        }
        possible = {name: matcher.targets(items) for name, items in by_dimension.items()}
        wanted = [(name, by_dimension[name], targets) for name, targets in possible.items() if targets]
        if wanted:
            swappable.append((row, wanted))
    chosen = np.sort(rng.permutation(len(swappable))[: options.max_rows])
    unit = fold.test.row_id if fold.test.group is None else fold.test.group
    originals, changed, rows = [], [], []
    for at in chosen:
        row, wanted = swappable[int(at)]
        text = fold.test.X[row]
        for dimension, mentions, targets in wanted:
            drawn = targets if len(targets) <= MAX_TARGETS else [
                targets[int(k)] for k in np.sort(rng.permutation(len(targets))[:MAX_TARGETS])
            ]  # fmt: skip
            for target in drawn:
                originals.append(text)
                changed.append(matcher.swapped(text, mentions, target))
                rows.append((row, unit[row], dimension, mentions[0].group, target))
    before, codes_before = score(originals)
    after, codes_after = score(changed)
    table = pd.DataFrame(rows, columns=["row", "unit", "dimension", "source", "target"])
    table["flipped"] = codes_before != codes_after
    for k in range(before.shape[1]):
        table[f"shift_{k}"] = after[:, k] - before[:, k]
    released: list[dict[str, Any]] = []
    if options.release_texts and len(table):
        size = np.abs(after - before).max(axis=1)
        for at in np.argsort(-size, kind="stable")[: options.release_texts]:
            k = int(np.abs(after - before)[at].argmax())
            released.append({
                "row_id": str(fold.test.row_id[rows[at][0]]), "fold": fold.number, "dimension": rows[at][2],
                "source": rows[at][3], "target": rows[at][4], "original": originals[at], "swapped": changed[at],
                "class": fold.classes[outputs_of(len(fold.classes))[k]], "score": float(before[at, k]),
                "score_swapped": float(after[at, k]),
            })  # fmt: skip
    return {
        "table": table.drop(columns="row"),
        "n_with_term": sum(bool(mentions) for mentions in found),
        "n_swappable": len(swappable),
        "n_swapped": len(chosen),
        "released": released,
    }


def training_counts(
    fold: Fold, matcher: Matcher, terms: Sequence[Term], dimensions: Sequence[Dimension]
) -> dict[str, Any]:
    """Count, in the training texts, how often each group and each term stands in a text of each judged class.

    Returns
    -------
    dict
        ``n`` of shape (n_groups + n_terms,): units (rows, or groups of rows) with a mention; ``hits`` of shape
        (n_groups + n_terms, n_outputs): the sum over those units of their share of texts of the class; ``n_texts`` with
        a mention; ``total`` and ``total_hits`` over all units.
    """
    keys = group_keys(dimensions)
    place = {key: at for at, key in enumerate(keys)}
    surfaces: dict[tuple[str, str], int] = {}
    for at, term in enumerate(terms):
        surfaces.setdefault((term.dimension, term.text.lower()), len(keys) + at)
    pairs = set()
    for row, text in enumerate(fold.train.X):
        for mention in matcher.find(text):
            pairs.add((place[mention.dimension, mention.group], row))
            at_term = surfaces.get((mention.dimension, mention.surface.lower()))
            if at_term is not None:
                pairs.add((at_term, row))
    labels = np.asarray(fold.train.y, dtype=np.int64)
    hits = np.stack([labels == code for code in outputs_of(len(fold.classes))], axis=1).astype(float)
    units = np.arange(len(labels)) if fold.train.group is None else pd.factorize(fold.train.group)[0]
    size = len(keys) + len(terms)
    frame = pd.DataFrame(sorted(pairs), columns=["key", "row"]).astype("int64")
    frame["unit"] = units[frame["row"].to_numpy()]
    columns = [f"hit_{k}" for k in range(hits.shape[1])]
    for k, column in enumerate(columns):
        frame[column] = hits[frame["row"].to_numpy(), k]
    by_unit = frame.groupby(["key", "unit"])[columns].mean().reset_index()
    n, n_texts, sums = np.zeros(size), np.zeros(size), np.zeros((size, len(columns)))
    np.add.at(n, by_unit["key"].to_numpy(), 1)
    np.add.at(n_texts, frame["key"].to_numpy(), 1)
    np.add.at(sums, by_unit["key"].to_numpy(), by_unit[columns].to_numpy())
    everyone = pd.DataFrame(hits).groupby(units).mean()
    return {
        "n": n,
        "n_texts": n_texts,
        "hits": sums,
        "total": len(everyone),
        "total_hits": everyone.sum().to_numpy(),
    }


def _sketch(row_id: NDArray[Any]) -> NDArray[np.uint64]:
    """Smallest hashes of the rows: two such sketches tell how many rows two folds share (bottom-k sampling)."""
    hashes = pd.util.hash_array(np.asarray(row_id).astype(str).astype(object))
    return np.sort(hashes)[:SKETCH]
