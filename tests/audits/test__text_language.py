from appliedml.audits._text_language import count_english, language_findings, looks_english


def test_other_languages_and_scripts_do_not_look_english():
    assert looks_english("We had this for a week and it was not what they said.")
    assert looks_english("Das war nicht gut und ich bin sehr enttäuscht davon.") is False
    assert looks_english("Это был очень хороший чай, спасибо большое вам") is False


def test_a_text_of_few_words_is_not_judged():
    assert looks_english("good tea!!! 10/10") is None
    assert count_english(["", "ok", "It is the best that we have had."]) == (1, 1)


def test_a_warning_is_given_only_where_most_texts_are_not_english():
    assert language_findings(5, 10, "The lists") == []
    assert language_findings(0, 0, "The lists") == []
    (finding,) = language_findings(4, 10, "The lists")
    assert finding.text.startswith("The lists are English, but only 4 of 10 test texts look English.")
