"""The audit on a real pipeline of few texts."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from appliedml.audits.text_robustness import TextRobustness
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError
from appliedml.store.run import read_artifact, write_artifact

FILL = ["the", "tea", "was", "here", "in", "our", "shop", "and", "we", "had", "it", "with", "some", "milk", "for"]
SENTIMENT = {1: ["great", "excellent", "love", "good"], 0: ["terrible", "awful", "hate", "bad"]}
TOPIC = {1: ["engine", "wheel"], 0: ["kitchen", "garden"]}


def folds_of(words=SENTIMENT, n=240, n_folds=2, lowercase=True, classes=("bad", "good"), groups=False):
    rng = np.random.default_rng(5)
    y = rng.integers(0, len(classes), n)
    texts = [" ".join([*rng.choice(FILL, 5), *rng.choice(words[int(k)], 2)]) for k in y]
    meta = pd.DataFrame({"row_id": np.arange(n), "origin": "observed"})
    if groups:
        meta["group"] = np.arange(n) // 10
    samples, made = Samples(Texts(texts), y, meta), []
    for number in range(n_folds):
        test = (np.arange(n) // 10) % n_folds == number
        pipeline = Pipeline([CountVectorizer(lowercase=lowercase), LogisticRegression()], random_state=1)
        pipeline.fit(samples[~test])
        p = pipeline.predict_proba(samples[test])
        made.append(
            Fold(
                number, n_folds, classes, samples[~test], samples[test], pipeline, p, pipeline.codes(p),
                pipeline.threshold_, pd.DataFrame(), number,
            )
        )  # fmt: skip
    return made


def conclude(folds, **parameters):
    audit = TextRobustness(**({"n_resamples": 100, "max_rows": 100} | parameters))
    return audit.conclude([pickle.loads(pickle.dumps(audit.examine(fold))) for fold in folds])


def of(artifact, perturbation, metric):
    curves = artifact.tables["curves"]
    return curves[(curves["perturbation"] == perturbation) & (curves["metric"] == metric)].set_index("severity")


def test_a_vocabulary_of_small_letters_is_broken_by_capitals_only_where_it_keeps_case():
    kept = conclude(folds_of(lowercase=False), perturbations=["upper_case", "lower_case"])
    folded = conclude(folds_of(), perturbations=["upper_case", "lower_case"])

    assert of(kept, "upper_case", "roc_auc").loc[1, "value"] == pytest.approx(0.5, abs=0.1)
    assert of(kept, "upper_case", "roc_auc").loc[1, "verdict"] == "warning"
    assert of(kept, "lower_case", "roc_auc").loc[1, "verdict"] == "within tolerance"
    assert of(folded, "upper_case", "accuracy").loc[1, "difference"] == 0
    assert any(finding.title == "Performance falls: all in capitals" for finding in kept.findings)


def test_performance_falls_with_severity_and_flips_rise():
    artifact = conclude(folds_of(), perturbations=["unknown_words"])
    values = of(artifact, "unknown_words", "roc_auc")
    assert values["severity_title"].tolist() == ["as it is", *(f"{k} % of words" for k in (5, 10, 20, 40))]
    assert values.loc[4, "value"] < values.loc[1, "value"] <= values.loc[0, "value"]
    assert values.loc[4, "difference_high"] < 0
    flips = of(artifact, "unknown_words", "flip_rate")["value"]
    assert flips[0] == 0
    assert flips[4] > flips[1]


def test_a_bag_of_words_fails_the_tests_of_negation_and_this_is_said():
    artifact = conclude(folds_of(), perturbations=["lower_case"])
    behaviours = artifact.tables["behaviours"].set_index("test")
    assert behaviours.loc["negation_of_positive", "failure_rate"] == 1
    assert behaviours.loc["negative_added", "failure_rate"] == 0
    assert artifact.status is Status.WARNING
    (found,) = [finding for finding in artifact.findings if "Negating a positive word" in finding.title]
    assert found.text.startswith("It fails in 100 % of 64 sentences, mean over 2 models (94 % to 100 %).")
    assert artifact.summary["sentiment_direction"] == 1


def test_a_topic_classifier_is_not_tested_on_sentiment():
    artifact = conclude(folds_of(TOPIC), perturbations=["lower_case"])
    assert artifact.tables["behaviours"]["test"].tolist() == ["neutral_added"]
    assert "does not tell plainly positive" in artifact.summary["behaviours_not_judged"]


def test_an_own_lexicon_takes_the_place_of_the_english_one():
    lexicon = {"positive": ["engine", "wheel"], "negative": ["kitchen", "garden"]}
    artifact = conclude(folds_of(TOPIC), perturbations=["lower_case"], lexicon=lexicon)
    assert artifact.summary["sentiment_direction"] == 1
    assert "The product was engine." in artifact.tables["behaviours"]["example"].tolist()


def test_several_classes_are_perturbed_but_not_tested_on_sentiment():
    words = {0: ["engine"], 1: ["kitchen"], 2: ["garden"]}
    artifact = conclude(folds_of(words, classes=("a", "b", "c")), perturbations=["typos"])
    assert artifact.summary["class_of_interest"] == ""
    assert len(of(artifact, "typos", "roc_auc")) == 5
    assert artifact.tables["behaviours"]["test"].tolist() == ["neutral_added"]


def test_groups_of_rows_are_resampled_together():
    artifact = conclude(folds_of(groups=True), perturbations=["typos"])
    assert artifact.summary["resampled"] == "groups"
    added = artifact.tables["behaviours"].set_index("test").loc["neutral_added"]
    assert added["n"] <= 24 < artifact.summary["n_rows"]


def test_rows_are_sampled_and_the_same_seed_gives_the_same_figures():
    folds = folds_of()
    first, second = (conclude(folds, max_rows=40, perturbations=["typos"], random_state=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.tables["curves"], second.tables["curves"])
    assert first.summary["n_rows"] == 80


def test_the_artifact_is_stored_with_gateable_scores_and_without_any_test_text(tmp_path):
    artifact = conclude(folds_of())
    write_artifact(tmp_path / "a", artifact)
    again = read_artifact(tmp_path / "a")
    pd.testing.assert_frame_equal(again.tables["curves"], artifact.tables["curves"], check_dtype=False)
    scores = artifact.scores.set_index(["metric", "subset"])
    assert ("robustness.roc_auc", "perturbation=typos&severity=2") in scores.index
    assert ("robustness.failure_rate", "test=negation_of_positive") in scores.index
    worst = scores.loc[("robustness.largest_loss.accuracy", "all")]
    assert worst["low"] <= worst["value"] <= worst["high"]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert b"milk" not in stored


def test_tables_are_not_applicable(claims):
    fold = Fold(0, 1, ("a", "b"), claims, claims, None, np.zeros((300, 2)), claims.y, 0.5, pd.DataFrame(), 0)
    assert conclude([fold]).status is Status.NOT_APPLICABLE


def test_broken_parameters_are_refused():
    with pytest.raises(ParameterError, match="perturbations"):
        conclude(folds_of(), perturbations=["typo"])
    with pytest.raises(ParameterError, match="lexicon"):
        conclude(folds_of(), lexicon={"posit": ["x"]})
