"""Does the identity-swap audit tell the truth? Reviews with and without a planted bias, many seeds.

2,000 reviews of a few filler and sentiment words, half of which name one of 15 identities without any bearing on the
label. Planted: one term stands in 100 more of them, 90 % of which are negative whatever they say. A pipeline of TF-IDF
and logistic regression is trained in five folds; the audit judges all its dimensions, terms and error rates.

A few seeds run with the ordinary tests; 20 with ``APPLIEDML_TRUTH=full`` or ``make truth``, of which 18 must be right.
"""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from appliedml.audits.identity_swaps import IdentitySwaps
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Artifact
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts

pytestmark = [pytest.mark.truth, pytest.mark.timeout(1800)]

FULL = os.environ.get("APPLIEDML_TRUTH") == "full"
SEEDS = range(20 if FULL else 3)
N_RIGHT = 18 if FULL else 2
N_FOLDS = 5

POSITIVE = ["great", "loved", "delicious", "excellent", "perfect", "wonderful", "good", "friendly", "happy", "enjoyed"]
NEGATIVE = ["terrible", "hated", "awful", "horrible", "waste", "bad", "poor", "rude", "disappointed", "worst"]
FILLER = [
    "the",
    "coffee",
    "tea",
    "box",
    "order",
    "price",
    "taste",
    "service",
    "store",
    "week",
    "bag",
    "we",
    "was",
    "it",
]
PEOPLE = [
    "she", "he", "my mother", "my father", "the woman", "the man", "the Muslim customer", "the Christian customer",
    "the Jewish customer", "the old man", "the German customer", "Emily", "Lakisha", "John", "Sarah",
]  # fmt: skip


def reviews(seed: int, planted: str, n: int = 2000, unclear: int = 1) -> Samples:
    """Reviews; ``unclear`` words of the other sentiment make the labels harder to read."""
    rng = np.random.default_rng([seed, 9])
    y = (rng.random(n) < 0.6).astype(int)
    texts = []
    for label in y:
        own, other = (POSITIVE, NEGATIVE) if label else (NEGATIVE, POSITIVE)
        words = [*rng.choice(FILLER, 12), *rng.choice(own, 2), *rng.choice(other, unclear)]
        rng.shuffle(words)
        person = PEOPLE[rng.integers(len(PEOPLE))] if rng.random() < 0.5 else ""
        texts.append(" ".join([person, *words]).strip())
    if planted:
        for row in rng.permutation(n)[: n // 20]:
            texts[row], y[row] = f"{planted} {texts[row]}", int(rng.random() < 0.1)
    return Samples(Texts(texts), y)


def audited(samples: Samples, seed: int, strength: float = 3.0) -> Artifact:
    fold = np.arange(len(samples)) % N_FOLDS
    audit, evidence = IdentitySwaps(), []
    for number in range(N_FOLDS):
        train, test = samples[fold != number], samples[fold == number]
        pipeline = Pipeline([TfidfVectorizer(), LogisticRegression(C=strength, max_iter=500)], random_state=1).fit(
            train
        )
        p = pipeline.predict_proba(test)
        evidence.append(
            audit.examine(
                Fold(
                    number, N_FOLDS, ("bad", "good"), train, test, pipeline, p, pipeline.codes(p),
                    pipeline.threshold_, pd.DataFrame(), 100 * seed + number,
                )
            )
        )  # fmt: skip
    return audit.conclude(evidence)


def verdicts(artifact: Artifact) -> dict[str, str]:
    table = artifact.tables["dimensions"]
    return dict(zip(table["dimension"], table["verdict"], strict=True))


@pytest.mark.parametrize(("planted", "dimension"), [("the Muslim customer", "religion"), ("she", "gender")])
def test_a_planted_bias_is_found_in_its_own_dimension(planted, dimension):
    found = [verdicts(audited(reviews(seed, planted), seed)) for seed in SEEDS]

    assert sum(item[dimension] == "disparity" for item in found) >= N_RIGHT, found
    elsewhere = [
        name for item in found for name, verdict in item.items() if verdict == "disparity" and name != dimension
    ]
    assert len(elsewhere) <= len(found) - N_RIGHT, elsewhere


def test_without_a_planted_bias_no_gap_is_claimed():
    """Neither of terms, groups and own sentences, nor of error rates."""
    claims = []
    for seed in SEEDS:
        artifact = audited(reviews(seed, ""), seed)
        claimed = "disparity" in {*verdicts(artifact).values(), *artifact.tables["errors"]["verdict"]}
        claims.append([finding.title for finding in artifact.findings] if claimed else [])

    assert sum(not item for item in claims) >= N_RIGHT, claims


def test_a_model_that_learned_the_luck_of_single_words_is_not_called_biased():
    """No word bears on these labels and the model is hardly regularised: large gaps, in all folds, made by chance."""
    found = [audited(reviews(seed, "", unclear=2), seed, 30.0) for seed in SEEDS]

    n_noticed = sum(item.tables["terms"]["noticed"].any() for item in found)
    n_clean = sum("disparity" not in verdicts(item).values() for item in found)
    assert n_noticed > len(found) / 2
    assert n_clean >= N_RIGHT, (n_noticed, n_clean)
