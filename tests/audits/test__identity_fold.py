import numpy as np
import pandas as pd

from appliedml.audits._identity_fold import (
    Options,
    group_keys,
    mention_matrix,
    outputs_of,
    own_swaps,
    scorer,
    training_counts,
)
from appliedml.audits._identity_matching import Matcher
from appliedml.audits._identity_terms import find_dimensions, find_frames, template_terms
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts

DIMENSIONS = find_dimensions(["gender"])


class Lengths:
    """The score of a text is its length over 100."""

    calls: list

    def __init__(self):
        self.calls = []

    def predict_proba(self, texts):
        self.calls.append(list(texts))
        p = np.array([len(text) for text in texts]) / 100
        return np.column_stack([1 - p, p])


def fold_of(texts, y=None, group=None):
    meta = pd.DataFrame({"row_id": np.arange(len(texts)), "origin": "observed"})
    if group is not None:
        meta["group"] = group
    samples = Samples(Texts(texts), np.zeros(len(texts), int) if y is None else np.array(y), meta)
    p = np.zeros((len(texts), 2))
    return Fold(0, 1, ("no", "yes"), samples, samples, Lengths(), p, samples.y, 0.085, pd.DataFrame(), 0)


def test_equal_texts_are_scored_once_and_decided_at_the_fold_s_threshold():
    fold = fold_of(["a"])
    scores, codes = scorer(fold)(["12345678", "123456789", "12345678"])
    assert fold.pipeline.calls == [["12345678", "123456789"]]
    assert scores[:, 0].tolist() == [0.08, 0.09, 0.08]
    assert codes.tolist() == [0, 1, 0]


def test_shift_and_flip_of_own_sentences_are_those_of_the_swap():
    fold = fold_of(["she sat.", "nothing", "he and she"])
    matcher = Matcher(DIMENSIONS)
    options = Options(tuple(DIMENSIONS), find_frames(), 10, 0)
    found = [matcher.find(text) for text in fold.test.X]
    own = own_swaps(fold, found, matcher, scorer(fold), options, np.random.default_rng(0))

    (row,) = own["table"].to_dict("records")
    assert (row["source"], row["target"], bool(row["flipped"])) == ("female", "male", False)
    assert np.isclose(row["shift_0"], -0.01)
    assert (own["n_with_term"], own["n_swappable"], own["n_swapped"]) == (2, 1, 1)
    assert own["released"] == []


def test_mentions_are_by_group():
    matcher = Matcher(DIMENSIONS)
    matrix = mention_matrix([matcher.find("he and she"), matcher.find("tea")], DIMENSIONS)
    assert group_keys(DIMENSIONS) == [("gender", "female"), ("gender", "male")]
    assert matrix.tolist() == [[True, True], [False, False]]


def test_training_texts_of_one_group_count_as_one_unit():
    terms = template_terms(DIMENSIONS)
    she = 2 + next(at for at, term in enumerate(terms) if term.text == "she")
    texts, y = ["she is", "She was", "she has", "tea"], [1, 0, 1, 0]
    alone = training_counts(fold_of(texts, y), Matcher(DIMENSIONS), terms, DIMENSIONS)
    grouped = training_counts(fold_of(texts, y, ["p", "p", "q", "r"]), Matcher(DIMENSIONS), terms, DIMENSIONS)

    assert (alone["n"][0], alone["n"][she], alone["hits"][she, 0], alone["total"]) == (3, 3, 2, 4)
    assert (grouped["n"][she], grouped["hits"][she, 0], grouped["total"]) == (2, 1.5, 3)
    assert grouped["n_texts"][she] == 3
    assert grouped["total_hits"].tolist() == [1.5]


def test_no_term_anywhere_is_counted_as_none():
    counts = training_counts(fold_of(["tea"], [1]), Matcher(DIMENSIONS), template_terms(DIMENSIONS), DIMENSIONS)
    assert counts["n"].sum() == 0
    assert outputs_of(2) == (1,)
    assert outputs_of(3) == (0, 1, 2)
