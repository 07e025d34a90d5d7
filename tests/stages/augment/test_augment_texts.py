"""Making new training texts."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from appliedml.core.registry import build, entry_of
from appliedml.core.stage import Verb, verb_of
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError, StageError
from appliedml.stages.augment.augment_texts import AugmentTexts

TEXTS = [f"this is a really big box number {i} of very nice tea that we bought" for i in range(12)]
LABELS = np.array([0] * 9 + [1] * 3)


def test_it_is_a_sampler_with_a_rule_for_every_parameter_and_a_plan_entry():
    stage = build("stages", {"augment_texts": {"copies": {"1": 2}, "own_synonyms": {"tea": ["brew"]}}})

    assert verb_of(stage) is Verb.RESAMPLE
    assert set(stage.parameter_rules) == set(inspect.signature(AugmentTexts).parameters)
    assert build("stages", entry_of(stage)).get_params() == clone(stage).get_params() == stage.get_params()


def test_all_rows_come_first_and_every_copy_names_its_source():
    stage = AugmentTexts(random_state=0)

    texts, labels = stage.fit_resample(Texts(TEXTS, "review"), LABELS)

    assert isinstance(texts, Texts)
    assert texts.column == "review"
    assert list(texts)[:12] == TEXTS
    assert stage.sample_indices_.tolist() == [*range(12), *range(12)]
    assert labels.tolist() == LABELS[stage.sample_indices_].tolist()
    assert stage.synthetic_rows_.tolist() == [False] * 12 + [True] * 12
    for row in range(12, 24):
        assert texts[row] != TEXTS[row - 12]
        assert str(row - 12) in texts[row] or "number" in texts[row]
    assert stage.notes_ == ["12 copies were added, 12 of them with changed words."]


def test_balancing_brings_every_class_to_the_size_of_the_largest():
    stage = AugmentTexts(copies=0, balance=True, random_state=0)

    _, labels = stage.fit_resample(Texts(TEXTS), LABELS)

    assert np.bincount(labels).tolist() == [9, 9]
    assert np.bincount(stage.sample_indices_, minlength=12).tolist() == [1] * 9 + [3] * 3
    _, more = AugmentTexts(copies=1, balance=True, random_state=0).fit_resample(Texts(TEXTS), LABELS)
    assert np.bincount(more).tolist() == [18, 18]


def test_copies_can_be_asked_for_class_by_class_and_in_part():
    by_class = AugmentTexts(copies={"1": 2}, random_state=0)
    by_class.fit_resample(Texts(TEXTS), LABELS)
    half = AugmentTexts(copies=0.5, random_state=0)
    half.fit_resample(Texts(TEXTS), LABELS)

    assert by_class.sample_indices_[12:].tolist() == [9, 9, 10, 10, 11, 11]
    assert len(half.sample_indices_) == 12 + 4 + 2
    assert len(set(half.sample_indices_[12:])) == 6


def test_a_text_that_cannot_be_changed_gets_no_copy_unless_the_balance_needs_one():
    texts, labels = Texts(["ok", None, "fine words here to change now", "no"]), [0, 0, 0, 1]

    plain = AugmentTexts(copies=1, random_state=0)
    plain.fit_resample(texts, labels)
    balanced = AugmentTexts(copies=0, balance=True, random_state=0)
    more, _ = balanced.fit_resample(texts, labels)

    assert plain.sample_indices_.tolist() == [0, 1, 2, 3, 2]
    assert plain.notes_[1] == "3 texts could not be changed and got no copy."
    assert list(more)[4:] == ["no", "no"]
    assert not balanced.synthetic_rows_.any()
    assert balanced.notes_ == [
        "2 copies were added, 0 of them with changed words.",
        "2 texts could not be changed and were repeated as they are.",
    ]


def test_the_same_seed_gives_the_same_texts_and_the_input_stays():
    texts, labels = Texts(TEXTS), LABELS.copy()
    first, _ = AugmentTexts(random_state=3).fit_resample(texts, labels)

    again, _ = pickle.loads(pickle.dumps(AugmentTexts(random_state=3))).fit_resample(texts, labels)
    other, _ = AugmentTexts(random_state=4).fit_resample(texts, labels)

    assert list(first) == list(again) != list(other)
    assert list(texts) == TEXTS
    assert labels.tolist() == LABELS.tolist()


def test_lists_arrays_and_series_come_back_as_they_would_be_used():
    series, labels = pd.Series(TEXTS, index=range(5, 17), name="t"), pd.Series(LABELS, index=range(5, 17), name="y")

    more, again = AugmentTexts(random_state=0).fit_resample(series, labels)

    assert (more.name, again.name, again.dtype, len(more)) == ("t", "y", labels.dtype, 24)
    assert list(more.index) == list(again.index) == list(range(24))
    assert AugmentTexts(random_state=0).fit_resample(TEXTS, LABELS.tolist())[0].tolist() == more.tolist()


def test_it_works_in_the_pipeline_of_imbalanced_learn():
    model = make_pipeline(AugmentTexts(random_state=0), CountVectorizer(), LogisticRegression())

    assert model.fit(np.array(TEXTS, dtype=object), LABELS).predict(TEXTS).shape == (12,)


@pytest.mark.parametrize(
    ("X", "y", "sentence"),
    [
        (pd.DataFrame({"a": [1, 2]}), [0, 1], "works on texts, one a row. It was given DataFrame of shape"),
        ([1, 2], [0, 1], "works on texts, one a row. Texts: column 'text' must hold text"),
        (["a", "b"], [0], "needs one label per row. There are 2 texts"),
        (["a", "b"], [0, None], "needs a label for every row. 1 of 2 are missing"),
    ],
)
def test_bad_input_gets_one_sentence(X, y, sentence):
    with pytest.raises(StageError, match=sentence):
        AugmentTexts().fit_resample(X, y)


def test_unknown_classes_and_wrong_parameters_are_refused():
    with pytest.raises(StageError, match=r"copies names the class 'great', which no training row has. Classes: 0, 1"):
        AugmentTexts(copies={"great": 1}).fit_resample(TEXTS, LABELS)
    with pytest.raises(ParameterError, match="word_dropout must be a number between 0 and 0.5"):
        AugmentTexts(word_dropout=0.9).fit_resample(TEXTS, LABELS)
