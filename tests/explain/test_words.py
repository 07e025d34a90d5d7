import numpy as np
import pytest

from appliedml.core.texts import Texts
from appliedml.errors import StageError
from appliedml.explain.exact import exact_shapley
from appliedml.explain.words import EncodedWordMasker, WordMasker, players_of_words, word_spans

TEXT = "I don't like it, really"


def shown(masker, *present):
    return masker.masked(np.array([0]), np.array([present], dtype=bool), np.zeros(len(present), dtype=np.intp))


def test_words_and_signs_are_found_where_they_stand():
    assert [TEXT[start:stop] for start, stop in word_spans(TEXT)] == ["I", "don't", "like", "it", ",", "really"]
    assert word_spans("  ") == []


def test_a_hidden_word_leaves_the_others_as_they_stood():
    masker = WordMasker(TEXT, word_spans(TEXT), players_of_words(6, 10))
    assert (masker.n_rows, masker.n_background) == (1, 1)
    assert masker.names == ("I", "don't", "like", "it", ",", "really")
    assert shown(masker, [1, 1, 1, 1, 1, 1], [1, 0, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0]) == [TEXT, "I like it,", ""]


def test_a_token_stands_in_place_of_a_hidden_word():
    masker = WordMasker(TEXT, word_spans(TEXT), players_of_words(6, 10), "[MASK]", Texts)
    assert list(shown(masker, [1, 0, 1, 1, 1, 1])) == ["I [MASK] like it, really"]


def test_too_many_words_become_phrases():
    masker = WordMasker(TEXT, word_spans(TEXT), players_of_words(6, 3))
    assert masker.names == ("I don't", "like it", ", really")
    assert shown(masker, [1, 0, 1]) == ["I don't , really"]


def test_values_add_up_over_the_words():
    masker = WordMasker(TEXT, word_spans(TEXT), players_of_words(6, 10))
    found = exact_shapley(masker, lambda texts: np.array([len(text) for text in texts], dtype=float))
    assert found.values.sum() == pytest.approx(len(TEXT))


def test_arrays_are_masked_word_by_word():
    masker = EncodedWordMasker(lambda hidden: {"hidden": hidden}, 4, players_of_words(4, 2), ("a b", "c d"))
    assert shown(masker, [1, 0], [0, 1])["hidden"].tolist() == [[False, False, True, True], [True, True, False, False]]


def test_a_text_without_words_cannot_be_explained():
    with pytest.raises(StageError, match="without words"):
        WordMasker("", [], [])
    with pytest.raises(StageError, match="without words"):
        EncodedWordMasker(lambda hidden: {}, 0, [], [])
