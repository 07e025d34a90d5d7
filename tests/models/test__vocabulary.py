import pytest

from appliedml.models._vocabulary import Tokenizer, most_frequent, room_for


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Not good, isn't it?", ["not", "good", "is", "n't", "it"]),
        ("I can\u2019t, won't, SHAN'T", ["i", "can", "n't", "will", "n't", "shall", "n't"]),
        ("it's rock'n'roll 'quoted'", ["it's", "rock'n'roll", "quoted"]),
        ("snake_case 3.5 café", ["snake", "case", "3", "5", "café"]),
        ("cafe\u0301 = caf\u00e9", ["café", "café"]),
        ("\uff46\uff55\uff4c\uff4c \ufb01ne", ["full", "fine"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("味道很好 abc", ["味", "道", "很", "好", "abc"]),
        ("ok👍👍 ❤️ 👩\u200d👧", ["ok", "👍", "👍", "❤", "👩", "👧"]),
        ("n't", ["n't"]),
        ("\u200d\u0301 \x00\x07", []),
        ("<script>alert(1)</script>", ["script", "alert", "1", "script"]),
    ],
)
def test_words_of_many_scripts(text, words):
    assert Tokenizer().words(text) == words


def test_places_point_at_the_words_as_they_are_written():
    text = "We DON\u2019T  eat Café!"
    spans = list(Tokenizer().spans(text))

    assert [text[start:stop] for start, stop, _ in spans] == ["We", "DO", "N\u2019T", "eat", "Café"]
    assert [word for _, _, word in spans] == ["we", "do", "n't", "eat", "café"]


def test_spans_and_words_agree_with_and_without_punctuation():
    text = "Well... NO!!! (don't?) -- *sigh* 5,000\n😀"
    for tokenizer in (Tokenizer(), Tokenizer(punctuation=True), Tokenizer(lower_case=False, punctuation=True)):
        assert [word for _, _, word in tokenizer.spans(text)] == tokenizer.words(text)


def test_punctuation_counts_once_a_run():
    assert Tokenizer(punctuation=True).words("No!!! a, b") == ["no", "!", "a", ",", "b"]


def test_case_can_be_kept():
    assert Tokenizer(lower_case=False).words("Can't GO") == ["Ca", "n't", "GO"]


def test_an_endless_word_is_cut():
    assert Tokenizer().words("x" * 100_000) == ["x" * 60]


def test_rare_words_are_left_out_and_ties_go_by_text():
    texts = [["b", "a", "z", "z"], ["a", "b", "c"], ["z"]]

    assert most_frequent(texts, 10, 2) == ["z", "a", "b"]
    assert most_frequent(texts, 2, 1) == ["z", "a"]


def test_room_is_never_too_small_and_at_most_a_quarter_too_large():
    for n_codes in (1, 64, 65, 511, 512, 513, 8_193, 20_001, 1_000_000):
        assert n_codes <= room_for(n_codes) <= max(64, n_codes * 1.25 + 64)
