"""Repairing texts."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError, StageError
from appliedml.stages.clean.clean_text import CleanText


def cleaned(*texts, **parameters):
    stage = CleanText(**parameters)
    return list(stage.clean(Samples(Texts(texts), np.zeros(len(texts)))).X.strings), stage


def test_everything_is_repaired_and_counted():
    texts, stage = cleaned(
        "Soooooo good!!!!!<br />See www.example.org",
        "write to me@example.org or @jo",
        "cafe\u0301 \x00 bar",
        "plain",
        None,
    )

    assert texts == ["Sooo good!!! See [url]", "write to [email] or [user]", "café bar", "plain", None]
    assert stage.changed_rows_.tolist() == [True, True, True, False, False]
    assert stage.notes_ == [
        "text: control characters removed in 1 row.",
        "text: HTML removed in 1 row.",
        "text: unicode form NFC restored in 1 row.",
        "text: web addresses replaced by [url] in 1 row.",
        "text: e-mail addresses replaced by [email] in 1 row.",
        "text: user names replaced by [user] in 1 row.",
        "text: runs of one letter shortened to 3 in 1 row.",
        "text: spaces made single in 1 row.",
    ]


def test_texts_that_become_empty_are_counted():
    texts, stage = cleaned("<br />", "\u200b", " ", None, "good")

    assert texts == ["", "", "", None, "good"]
    assert stage.notes_[-1] == "text: 2 texts are empty after cleaning: put drop_empty_texts after it."
    assert cleaned("<b></b>", "x")[1].notes_[-1].startswith("text: 1 text is empty after cleaning")
    assert not any("empty" in note for note in cleaned(" ", "a  b")[1].notes_)


@pytest.mark.parametrize(
    ("parameter", "value", "text"),
    [
        ("unicode_form", "keep", "cafe\u0301"),
        ("html", "keep", "<b>x</b> &amp;"),
        ("urls", "keep", "see https://example.org/x"),
        ("emails", "keep", "me@example.org"),
        ("user_names", "keep", "@jo"),
        ("repeated_letters", None, "sooooooo"),
        ("control_characters", "keep", "a\u200bb"),
        ("spaces", False, "a  b "),
        ("max_characters", None, "word " * 3000 + "end"),
    ],
)
def test_every_repair_can_be_switched_off_and_is_on_otherwise(parameter, value, text):
    default, _ = cleaned(text, **({"max_characters": 100} if parameter == "max_characters" else {}))

    assert cleaned(text, **{parameter: value})[0] == [text]
    assert default != [text]


def test_removal_leaves_nothing_and_nfkc_makes_look_alikes_plain():
    removed, _ = cleaned("see www.example.org now", urls="remove")
    plain, _ = cleaned("\ufb01ne \uff21\uff22", unicode_form="NFKC")

    assert removed == ["see now"]
    assert plain == ["fine AB"]


def test_what_one_repair_uncovers_is_repaired_too():
    assert cleaned("&amp;lt;br&amp;gt;x &lt;script&gt;steal()&lt;/script&gt;")[0] == ["x"]


def test_emoji_and_other_scripts_stay_as_they_are():
    texts = ["Ωραίο τσάι", "很好喝", "👍🏽 ❤️", "שלום"]

    assert cleaned(*texts)[0] == texts


def test_a_text_of_100_000_characters_is_cut_at_a_word_and_counted():
    texts, stage = cleaned("word " * 20_000, max_characters=1_003)

    assert texts == [("word " * 200).strip()]
    assert stage.notes_[-1] == "text: text cut to 1,003 characters in 1 row."


def test_tables_and_wrong_parameters_are_refused():
    with pytest.raises(StageError, match=r"CleanText works on texts. The inputs are DataFrame"):
        CleanText().clean(Samples(pd.DataFrame({"a": [1]})))
    with pytest.raises(ParameterError, match="unicode_form must be one of 'NFC', 'NFKC', 'keep'"):
        cleaned("a", unicode_form="NFD")


def test_the_real_reviews_are_cleaned_as_their_card_says(root):
    from appliedml.core.schema import Schema
    from appliedml.sources.text_table import TextTable

    samples = TextTable("data/reviews.parquet").read(Schema("score"), folder=root)
    stage = CleanText()

    texts = stage.clean(samples).X

    assert "text: HTML removed in 1,191 rows." in stage.notes_
    assert not any("<br" in text for text in texts)
