"""Dropping rows that have no text."""

import numpy as np
import pytest

from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import DataError
from appliedml.stages.clean.drop_empty_texts import DropEmptyTexts

TEXTS = ["good tea", None, " \n", "ok", "👍", "!?"]


def rows(*texts):
    return Samples(Texts(texts, "review"), np.zeros(len(texts)))


def test_missing_and_empty_texts_are_dropped_and_counted_apart():
    stage = DropEmptyTexts()

    left = stage.clean(rows(*TEXTS))

    assert left.row_id.tolist() == [0, 3, 4, 5]
    assert stage.notes_ == ["review: 1 row without a text dropped.", "review: 1 row with an empty text dropped."]


def test_a_least_length_and_a_least_number_of_words_can_be_asked_for():
    stage = DropEmptyTexts(min_characters=2, min_words=2)

    assert stage.clean(rows(*TEXTS)).row_id.tolist() == [0]
    assert stage.notes_[2:] == [
        "review: 1 row of fewer than 2 characters dropped.",
        "review: 2 rows of fewer than 2 words dropped.",
    ]


def test_a_column_without_any_text_is_refused():
    with pytest.raises(DataError) as caught:
        DropEmptyTexts(min_words=2).clean(rows(None, "", " "))

    assert str(caught.value) == (
        "DropEmptyTexts would drop every row: all 3 texts of column 'review' are empty or blank. "
        "Name another column as text."
    )
    with pytest.raises(DataError, match="the only text of column 'review' is empty or blank"):
        DropEmptyTexts().clean(rows(""))


def test_asking_for_more_than_any_text_has_is_refused_with_what_was_asked_for():
    with pytest.raises(DataError, match="all 2 texts .* are empty or too short for min_characters=3 and min_words=2"):
        DropEmptyTexts(min_characters=3, min_words=2).clean(rows("good", ""))
