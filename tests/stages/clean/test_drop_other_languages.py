"""Finding texts in another language."""

import numpy as np
import pytest

from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError
from appliedml.stages.clean._stop_words import STOP_WORDS
from appliedml.stages.clean.drop_other_languages import DropOtherLanguages, latin_share, stop_word_share

SENTENCES = {
    "en": "I have been drinking this tea for years and it is still the best that you can buy in the store.",
    "de": "Ich trinke diesen Tee seit Jahren und er ist immer noch der beste, den man im Laden kaufen kann.",
    "fr": "Je bois ce thé depuis des années et il est toujours le meilleur que vous pouvez acheter dans le magasin.",
    "es": "Bebo este té desde hace años y todavía es el mejor que se puede comprar en la tienda de mi calle.",
    "it": "Bevo questo tè da anni ed è ancora il migliore che si può comprare nel negozio della mia via.",
    "pt": "Bebo este chá há anos e ainda é o melhor que se pode comprar na loja da minha rua com o meu dinheiro.",
    "nl": "Ik drink deze thee al jaren en het is nog steeds de beste die je in de winkel van mijn straat kan kopen.",
}


def rows(*texts):
    return Samples(Texts(texts), np.zeros(len(texts)))


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_each_of_the_seven_languages_is_told_from_the_other_six(language):
    stage = DropOtherLanguages(language=language, min_stop_word_share=0.3)

    assert list(stage.clean(rows(*SENTENCES.values())).X) == [SENTENCES[language]]


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_a_sentence_has_most_function_words_of_its_own_language(language):
    words = SENTENCES[language].lower().replace(",", "").replace(".", "").split()

    assert max(STOP_WORDS, key=lambda other: stop_word_share(words, other)) == language


def test_other_scripts_short_texts_and_texts_without_letters():
    stage = DropOtherLanguages()

    left = stage.clean(rows("Чай очень вкусный", "很好喝", "Tee gut", "👍 100", "", "Tea (чай) good"))

    assert list(left.X) == ["Tee gut", "👍 100", "", "Tea (чай) good"]
    assert stage.notes_ == ["text: 2 rows mostly not in Latin letters dropped."]
    assert latin_share("caf\u00e9 \uff21") == 1.0


def test_counting_keeps_the_rows_and_says_what_they_look_like():
    stage = DropOtherLanguages(action="count")
    samples = rows(
        SENTENCES["en"], SENTENCES["fr"], "lorem ipsum dolor sit amet consectetur adipiscing elit sed eiusmod"
    )

    assert len(stage.clean(samples)) == 3
    assert stage.other_rows_.tolist() == [False, True, True]
    assert not stage.changed_rows_.any()
    assert stage.notes_ == [
        "text: 2 rows with few function words of 'en' found and kept.",
        "By their function words these look like: fr 1, none of the seven 1.",
    ]


def test_of_the_real_reviews_only_those_in_other_languages_are_found(root):
    from appliedml.core.schema import Schema
    from appliedml.sources.text_table import TextTable

    samples = TextTable("data/reviews.parquet").read(Schema("score"), folder=root)
    stage = DropOtherLanguages(action="count")

    stage.clean(samples)

    assert 4 <= stage.other_rows_.sum() <= 6


def test_an_unknown_language_is_refused():
    with pytest.raises(ParameterError, match="language must be one of 'de', 'en'"):
        DropOtherLanguages(language="xx").clean(rows("a"))
