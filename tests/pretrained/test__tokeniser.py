import runpy
from pathlib import Path

import pytest

from appliedml.errors import DataError, MissingExtraError
from appliedml.pretrained._tokeniser import Tokeniser

pytest.importorskip("tokenizers")
TINY = runpy.run_path(str(Path(__file__).parents[1] / "_tiny_bert.py"))
PAD, UNK, CLS, SEP, GOOD, BAD, FOOD, DOG = range(8)


@pytest.fixture(scope="module")
def tokeniser(tmp_path_factory):
    return Tokeniser(Path(TINY["make"](tmp_path_factory.mktemp("bert"))) / "tokenizer.json")


def test_texts_become_codes_between_two_marks(tokeniser):
    found = tokeniser(["Good DOGS zzz", ""], 10)
    assert [one.tolist() for one in found] == [[CLS, GOOD, DOG, 9, UNK, SEP], [CLS, SEP]]


def test_a_long_text_keeps_its_start_or_both_ends(tokeniser):
    text = "good bad food dog very the a"
    (start,), (both,) = tokeniser([text], 6), tokeniser([text], 6, "both")
    assert start.tolist() == [CLS, GOOD, BAD, FOOD, DOG, SEP]
    assert both.tolist() == [CLS, GOOD, BAD, 10, 11, SEP]
    assert tokeniser([text], 7, "both")[0].tolist() == [CLS, GOOD, BAD, FOOD, 10, 11, SEP]


def test_broken_and_huge_texts_are_read(tokeniser):
    found = tokeniser(["good \ud800 dog", "good " * 20_000], 8)
    assert found[0][1] == GOOD
    assert len(found[1]) == 8


def test_a_file_that_is_no_bert_tokeniser_is_refused(tmp_path):
    from tokenizers import Tokenizer, models

    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(DataError, match="is not a tokeniser"):
        Tokeniser(path)
    Tokenizer(models.WordPiece({"[CLS]": 0, "[UNK]": 1, "[PAD]": 2}, unk_token="[UNK]")).save(str(path))
    with pytest.raises(DataError, match=r"has \[PAD\] as code 0"):
        Tokeniser(path)


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'appliedml\[text\]'"):
        Tokeniser(tmp_path / "tokenizer.json")
