import pytest

from appliedml.audits._identity_matching import Matcher
from appliedml.audits._identity_terms import find_dimensions


def swap(text, dimension, group, own=None):
    matcher = Matcher(find_dimensions([dimension], own))
    mentions = matcher.find(text)
    assert group in matcher.targets(mentions)
    return matcher.swapped(text, mentions, group)


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("She gave her book to a woman.", "He gave his book to a man."),
        ("I saw her at home and she's mine.", "I saw him at home and he's mine."),
        ("HER MOTHER", "HIS FATHER"),
        ("My wife's tea; Sarah's cup, hers.", "My husband's tea; Kevin's cup, his."),
        ("She did it herself!", "He did it himself!"),
        ("Give it to her.", "Give it to him."),
    ],
)
def test_form_capitals_and_possessives_are_kept(text, swapped):
    assert swap(text, "gender", "male") == swapped


def test_his_becomes_her_before_a_noun_and_hers_alone():
    assert swap("his cat is his.", "gender", "female") == "her cat is hers."


def test_articles_follow_the_sound_of_the_new_term():
    assert swap("A Polish cook and a Polish inn", "nationality", "Indian") == "An Indian cook and an Indian inn"
    assert swap("an Italian shop", "nationality", "German") == "a German shop"
    own = {"where": {"a": ["Asian"], "b": ["European"]}}
    assert swap("an Asian shop", "where", "b", own) == "a European shop"


def test_lower_case_writing_is_kept_where_capitals_do_not_matter():
    assert swap("a muslim family", "religion", "Hindu") == "a hindu family"
    assert swap("A Muslim family", "religion", "not religious") == "An Atheist family"


def test_words_that_need_capitals_are_not_found_without_them():
    matcher = Matcher(find_dimensions(["nationality", "names"]))
    assert matcher.find("polish the turkish shoes") == []
    assert [mention.group for mention in matcher.find("Polish shoes")] == ["Polish"]


def test_the_longest_phrase_is_taken_and_punctuation_splits_it():
    matcher = Matcher(find_dimensions(["disability", "age"]))
    assert [m.surface for m in matcher.find("an old man in it")] == ["old man"]
    assert [m.surface for m in matcher.find("a person in a wheelchair")] == ["person in a wheelchair"]
    assert [m.surface for m in matcher.find("It is old. Man!")] == ["old"]


def test_terms_inside_words_are_not_found():
    matcher = Matcher(find_dimensions(["gender", "religion"]))
    assert matcher.find("The sheriff heard the theme of mankind.") == []


def test_texts_of_two_groups_of_a_dimension_are_not_swapped():
    matcher = Matcher(find_dimensions(["gender"]))
    assert matcher.targets(matcher.find("he and she")) == []


def test_words_that_mostly_mean_something_else_are_found_but_name_nobody_and_are_not_swapped():
    matcher = Matcher(find_dimensions(["disability"]))
    mentions = matcher.find("a blind tasting")
    assert [mention.group for mention in mentions] == ["sight"]
    assert matcher.targets(mentions) == []
    assert not matcher.names_people(mentions[0])
    assert matcher.names_people(matcher.find("a blind person")[0])


def test_only_groups_with_a_matching_form_are_targets():
    matcher = Matcher(find_dimensions(["religion"]))
    assert matcher.targets(matcher.find("near the mosque")) == ["Christian", "Jewish"]


def test_lists_of_unequal_length_are_gone_round_again():
    own = {"job": {"care": ["nurse", "carer", "midwife"], "law": ["lawyer", "judge"]}}
    assert swap("the midwife", "job", "law", own) == "the lawyer"


def test_hostile_and_long_texts_pass():
    matcher = Matcher(find_dimensions(None))
    assert matcher.find("") == []
    text = "<script>she</script>\x00\u202e " + "ß" * 50_000
    assert [mention.surface for mention in matcher.find(text)] == ["she"]
