import numpy as np
import pytest

from appliedml.audits._text_behaviours import (
    ADDED,
    LEXICON,
    behaviour_table,
    lexicon_of,
    sentiment_direction,
    template_texts,
)


def evidence(score, n_own=10, own_change=0.0, flips=False):
    """Evidence of a model whose score of a text is ``score(text)`` and whose threshold is 0.5."""
    templates = {}
    for kind, texts in template_texts(LEXICON).items():
        values = np.array([score(text) for text in texts])
        templates[kind] = (values, (values >= 0.5).astype(int))
    before = np.full(n_own, 0.6)
    own = {name: (before, before + own_change, np.ones(n_own, int), np.full(n_own, int(not flips))) for name in ADDED}
    return {"templates": templates, "own": own, "units": np.arange(n_own)}


def sentiment(text):
    """Knows negation."""
    good = any(word in text for word in LEXICON["positive"])
    return 0.8 if good != (" not " in text) else 0.2


def deaf(text):
    """Does not know negation."""
    return 0.8 if any(word in text for word in LEXICON["positive"]) else 0.2


def rates(items, direction, **own):
    return behaviour_table(items, lexicon_of(None), direction, 0.05, 0.95).set_index("test")["failure_rate"]


def test_a_model_that_knows_negation_fails_nothing():
    assert rates([evidence(sentiment)], 1).max() == 0


def test_a_model_that_is_deaf_to_negation_fails_the_tests_of_negation_only():
    found = rates([evidence(deaf), evidence(deaf)], 1)
    assert found[["negated_positive", "negation_of_positive", "negation_of_negative"]].tolist() == [1, 1, 1]
    assert found.drop(["negated_positive", "negation_of_positive", "negation_of_negative"]).max() == 0


def test_a_score_of_the_negative_class_is_read_the_other_way_round():
    items = [evidence(lambda text: 1 - sentiment(text))]
    assert sentiment_direction(items)[0] == -1
    assert rates(items, -1).max() == 0


def test_a_score_without_sentiment_has_no_direction_and_no_tests_of_negation():
    items = [evidence(lambda text: 0.5)]
    assert sentiment_direction(items) == (0, 0.5)
    table = behaviour_table(items, LEXICON, 0, 0.05, 0.95)
    assert table["test"].tolist() == ["neutral_added"]


def test_an_added_sentence_may_not_move_the_score_the_wrong_way():
    found = rates([evidence(sentiment, own_change=0.2)], 1)
    assert (found["negative_added"], found["positive_added"]) == (1, 0)
    assert rates([evidence(sentiment, own_change=0.04)], 1)["negative_added"] == 0


def test_a_decision_that_flips_with_a_neutral_sentence_is_a_failure():
    assert rates([evidence(sentiment, flips=True)], 1)["neutral_added"] == 1


def test_intervals_count_sentences_not_folds_and_groups_not_rows():
    item = evidence(deaf)
    item["units"] = np.zeros(10)
    table = behaviour_table([item] * 3, LEXICON, 1, 0.05, 0.95).set_index("test")
    assert table.loc["negated_positive", "n"] == len(LEXICON["subjects"]) * len(LEXICON["positive"])
    assert table.loc["negated_positive", "counted"] == "64 sentences, mean over 3 models"
    assert table.loc["neutral_added", "n"] == 1
    assert table.loc["neutral_added", "counted"] == "1 groups of test texts"
    assert table.loc["negated_positive", "low"] == pytest.approx(0.943, abs=0.001)
