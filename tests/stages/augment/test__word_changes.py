"""Small changes of the words of a text."""

import re
from pathlib import Path

import numpy as np
import pytest

from appliedml.stages.augment import _word_changes
from appliedml.stages.augment._word_changes import NEGATIONS, changed_text, shipped_synonyms

TEXT = "The big box of tea was not good, but I would never say don't buy it! See [url] (really)."


def changed(text, seed=0, dropout=0.0, swaps=0.0, synonyms=0.0, known=None):
    known = shipped_synonyms() if known is None else known
    return changed_text(text, np.random.default_rng(seed), dropout, swaps, synonyms, known)


def words(text):
    return re.findall(r"[\w']+", text.lower())


def test_nothing_asked_for_changes_nothing():
    for text in (TEXT, "", "  a \n b  ", "👍"):
        assert changed(text) == text


@pytest.mark.parametrize("seed", range(20))
def test_negations_contrasts_and_tokens_are_neither_dropped_nor_moved(seed):
    new = changed(TEXT, seed, dropout=0.5, swaps=0.5, synonyms=0.5)

    kept = [word for word in words(new) if word in NEGATIONS | {"don't"}]
    assert kept == ["not", "but", "never", "don't"]
    assert "[url]" in new


@pytest.mark.parametrize("seed", range(20))
def test_at_least_half_of_the_words_remain_and_no_double_space_is_left(seed):
    text = "one two three four five six seven"
    new = changed(text, seed, dropout=0.5)

    assert len(new.split()) >= 4
    assert set(new.split()) <= set(text.split())
    assert "  " not in new
    assert new == new.strip()
    assert changed("word", seed, dropout=0.5) == "word"


def test_swaps_move_words_and_leave_the_marks():
    new = changed("good, very", swaps=0.999)

    assert new == "very, good"
    assert sorted(words(changed(TEXT, 3, swaps=0.5))) == sorted(words(TEXT))


def test_synonyms_keep_the_case_and_what_sticks_to_the_word():
    known = {"big": ("large",)}

    assert changed('Big BIG "big"! biggest', synonyms=0.999, known=known) == 'Large LARGE "large"! biggest'


def test_the_shipped_list_holds_every_word_once_and_no_negation():
    lines = (Path(_word_changes.__file__).parent / "synonyms.txt").read_text().splitlines()
    sets = [line.split() for line in lines if line and not line.startswith("#")]
    everything = [word for one in sets for word in one]

    assert all(len(one) >= 2 for one in sets)
    assert len(everything) == len(set(everything))
    assert not NEGATIONS & set(everything)
    assert len(everything) > 250
    assert shipped_synonyms()["big"] == ("large",)
