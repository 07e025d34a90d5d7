from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from appliedml.audits._explain_texts_fold import TextGame
from appliedml.compose.pipeline import Pipeline
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.explain.exact import exact_shapley

TEXTS = ["great tea again", "awful tea again", "great box", "awful box", "tea box great", "box tea awful"] * 4
PIPELINE = Pipeline([TfidfVectorizer(), LogisticRegression()]).fit(Samples(Texts(TEXTS), np.arange(24) % 2))


def game(**changes):
    settings = {"outputs": (1,), "scale": "probability", "max_players": 10, "token": "", **changes}
    return TextGame(PIPELINE, **settings)


def test_a_text_is_a_game_between_its_words():
    masker, spans, players = game().of("great tea, again")
    assert masker.names == ("great", "tea", ",", "again")
    assert len(spans) == len(players) == 4
    values = exact_shapley(masker, game().scorer())
    whole, nothing = (PIPELINE.predict_proba(Texts([text]))[0, 1] for text in ("great tea, again", ""))
    assert values.values.sum() == pytest.approx(whole - nothing)
    assert int(np.abs(values.values[0, :, 0]).argmax()) == 0


def test_a_token_takes_the_place_of_a_hidden_word():
    masker, _, _ = game(token="[MASK]").of("great tea")
    hidden = masker.masked(np.array([0]), np.array([[[False, True]]]), np.array([0]))
    assert list(hidden) == ["[MASK] tea"]


def test_a_text_without_words_is_no_game():
    assert game().of("  ") is None
