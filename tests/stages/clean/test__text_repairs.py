"""Single repairs of a text."""

import time

import pytest

from appliedml.stages.clean import _text_repairs as repairs


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a<br/>b<BR>c", "a b c"),
        ("wonder<b>ful</b>", "wonderful"),
        ('<a href="x" onclick="y()">link</a>', "link"),
        ("x <!-- hidden --> y", "x   y"),
        ("x <!-- never closed", "x <!-- never closed"),
        ("<script>alert(1)</script>ok", " ok"),
        ("<STYLE>p{}</STYLE>ok", " ok"),
        ("&lt;3 &amp;amp;lt; &#39;&eacute;", "<3 < 'é"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("I <3 you <grin>", "I <3 you <grin>"),
        ("<![CDATA[x]]>", " x "),
        ("a <b and c> d", "a  d"),
    ],
)
def test_html_goes_and_what_people_write_stays(text, plain):
    assert repairs.without_html(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("https://a.example/b?c=d#e.", "[url]."),
        ("(see www.example.org)", "(see [url])"),
        ("no address: http:// and www. alone", "no address: http:// and www. alone"),
    ],
)
def test_web_addresses_become_tokens(text, plain):
    assert repairs.without_urls(text, "[url]") == plain


def test_emails_and_user_names_are_told_apart_from_other_uses_of_the_at_sign():
    assert repairs.without_emails("a.b+c@x-y.example, x@y", "[email]") == "[email], x@y"
    assert repairs.without_users("@jo @ home, 3@4, @@@ x.@y", "[user]") == "[user] @ home, 3@4, @@@ x.@y"


def test_control_characters_go_but_joiners_of_words_and_emoji_stay():
    family = "\U0001f468\u200d\U0001f469"

    assert repairs.without_controls(f"a\x07b\u202ec\ufeff {family}\t\n\ud800") == f"a bc {family}\t\n\ufffd"


def test_runs_are_shortened_but_numbers_and_short_runs_are_not():
    assert repairs.shortened("Nooooo!!!! 100000 aaa", 2) == "Noo!! 100000 aa"
    assert repairs.shortened("a\n\n\n\nb", 3) == "a\n\n\n\nb"


def test_a_cut_ends_at_a_space_where_there_is_one():
    assert repairs.cut("one two", 7) == "one two"
    assert repairs.cut("one two", 3) == "one"
    assert repairs.cut("one two", 4) == "one"
    assert repairs.cut("one two", 5) == "one"


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<b ", "&amp;", "&", "a@", "@", "www.", "http://", "<script>", "]]>", "<<b>", "a.", "\u200b"]
)
def test_hostile_texts_of_100_000_characters_take_no_longer_than_others(piece):
    """Every repair takes time in proportion to the length: no pattern searches the rest again at every character."""
    text = piece * (100_000 // len(piece))
    started = time.perf_counter()
    for repair in (
        repairs.without_html,
        repairs.without_controls,
        lambda one: repairs.without_urls(one, ""),
        lambda one: repairs.without_emails(one, ""),
        lambda one: repairs.without_users(one, ""),
        lambda one: repairs.shortened(one, 3),
        repairs.single_spaces,
        lambda one: repairs.cut(one, 5000),
    ):
        repair(text)

    # 0.1 s as a rule; a search at every character would take minutes.
    assert time.perf_counter() - started < 5
