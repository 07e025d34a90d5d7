import json

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from appliedml.models._bag import Bag
from appliedml.models._text_inputs import TextEncoder

TEXTS = ["good good food", "not good food", "bad food not good", "bad bad dog", ""]


def bag_of(texts, **settings):
    encoder = TextEncoder.learn(texts, length=8, max_ngrams=100, **settings)
    return encoder, encoder.bag


def as_names(encoder, arrays, row):
    names = {}
    for code, weight in zip(arrays["bag"][row], arrays["bag_weights"][row], strict=True):
        if code:
            first, second = divmod(int(encoder.bag.keys[code - 1]), 2**31)
            words = [encoder.vocabulary[word - 2] for word in (first, second) if word]
            names[" ".join(words)] = float(weight)
    return names


def test_weights_are_those_of_scikit_learn():
    encoder, _ = bag_of(TEXTS, min_count=1)
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    matrix = theirs.fit_transform(TEXTS).toarray()
    ours = encoder.encode(TEXTS)

    for row in range(len(TEXTS)):
        expected = {name: matrix[row, at] for name, at in theirs.vocabulary_.items() if matrix[row, at]}
        assert as_names(encoder, ours, row) == pytest.approx(expected, abs=1e-6)


def test_rare_entries_and_unknown_words_have_no_place():
    encoder, _ = bag_of(TEXTS, min_count=2)
    names = as_names(encoder, encoder.encode(["bad food not good cat"]), 0)

    assert set(names) == {"bad", "food", "not", "good", "not good"}


def test_the_entries_of_most_texts_are_kept_and_ties_go_by_words():
    words = ["b", "a", "c"]
    often = Bag.learn(np.array([[2, 3], [2, 0], [3, 4]], dtype=np.int32), words, 2, 1)
    tied = Bag.learn(np.array([[2, 0], [3, 0]], dtype=np.int32), words, 1, 1)

    assert often.keys.tolist() == [2, 3]
    assert tied.keys.tolist() == [3]


def test_entries_fill_up_from_the_left_and_an_empty_text_has_none():
    encoder, _ = bag_of(TEXTS, min_count=1)
    arrays = encoder.encode(["", "good food", "zebra"])

    assert arrays["bag"].shape == arrays["bag_weights"].shape == (3, 16)
    assert (arrays["bag"] > 0).sum(axis=1).tolist() == [0, 3, 0]
    assert (arrays["bag"][1, :3] > 0).all()
    assert not arrays["bag_weights"][[0, 2]].any()


def test_a_bag_that_knows_nothing_gives_nothing():
    empty = Bag(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 3)
    codes, weights = empty.encode(np.array([[2, 3]], dtype=np.int32))

    assert not codes.any()
    assert not weights.any()


def test_json_brings_it_back():
    encoder, bag = bag_of(TEXTS, min_count=1)
    again = Bag.from_json(json.loads(json.dumps(bag.to_json())))
    tokens = encoder.encode(TEXTS)["tokens"]

    assert all((one == two).all() for one, two in zip(bag.encode(tokens), again.encode(tokens), strict=True))
