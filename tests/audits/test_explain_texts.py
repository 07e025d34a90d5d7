from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from appliedml.audits.explain_texts import ExplainTexts
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.models.keras_classifier import KerasClassifier

RNG = np.random.default_rng(0)
NEUTRAL = ["tea", "coffee", "box", "shop", "day", "week", "came", "with", "from", "again", "cup", "they"]
GOOD, BAD = ["great", "tasty"], ["awful", "stale"]


def reviews(n=160):
    texts, labels = [], RNG.integers(0, 2, n)
    for label in labels:
        words = [*RNG.choice(NEUTRAL, RNG.integers(6, 14)), *RNG.choice(GOOD if label else BAD, 2)]
        texts.append(" ".join(RNG.permutation(words)))
    return Samples(Texts(texts), labels)


SAMPLES = reviews()


def folds_of(steps, samples=SAMPLES):
    rows, folds = np.arange(len(samples)), []
    for number in range(2):
        train, test = samples.take(rows[rows % 2 != number]), samples.take(rows[rows % 2 == number])
        pipeline = Pipeline(steps(), random_state=number).fit(train)
        chances = pipeline.predict_proba(test)
        codes = pipeline.codes(chances)
        folds.append(Fold(number, 2, ("no", "yes"), train, test, pipeline, chances, codes, 0.5, pd.DataFrame(), number))
    return folds


def vectorised():
    return [TfidfVectorizer(), LogisticRegression(C=10)]


def network():
    builder = {"text_cnn": {"embedding_width": 16, "filters": 16}}
    return [KerasClassifier(builder=builder, epochs=12, batch_size=16, learning_rate=0.01)]


def conclude(folds, **parameters):
    audit = ExplainTexts(**{"max_texts": 24, **parameters})
    return audit.conclude([audit.examine(fold) for fold in folds])


@pytest.fixture(scope="module")
def plain():
    return folds_of(vectorised)


def test_the_words_that_decide_are_named_with_their_sign(plain):
    artifact = conclude(plain)
    words = artifact.tables["words"].set_index("word")
    assert set(words.index[:4]) == {*GOOD, *BAD}
    assert (words.loc[GOOD, "low"] > 0).all()
    assert (words.loc[BAD, "high"] < 0).all()
    assert (artifact.tables["advantages"]["low"] > 0).all()
    assert artifact.summary["additivity_residual"] < 1e-9
    assert artifact.summary["distance"] < 0.1
    assert artifact.status is Status.OK
    assert "released" not in artifact.tables


def test_rare_words_are_not_listed(plain):
    assert set(conclude(plain, min_word_texts=24).tables["words"]["word"]) == set()


def test_no_text_leaves_the_audit_unless_the_plan_releases_it(plain):
    audit = ExplainTexts(max_texts=6)
    evidence = audit.examine(plain[0])
    assert all("pieces" not in text for text in evidence["texts"])
    released = conclude(plain, max_texts=6, release_texts=1).tables["released"]
    joined = released.groupby("text")["piece"].sum().tolist()
    assert len(joined) == 2
    assert all(text in list(SAMPLES.X) for text in joined)
    first = released[released["text"] == 1]
    assert first["value"].sum() == pytest.approx(first["score"].iloc[0] - first["base_value"].iloc[0])


def test_a_network_is_explained_in_its_arrays_and_compared_with_random_weights():
    artifact = conclude(folds_of(network))
    assert artifact.summary["in_arrays"]
    assert set(artifact.tables["words"]["word"].iloc[:4]) == {*GOOD, *BAD}
    row = artifact.tables["randomisation"].iloc[0]
    assert row["n"] > 5
    assert row["value"] < 0.7


def test_long_texts_are_explained_in_phrases(plain):
    errors = conclude(plain, max_players=4).tables["errors"]
    assert (errors["mean_players"] == 4).all()
    assert (errors["mean_words"] > 8).all()


def test_texts_without_words_are_counted():
    strings = np.array(list(SAMPLES.X), dtype=object)
    strings[::8] = "   "
    artifact = conclude(folds_of(vectorised, SAMPLES.replace(X=Texts(strings))), max_texts=80)
    assert artifact.summary["n_empty"] >= 5


def test_an_explanation_that_does_not_find_what_decides_warns(plain):
    class Constant:
        steps_ = ()
        model_ = object()

        def predict_proba(self, texts):
            return np.full((len(texts), 2), 0.5)

    fold = plain[0]
    blind = Fold(
        0, 1, fold.classes, fold.train, fold.test, Constant(), fold.probabilities, fold.predictions, 0.5, fold.ledger, 0
    )
    artifact = conclude([blind])
    assert artifact.status is Status.WARNING
    assert {item.severity for item in artifact.findings} == {Severity.WARNING}


def test_other_inputs_are_not_applicable(plain):
    table = Samples(pd.DataFrame({"a": [1, 2]}), np.array([0, 1]))
    fold = plain[0]
    other = Fold(
        0, 1, fold.classes, table, table, fold.pipeline, np.zeros((2, 2)), np.zeros(2, int), 0.5, fold.ledger, 0
    )
    assert conclude([other]).status is Status.NOT_APPLICABLE
