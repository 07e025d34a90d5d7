"""Finding texts that are nearly the same."""

import numpy as np
import pytest

from appliedml.core.near_duplicates import Shingles, root

BASE = "the quick brown fox jumps over the lazy dog near the old river bank this morning"


def random_texts(n, seed=0, words=30):
    """Random texts, every third a copy of an earlier one with some words changed."""
    rng = np.random.default_rng(seed)
    texts = []
    for number in range(n):
        if number % 3 == 2:
            found = texts[int(rng.integers(number))].split()
            for _ in range(int(rng.integers(0, 4))):
                found[int(rng.integers(len(found)))] = f"w{rng.integers(300)}"
        else:
            found = [f"w{rng.integers(300)}" for _ in range(int(rng.integers(5, words)))]
        texts.append(" ".join(found))
    return texts


def jaccard(a, b, words=3):
    """Jaccard index of the sets of runs, the plain way."""
    sets = []
    for text in (a, b):
        found = text.split()
        sets.append({tuple(found[i : i + words]) for i in range(max(1, len(found) - words + 1))})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 1.0])
def test_the_search_finds_exactly_the_pairs_that_comparing_all_pairs_finds(threshold):
    texts = random_texts(120)
    shingles = Shingles(texts)

    near = np.array([[jaccard(a, b) >= threshold - 1e-9 for b in texts] for a in texts])

    parent = np.arange(len(texts))
    for i, j in zip(*np.nonzero(near), strict=True):
        a, b = root(parent, int(i)), root(parent, int(j))
        parent[max(a, b)] = min(a, b)
    assert shingles.families(threshold).tolist() == [root(parent, i) for i in range(len(texts))]
    first = []
    for i in range(len(texts)):
        first.append(next((j for j in range(i) if first[j] == j and near[i, j]), i))
    assert shingles.firsts(threshold).tolist() == first
    assert shingles.repeats_of(70, threshold).tolist() == near[70:, :70].any(axis=1).tolist()


def test_case_marks_and_spaces_do_not_count():
    assert Shingles([BASE, BASE.upper().replace(" ", "  ") + "!!!"]).firsts(1.0).tolist() == [0, 0]


def test_short_texts_are_near_duplicates_of_their_equals_only():
    texts = ["very good", "Very  GOOD!", "", "!!!", "very good tea", " \n", "ÉTÉ…", "e\u0301te\u0301", "verygood"]
    shingles = Shingles(texts, min_words=4)

    assert shingles.firsts(0.3).tolist() == shingles.families(0.3).tolist() == [0, 0, 2, 2, 4, 2, 6, 6, 8]
    assert shingles.repeats_of(5, 0.3).tolist() == [True, False, False, False]
    assert not shingles.compared.any()
    assert shingles.similar(0, 1, 0.8)
    assert not shingles.similar(0, 4, 0.3)


def test_emoji_without_words_are_told_apart():
    assert Shingles(["👍", "👎", "👍 !", "good 👍", "good 👎"]).firsts(0.8).tolist() == [0, 1, 0, 3, 4]


def test_a_short_text_is_never_like_a_long_one_that_repeats_it():
    shingles = Shingles(["so so so", "so so so so so", "so so so"])

    assert shingles.compared.tolist() == [False, True, False]
    assert shingles.families(0.3).tolist() == [0, 1, 0]


def test_scripts_without_spaces_are_compared_by_characters():
    texts = ["这个茶非常好喝我会再买的", "这个茶非常好喝我会再买的啊", "包装坏了不推荐给任何人"]

    assert Shingles(texts).firsts(0.8).tolist() == [0, 0, 2]


def test_chains_are_one_family_but_only_near_texts_are_repeats():
    words = BASE.split()
    chain = [" ".join(words), " ".join(["x", *words[1:]]), " ".join(["x", *words[1:-1], "y"])]
    shingles = Shingles(chain)
    threshold = 0.85

    assert [shingles.similar(0, 1, threshold), shingles.similar(1, 2, threshold)] == [True, True]
    assert not shingles.similar(0, 2, threshold)
    assert shingles.families(threshold).tolist() == [0, 0, 0]
    assert shingles.firsts(threshold).tolist() == [0, 0, 2]


def test_thousands_of_copies_cost_little_and_no_text_is_no_problem():
    copies = Shingles([BASE] * 4000)
    short = Shingles(["very good"] * 4000)

    assert copies.repeats_of(2000, 0.8).all()
    assert short.families(0.8).max() == short.firsts(0.8).max() == 0
    assert short.repeats_of(2000, 0.8).all()
    assert copies.firsts(0.8).max() == 0
    assert copies.families(0.8).max() == 0
    assert len(Shingles([])) == 0
    assert Shingles([]).firsts(0.8).tolist() == Shingles([]).families(0.8).tolist() == []
    assert Shingles([BASE]).repeats_of(1, 0.8).tolist() == []
