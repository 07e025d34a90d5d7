"""Dropping near-duplicates."""

import pandas as pd
import pytest

from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError
from appliedml.stages.clean.drop_near_duplicate_texts import DropNearDuplicateTexts

LONG = "we have bought this tea for many years now and it has never once let us down in all that time"
TEXTS = [LONG, LONG.upper() + "!", LONG.replace("many", "several"), "very good", "Very good!", LONG[:40]]


def reviews():
    table = pd.DataFrame({"x": 0, "who": ["a", "a", "b", "c", "d", "e"], "y": ["great", "great", "other", 1, 1, None]})
    return make_samples(table, Schema("y", group="who")).replace(X=Texts(TEXTS))


def test_all_but_the_first_are_dropped_and_contradictions_are_counted():
    stage = DropNearDuplicateTexts(threshold=0.7)

    left = stage.clean(reviews())

    assert left.row_id.tolist() == [0, 3, 5]
    assert stage.notes_ == [
        "3 rows dropped: near-duplicate of an earlier one (Jaccard 0.7 or more).",
        "1 of them repeat a row of their own group, 2 one of another.",
        "1 of them had another label than the row that was kept.",
        "2 texts of fewer than 5 words compared for equality only.",
    ]


def test_the_threshold_decides():
    assert DropNearDuplicateTexts(threshold=1.0).clean(reviews()).row_id.tolist() == [0, 2, 3, 5]
    assert DropNearDuplicateTexts(threshold=0.3, min_words=1).clean(reviews()).row_id.tolist() == [0, 3]


def test_missing_texts_and_missing_labels_are_no_problem():
    samples = Samples(Texts([None, LONG, None, LONG]), None)

    assert DropNearDuplicateTexts().clean(samples).row_id.tolist() == [0, 1]


def test_a_threshold_that_would_call_everything_alike_is_refused():
    with pytest.raises(ParameterError, match="threshold must be a number between 0.3 and 1"):
        DropNearDuplicateTexts(threshold=0.1).clean(reviews())
