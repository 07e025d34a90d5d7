import json
import time

import numpy as np
import pandas as pd
import pytest

from appliedml.core.texts import Texts
from appliedml.errors import DataError
from appliedml.models._text_inputs import TextEncoder, as_texts

TEXTS = Texts(["good food", "not good food", "bad food", None, "a very bad dog"])


def learned(**settings):
    return TextEncoder.learn(TEXTS, **{"min_count": 1, "length": 4, **settings})


def test_words_have_codes_by_frequency_and_unknown_ones_share_one():
    encoder = learned()
    tokens = encoder.encode(["food bad zebra"])["tokens"]

    assert encoder.vocabulary[:3] == ["food", "bad", "good"]
    assert tokens.tolist() == [[2, 3, 1, 0]]
    assert tokens.dtype == np.int32


def test_long_texts_are_cut_and_missing_ones_are_empty():
    tokens = learned().encode(Texts(["food " * 9, None]))["tokens"]

    assert tokens.tolist() == [[2, 2, 2, 2], [0, 0, 0, 0]]


def test_only_frequent_words_are_known():
    assert learned(min_count=2).vocabulary == ["food", "bad", "good"]
    assert learned(max_words=1).vocabulary == ["food"]


def test_automatic_length_reads_most_texts_whole_in_steps():
    short = TextEncoder.learn(["a b"] * 20, min_count=1)
    long = TextEncoder.learn(["a " * 2_000] * 20, min_count=1)
    mixed = TextEncoder.learn(["a " * 40] * 20 + ["a " * 2_000], min_count=1)

    assert (short.length, mixed.length, long.length) == (32, 64, 512)


def test_folds_with_slightly_different_vocabularies_share_a_shape():
    texts = [f"w{number} common" for number in range(700)]
    one, two = (TextEncoder.learn(part, min_count=1, max_ngrams=2_000) for part in (texts[:690], texts[5:]))

    assert one.vocabulary != two.vocabulary
    assert one.spec.shape_key() == two.spec.shape_key()
    assert one.spec.capacity >= 2 + len(one.vocabulary)
    assert one.spec.bag_capacity > len(one.bag.keys)


def test_words_stand_where_they_are_written():
    (words,) = learned().words(["Isn't  GOOD"])

    assert words == [(0, 2, "is"), (2, 5, "n't"), (7, 11, "good")]
    assert learned(length=2).token_positions(3).tolist() == [0, 1, -1]


@pytest.mark.parametrize("max_ngrams", [0, 50])
def test_hiding_nothing_changes_nothing_and_hiding_all_leaves_nothing(max_ngrams):
    encoder = learned(max_ngrams=max_ngrams)
    arrays = encoder.encode(TEXTS)
    masked = encoder.mask(arrays, 1, np.array([[False] * 3, [True] * 3]))

    assert set(masked) == set(arrays)
    for name, array in masked.items():
        assert array.dtype == arrays[name].dtype
        assert (array[0] == arrays[name][1]).all()
        assert not array[1].any()


def test_hidden_words_leave_a_gap_and_take_their_pairs_along():
    encoder = learned(max_ngrams=50)
    arrays = encoder.encode(TEXTS)
    masked = encoder.mask(arrays, 1, np.array([[False, True, False]]))
    whole = dict(zip(arrays["bag"][1].tolist(), arrays["bag_weights"][1].tolist(), strict=True))
    left = {code: weight for code, weight in zip(masked["bag"][0], masked["bag_weights"][0], strict=True) if code}
    known = encoder.bag.keys[[code - 1 for code in left]]
    words = {encoder.vocabulary[key - 2] for key in known}

    assert masked["tokens"][0].tolist() == [arrays["tokens"][1, 0], 0, arrays["tokens"][1, 2], 0]
    # "not good", "good food" and "good" are gone, "not food" did not arise, and the rest keeps its weight.
    assert words == {"not", "food"}
    assert all(weight == whole[code] for code, weight in left.items())


def test_hidden_words_can_be_unknown_words():
    encoder = learned()
    masked = encoder.mask(encoder.encode(TEXTS), 0, np.array([[True, False]]), by="unknown")

    assert masked["tokens"].tolist() == [[1, 2, 0, 0]]


def test_words_that_are_not_read_can_be_hidden_to_no_effect():
    encoder = learned(length=2)
    arrays = encoder.encode(TEXTS)
    masked = encoder.mask(arrays, 1, np.array([[False, False, True]]), by="unknown")

    assert (masked["tokens"][0] == arrays["tokens"][1]).all()


def test_another_way_of_hiding_is_refused():
    encoder = learned()
    with pytest.raises(DataError, match="by is 'blur'"):
        encoder.mask(encoder.encode(TEXTS), 0, np.ones((1, 2), dtype=bool), by="blur")


@pytest.mark.parametrize("settings", [{}, {"max_ngrams": 30, "punctuation": True, "lower_case": False}])
def test_json_brings_it_back(settings):
    encoder = learned(**settings)
    again = TextEncoder.from_json(json.loads(json.dumps(encoder.to_json())))
    texts = ["Not GOOD! food", "dog"]

    assert again.spec == encoder.spec
    for name, array in encoder.encode(texts).items():
        assert (again.encode(texts)[name] == array).all()


def test_sizes_are_described():
    assert learned(max_ngrams=3).describe() == {"input": {"n_words": 7, "length": 4, "n_ngrams": 3}}


@pytest.mark.parametrize("given", [pd.Series(["a", None]), ["a", float("nan")], np.array(["a", ""]), ("a", None)])
def test_columns_of_text_are_texts(given):
    assert list(as_texts(given)) == ["a", ""]


@pytest.mark.parametrize("given", [np.ones((2, 2)), [1, 2], pd.DataFrame({"a": ["b"]}), "one text"])
def test_other_inputs_are_refused(given):
    with pytest.raises(DataError, match="reads texts"):
        as_texts(given)


def test_texts_without_a_known_word_are_refused():
    with pytest.raises(DataError, match="no word is in the 2 training texts 2 times or more"):
        TextEncoder.learn(["one", "two"])


def test_thousands_of_texts_are_encoded_quickly():
    random = np.random.default_rng(0)
    texts = [" ".join(f"w{word}" for word in random.zipf(1.3, 80) % 9_000) for _ in range(1_000)]
    encoder = TextEncoder.learn(texts, max_ngrams=20_000)
    start = time.process_time()
    encoder.encode(texts)

    # About 0.15 s; the bound leaves room for a slow machine.
    assert time.process_time() - start < 1.5
