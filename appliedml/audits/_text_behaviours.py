"""Behaviour tests of a sentiment-like score: what must happen when a sentence is negated, praised or scolded.

Source: Ribeiro, Wu, Guestrin and Singh (2020), Beyond accuracy: behavioral testing of NLP models with CheckList, ACL.
The sentences are this project's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.params import ListOf, Record, Text
from appliedml.metrics.classification import roc_auc
from appliedml.metrics.intervals import wilson_interval

Floats = NDArray[np.float64]
LEXICON: dict[str, Any] = {
    "subjects": ["The product", "The service", "The taste", "The quality", "This", "The package", "The flavor", "It"],
    "positive": ["good", "great", "excellent", "wonderful", "perfect", "delicious", "amazing", "fantastic"],
    "negative": ["bad", "terrible", "awful", "horrible", "disgusting", "poor", "disappointing", "useless"],
    "plain": "{subject} was {word}.",
    "negated": "{subject} was not {word}.",
    "intensified": "{subject} was really {word}.",
    "positive_sentence": "I love it, it is excellent.",
    "negative_sentence": "I hate it, it is terrible.",
    "neutral_sentence": "It came on a Tuesday.",
}
_LISTS = ("subjects", "positive", "negative")
LEXICON_RULE = Record(
    {name: ListOf(Text(), 2) if name in _LISTS else Text() for name in LEXICON}, optional=tuple(LEXICON)
)
# AUROC of plain positive against plain negative sentences from which the score is taken to follow sentiment.
FOLLOWS = 0.75
ADDED = ("positive_sentence", "negative_sentence", "neutral_sentence")
COLUMNS = ("test", "title", "kind", "example", "n", "counted", "failures", "failure_rate", "low", "high")


def lexicon_of(own: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the shipped words and sentences with the users' own in their places.

    Parameters
    ----------
    own : mapping or None

    Returns
    -------
    dict

    Examples
    --------
    >>> lexicon_of({"negated": "{subject} war nicht {word}."})["negated"]
    '{subject} war nicht {word}.'
    """
    return {**LEXICON, **(own or {})}


def template_texts(lexicon: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the template sentences by kind: every subject with every word.

    Parameters
    ----------
    lexicon : mapping

    Returns
    -------
    dict of str to list of str
        Keys such as "plain positive"; the sentences of one sentiment stand in the same order for every form.

    Examples
    --------
    >>> template_texts(LEXICON)["negated positive"][0]
    'The product was not good.'
    """
    return {
        f"{form} {sentiment}": [
            lexicon[form].replace("{subject}", subject).replace("{word}", word)
            for subject in lexicon["subjects"]
            for word in lexicon[sentiment]
        ]
        for form in ("plain", "negated", "intensified")
        for sentiment in ("positive", "negative")
    }


def sentiment_direction(evidence: Sequence[Mapping[str, Any]]) -> tuple[int, float]:
    """Tell whether the score rises with sentiment, falls with it, or does not follow it.

    Parameters
    ----------
    evidence : sequence of mapping
        With ``templates``: kind to scores.

    Returns
    -------
    direction : int
        +1, -1 or 0.
    auroc : float
        Plain positive against plain negative sentences, mean over folds.
    """
    found = []
    for item in evidence:
        positive, negative = item["templates"]["plain positive"][0], item["templates"]["plain negative"][0]
        y = np.r_[np.ones(len(positive)), np.zeros(len(negative))].astype(int)
        found.append(roc_auc(y, np.concatenate([positive, negative])))
    mean = float(np.mean(found))
    return (1 if mean >= FOLLOWS else -1 if mean <= 1 - FOLLOWS else 0), mean


def behaviour_table(
    evidence: Sequence[Mapping[str, Any]], lexicon: Mapping[str, Any], direction: int, allowed: float, confidence: float
) -> pd.DataFrame:
    """Count how often each behaviour test fails.

    Parameters
    ----------
    evidence : sequence of mapping
        With ``templates`` (kind to scores and decisions) and ``own`` (added sentence to scores and decisions before
        and after, with units).
    lexicon : mapping
    direction : int
        Of :func:`sentiment_direction`; 0 leaves only the test that needs no sentiment.
    allowed : float
        Change of the score in the wrong direction that is not yet a failure, where a text grows.
    confidence : float

    Returns
    -------
    DataFrame
        One row a test. ``n`` counts template sentences, or test texts (or groups of them), as ``counted`` says in
        words. All folds' models score the same templates: whether a sentence fails is averaged over the models first,
        and ``failure_rate`` is the mean of that over sentences, with a Wilson interval for ``n`` sentences. It speaks
        of other sentences of the kind, with the models that were trained. A test text is scored by one model.
    """
    texts, rows = template_texts(lexicon), []

    def add(name: str, title: str, kind: str, example: str, failed: Floats, units: Any = None) -> None:
        n = len(failed) if units is None else int(pd.Series(units).nunique(dropna=False))
        rate = float(failed.mean()) if len(failed) else float("nan")
        low, high = wilson_interval(rate * n, n, confidence) if n else (np.nan, np.nan)
        counted = f"{n:,} sentences, mean over {len(evidence)} models"
        if units is not None:
            counted = f"{n:,} test texts" if n == len(failed) else f"{n:,} groups of test texts"
        elif len(evidence) == 1:
            counted = f"{n:,} sentences"
        rows.append((name, title, kind, example, n, counted, rate * n if n else 0.0, rate, float(low), float(high)))

    def of_templates(test: Callable[[Mapping[str, Any]], NDArray[np.bool_]]) -> Floats:
        found: Floats = np.mean([test(item["templates"]) for item in evidence], axis=0)
        return found

    def score(found: Mapping[str, Any], kind: str) -> Floats:
        return np.asarray(direction * found[kind][0])

    def wrong_side(found: Mapping[str, Any], kind: str, wanted: bool) -> NDArray[np.bool_]:
        called = np.asarray(found[kind][1]) == (1 if direction > 0 else 0)
        wrong: NDArray[np.bool_] = called != wanted
        return wrong

    if direction:
        pairs = {key: f"{texts[key][0]}" for key in texts}
        shown = "{} / {}".format
        add(
            "plain_positive", "A plainly positive sentence is called positive", "minimum functionality",
            pairs["plain positive"], of_templates(lambda f: wrong_side(f, "plain positive", True)),
        )  # fmt: skip
        add(
            "plain_negative", "A plainly negative sentence is called negative", "minimum functionality",
            pairs["plain negative"], of_templates(lambda f: wrong_side(f, "plain negative", False)),
        )  # fmt: skip
        add(
            "negated_positive", "A negated positive sentence is called negative", "negation",
            pairs["negated positive"], of_templates(lambda f: wrong_side(f, "negated positive", False)),
        )  # fmt: skip
        add(
            "negation_of_positive", "Negating a positive word makes the score more negative", "negation",
            shown(pairs["plain positive"], pairs["negated positive"]),
            of_templates(lambda f: score(f, "negated positive") >= score(f, "plain positive")),
        )  # fmt: skip
        add(
            "negation_of_negative", "Negating a negative word makes the score more positive", "negation",
            shown(pairs["plain negative"], pairs["negated negative"]),
            of_templates(lambda f: score(f, "negated negative") <= score(f, "plain negative")),
        )  # fmt: skip
        add(
            "intensifier", "Strengthening a positive word does not make the score more negative", "direction",
            shown(pairs["plain positive"], pairs["intensified positive"]),
            of_templates(lambda f: score(f, "intensified positive") < score(f, "plain positive") - allowed),
        )  # fmt: skip
    own = {
        name: [np.concatenate([item["own"][name][part] for item in evidence]) for part in range(4)] for name in ADDED
    }
    units = np.concatenate([item["units"] for item in evidence])
    if direction:
        for name, way in (("negative_sentence", 1.0), ("positive_sentence", -1.0)):
            before, after = direction * own[name][0], direction * own[name][1]
            word = name.partition("_")[0]
            other = "negative" if word == "positive" else "positive"
            add(
                f"{word}_added", f"Adding a {word} sentence does not make the score more {other}", "direction",
                f"... {lexicon[name]}", (way * (after - before) > allowed).astype(float), units,
            )  # fmt: skip
    flipped = own["neutral_sentence"][2] != own["neutral_sentence"][3]
    add(
        "neutral_added", "Adding a neutral sentence does not change the decision", "invariance",
        f"... {lexicon['neutral_sentence']}", flipped.astype(float), units,
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
