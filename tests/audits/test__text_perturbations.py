import numpy as np
import pytest

from appliedml.audits._text_perturbations import PERTURBATIONS, drop_words, more_space, typos, unknown_words

TEXT = "This  tea was really delicious,\nand it isn't the last one we ordered!"
HARD = ["", " ", "a", "👍👍", "\x00\u202e", "x" * 2000]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_the_same_seed_gives_the_same_text_and_hard_texts_pass(name):
    item = PERTURBATIONS[name]
    for strength, _ in item.severities:
        assert item.change(TEXT, strength, rng(3)) == item.change(TEXT, strength, rng(3))
        for text in HARD:
            assert isinstance(item.change(text, strength, rng()), str)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_every_perturbation_changes_a_long_text(name):
    item = PERTURBATIONS[name]
    assert item.change(TEXT * 10, item.severities[-1][0], rng()) != TEXT * 10


def test_severities_ascend():
    for item in PERTURBATIONS.values():
        strengths = [strength for strength, _ in item.severities]
        assert strengths == sorted(set(strengths))


def test_the_share_of_words_is_that_asked_for():
    text = " ".join(["wonderful"] * 5000)
    changed = typos(text, 0.2, rng()).split()
    assert sum(word != "wonderful" for word in changed) == pytest.approx(1000, abs=150)
    assert len(drop_words(text, 0.4, rng()).split()) == pytest.approx(3000, abs=150)
    assert sum(word != "wonderful" for word in unknown_words(text, 0.1, rng()).split()) == pytest.approx(500, abs=100)


def test_a_typo_keeps_the_first_letter_and_moves_the_length_by_at_most_one():
    for seed in range(50):
        word = typos("delicious", 1.0, rng(seed))
        assert word[0] == "d"
        assert abs(len(word) - 9) <= 1


def test_short_words_have_no_typos():
    assert typos("it was ok", 1.0, rng()) == "it was ok"


def test_white_space_changes_no_word():
    assert more_space(TEXT, 1.0, rng()).split() == TEXT.split()
