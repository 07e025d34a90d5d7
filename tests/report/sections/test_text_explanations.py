from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Callout, Figure, MarkedText, Table, Text
from appliedml.report.sections.text_explanations import TextExplanations

SUMMARY = {
    "output": "probability", "classes": ["good"], "hidden": "removed", "n_texts": 8, "n_empty": 1, "n_folds": 2,
    "max_players": 40, "relative_error": 0.03, "additivity_residual": 1e-16, "distance": 0.01, "distance_texts": 2,
    "expected_distance": 0.012, "min_word_texts": 3, "randomisation_skipped": "no network", "notes": ["Personal data."],
}  # fmt: skip
WORDS = pd.DataFrame(
    [("good", 1, "tasty", 0.2, 0.1, 0.3, 0.2, 5, 4), ("good", 2, "<b>", -0.1, -0.2, 0.0, 0.1, 4, 4)],
    columns=["output", "rank", "word", "value", "low", "high", "size", "n", "groups"],
)
RELEASED = pd.DataFrame(
    {
        "text": 1, "row_id": "7", "fold": 0, "output": "good", "score": 0.8, "base_value": 0.5, "position": [0, 1, 2],
        "piece": ["very", " ", "tasty"], "value": [0.1, np.nan, 0.2], "standard_error": 0.0,
    }
)  # fmt: skip
CURVES = pd.DataFrame(
    {"curve": "deletion", "order": "explained", "share": [0.0, 1.0], "value": [1.0, 0.0], "low": 0.0, "high": 1.0}
)
ADVANTAGES = pd.DataFrame({"curve": ["deletion"], "value": [0.2], "low": [0.1], "high": [0.3], "n": [8]})
ERRORS = pd.DataFrame(
    {
        "fold": [0], "n_texts": [8], "mean_words": [9.0], "mean_players": [9.0], "n_evaluations": [100],
        "additivity_residual": [0.0], "relative_error": [0.03], "reached_target": [True],
    }
)  # fmt: skip
NOTHING = pd.DataFrame(columns=["how", "value", "low", "high", "n", "verdict"])


def blocks(**changes):
    tables = {
        "words": WORDS, "released": RELEASED, "curves": CURVES, "advantages": ADVANTAGES, "errors": ERRORS,
        "randomisation": NOTHING, **changes,
    }  # fmt: skip
    tables = {name: table for name, table in tables.items() if table is not None}
    return TextExplanations().blocks({"explain_texts": Artifact("explain_texts", summary=SUMMARY, tables=tables)})


def test_association_stands_first_and_words_are_drawn_and_listed():
    made = blocks()
    assert isinstance(made[0], Callout)
    assert made[0].title == "Association, not cause"
    assert next(block.title for block in made if isinstance(block, Figure)) == "What words do to the score"
    assert next(block for block in made if isinstance(block, Table)).data["word"].tolist() == ["tasty", "<b>"]
    assert any(isinstance(block, Text) and "no network" in block.text for block in made)


def test_a_released_text_is_marked_and_reads_as_it_stood():
    (marked,) = [block for block in blocks() if isinstance(block, MarkedText)]
    assert "".join(text for text, _ in marked.parts) == "very tasty"
    assert [weight for _, weight in marked.parts] == [0.1, None, 0.2]
    assert marked.strongest(1) == [("tasty", 0.2)]


def test_without_release_and_without_frequent_words_that_is_said():
    made = blocks(released=None, words=WORDS.iloc[:0])
    assert not [block for block in made if isinstance(block, MarkedText)]
    assert any(isinstance(block, Text) and "stands in 3 or more" in block.text for block in made)
