"""The audit on real pipelines of few texts."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from appliedml.audits._identity_pool import contrasts
from appliedml.audits._identity_terms import Term, find_dimensions, template_terms
from appliedml.audits.identity_swaps import PERSONAL_DATA, IdentitySwaps
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError, StageError
from appliedml.store.run import read_artifact, write_artifact

WORDS = {1: ["great", "loved", "delicious", "perfect"], 0: ["terrible", "hated", "awful", "waste"]}
FILL = ["the", "tea", "was", "here", "in", "our", "shop", "and", "we", "had", "it", "with", "some", "milk", "for"]
SECRET = "zanzibarqx"


def folds_of(n=600, seed=0, biased=None, share=0.25, n_folds=3, groups=False, n_classes=2, classes=("bad", "good")):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    texts = []
    for k in range(n):
        who = rng.choice(["she", "he", "the Muslim customer", "my mother"]) if rng.random() < share else ""
        if biased and who == biased:
            y[k] = int(rng.random() < 0.05)
        words = [*rng.choice(FILL, 6), *rng.choice(WORDS[int(y[k] > 0)], 1), *(["extra"] if y[k] == 2 else [])]
        texts.append(" ".join([who, *words, SECRET]).strip())
    meta = pd.DataFrame({"row_id": np.arange(n), "origin": "observed"})
    if groups:
        meta["group"] = np.arange(n) // 3
    samples, made = Samples(Texts(texts), y, meta), []
    part = (np.arange(n) // 3) % n_folds
    for number in range(n_folds):
        train, test = samples[part != number], samples[part == number]
        pipeline = Pipeline([TfidfVectorizer(), LogisticRegression()], random_state=1).fit(train)
        p = pipeline.predict_proba(test)
        codes = pipeline.codes(p)
        made.append(
            Fold(number, n_folds, classes, train, test, pipeline, p, codes, pipeline.threshold_, pd.DataFrame(), number)
        )
    return made


def conclude(folds, **parameters):
    audit = IdentitySwaps(**({"dimensions": ["gender", "religion"]} | parameters))
    return audit.conclude([pickle.loads(pickle.dumps(audit.examine(fold))) for fold in folds])


@pytest.fixture(scope="module")
def biased():
    return folds_of(biased="she", share=0.6, n=900)


def test_a_planted_bias_is_found_in_templates_and_named(biased):
    artifact = conclude(biased)

    assert artifact.status is Status.PROBLEM
    terms = artifact.tables["terms"].set_index("item")
    assert terms.loc["she", "verdict"] == "disparity"
    assert terms.loc["she", "gap"] < -0.05
    assert terms.loc["she", "fold_high"] < -0.05
    assert terms.loc["aunt", "verdict"] != "disparity"
    titles = [finding.title for finding in artifact.findings if finding.severity == "problem"]
    assert "The score depends on the identity named in a text: gender" in titles
    assert "The score depends on the identity named in a text: religion" not in titles
    dimensions = artifact.tables["dimensions"].set_index("dimension")
    assert dimensions.loc["gender", "verdict"] == "disparity"


def test_own_sentences_shift_with_the_planted_bias_and_are_counted(biased):
    artifact = conclude(biased)

    own = artifact.tables["own"].set_index(["dimension", "item"])
    assert own.loc[("gender", "male"), "gap"] > 0.02
    assert own.loc[("gender", "male"), "against"] == "female"
    assert artifact.summary["n_swapped"] == artifact.summary["n_swappable"] > 400
    assert artifact.summary["n_with_term"] >= artifact.summary["n_swappable"]


def test_no_own_sentence_leaves_unless_asked_for(biased, tmp_path):
    private, released = conclude(biased), conclude(biased, release_texts=2)

    write_artifact(tmp_path / "a", private)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert SECRET.encode() not in stored
    assert private.summary["notes"] == []
    texts = released.tables["released"]
    assert len(texts) == 2
    assert texts["original"].str.contains(SECRET).all()
    assert (texts["original"] != texts["swapped"]).all()
    assert released.summary["notes"] == [PERSONAL_DATA]


def test_a_run_folder_gives_the_artifact_back(biased, tmp_path):
    artifact = conclude(biased)
    write_artifact(tmp_path / "a", artifact)
    again = read_artifact(tmp_path / "a")
    for name, table in artifact.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, check_dtype=False)


def test_the_same_seed_gives_the_same_tables(biased):
    first, second = conclude(biased, max_rows=40), conclude(biased, max_rows=40)
    for name in first.tables:
        pd.testing.assert_frame_equal(first.tables[name], second.tables[name])
    assert conclude(biased, max_rows=40).summary["n_swapped"] == 120


def test_texts_without_any_term_leave_the_templates(tmp_path):
    artifact = conclude(folds_of(share=0.0, n=200))

    assert artifact.summary["n_with_term"] == 0
    assert artifact.tables["own"].empty
    assert artifact.tables["errors"].empty
    assert len(artifact.tables["terms"]) > 20
    assert "Only templates were judged." in artifact.findings[-1].text
    write_artifact(tmp_path / "a", artifact)


def test_rows_of_a_group_are_counted_once():
    artifact = conclude(folds_of(groups=True))
    own = artifact.tables["own"]
    assert artifact.summary["clustered"]
    assert (own["n_units"] < own["n_sentences"]).any()


def test_every_class_of_several_is_judged():
    artifact = conclude(folds_of(n_classes=3, classes=("bad", "good", "odd"), n=300), dimensions=["gender"])
    assert set(artifact.tables["groups"]["class"]) == {"bad", "good", "odd"}
    assert "identity_shift.odd" in set(artifact.scores["metric"])


def test_own_terms_and_templates_are_used():
    own = {"job": {"care": ["nurse"], "law": ["lawyer"]}}
    artifact = conclude(
        folds_of(n=200), dimensions=["job"], terms=own, templates=["{subject} said it was great.", "A {term} left."]
    )
    assert artifact.tables["terms"]["item"].tolist() == ["nurse", "lawyer"]
    assert artifact.summary["n_templates"] == 2


def test_one_fold_cannot_say_what_training_anew_would_do():
    artifact = conclude(folds_of(n_folds=2)[:1])
    assert artifact.status is Status.WARNING
    assert any("With one fold" in finding.text for finding in artifact.findings)


def test_scores_can_be_gated(biased):
    scores = conclude(biased).scores.set_index(["metric", "subset"])
    gap = scores.loc[("gap.identity_score", "gender")]
    assert 0.05 < gap["low"] <= gap["value"] <= gap["high"] <= 1
    assert ("identity_shift", "gender=female") in scores.index
    assert ("gap.false_positive_rate", "mentions gender=female") in scores.index


def test_largest_gaps_lie_within_0_and_1_and_their_intervals_allow_the_verdict():
    artifact = conclude(folds_of(n=200, n_folds=2), dimensions=None)
    dimensions = artifact.tables["dimensions"]
    assert dimensions["low"].between(0, 1).all()
    assert dimensions["high"].between(0, 1).all()
    within = dimensions["verdict"] == "within tolerance"
    assert ((dimensions["high"] <= 0.05) == within).all()
    assert artifact.tables["terms"][["low", "high", "wide_low", "wide_high"]].abs().le(1).all(axis=None)


def test_terms_that_no_model_saw_make_exactly_no_difference_and_this_is_said():
    artifact = conclude(folds_of(n=300), dimensions=["gender", "orientation"])
    row = artifact.tables["dimensions"].set_index("dimension").loc["orientation"]
    assert (row["largest"], row["low"], row["high"], row["largest_item"]) == (0, 0, 0, "")
    assert row["verdict"] == "within tolerance"
    assert row["remark"] == "the terms are unknown to the model: it treats them alike because it never saw them"
    assert any(row["remark"] in finding.text for finding in artifact.findings)
    gaps = artifact.tables["terms"]["gap"]
    assert ((gaps == 0) | (gaps.abs() >= 1e-9)).all()


def test_findings_are_told_by_severity(biased):
    found = [finding.severity for finding in conclude(biased).findings]
    assert found == sorted(found, key=["problem", "warning", "info"].index)


def test_tables_are_not_applicable(claims):
    fold = Fold(0, 1, ("a", "b"), claims, claims, None, np.zeros((300, 2)), claims.y, 0.5, pd.DataFrame(), 0)
    artifact = conclude([fold])
    assert artifact.status is Status.NOT_APPLICABLE
    assert "not texts" in artifact.reason


def test_texts_in_another_language_are_named():
    folds = folds_of(n=120)
    german = Texts(["der Tee war sehr gut und ist schnell gekommen danke"] * len(folds[0].test))
    folds[0] = Fold(**{**vars(folds[0]), "test": folds[0].test.replace(X=german)})
    titles = [finding.title for finding in conclude(folds[:1]).findings]
    assert "The texts do not look English" in titles


def test_broken_parameters_and_unknown_dimensions_are_refused():
    with pytest.raises(ParameterError, match="tolerance"):
        conclude(folds_of(n=60), tolerance=0)
    with pytest.raises(StageError, match="is not a dimension"):
        conclude(folds_of(n=60), dimensions=["gendre"])


def test_a_term_is_compared_with_the_others_of_its_slot_and_a_group_with_the_other_groups():
    terms = [Term("d", "a", "name", "x"), Term("d", "a", "name", "y"), Term("d", "b", "name", "z")]
    table, weights = contrasts(terms)
    assert table["kind"].tolist() == ["term"] * 3 + ["group"] * 2
    assert weights[0].tolist() == [1.0, -0.5, -0.5]
    assert weights[3].tolist() == [0.5, 0.5, -1.0]
    _, every = contrasts(template_terms(find_dimensions(None)))
    assert np.abs(every.sum(axis=1)).max() < 1e-9
