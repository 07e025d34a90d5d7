import pytest
import yaml

from appliedml.audits._identity_terms import (
    FOLDER,
    Frame,
    Term,
    fill,
    find_dimensions,
    find_frames,
    phrases,
    shipped,
    template_terms,
)
from appliedml.errors import StageError


def test_every_shipped_list_names_its_source_and_has_at_least_two_groups_in_each_slot_it_fills():
    for dimension in shipped().values():
        assert len(dimension.source) > 20
        assert dimension.note
        used = {term.slot for term in template_terms([dimension])}
        assert used == {form.slot for form in dimension.forms if form.slot != "none"}


def test_the_common_dimensions_of_identity_are_there():
    assert {"gender", "names", "nationality", "religion", "age", "disability"} <= set(shipped())


def test_a_term_is_in_one_group_of_its_dimension_only():
    for dimension in shipped().values():
        groups: dict = {}
        for form in dimension.forms:
            for group, texts in form.terms.items():
                for text in texts:
                    groups.setdefault((text, form.name), set()).add(group)
        assert all(len(found) == 1 for found in groups.values())


def test_templates_are_as_many_in_each_tone_and_fill_into_sentences():
    frames = find_frames()
    tones = [frame.tone for frame in frames]
    assert tones.count("neutral") == tones.count("positive") == tones.count("negative") >= 8
    for term in template_terms(list(shipped().values())):
        text = fill(frames[0], term)
        assert text[0].isupper()
        assert "{" not in text


def test_phrases_fit_their_slots():
    frame = Frame("own", "Yesterday {subject} came.")
    assert fill(frame, Term("g", "f", "pronoun", "she")) == "Yesterday she came."
    assert fill(frame, Term("g", "f", "relative", "mother")) == "Yesterday my mother came."
    assert fill(frame, Term("g", "f", "adjective", "Muslim")) == "Yesterday the Muslim customer came."
    assert set(phrases()) == {"pronoun", "person", "relative", "name", "adjective", "people"}


def test_own_lists_come_beside_the_shipped_ones_and_replace_those_of_their_name(tmp_path):
    own = {"job": {"care": ["nurse"], "law": ["lawyer"]}, "age": {"a": ["Kim"], "b": ["Bo"]}}
    found = {item.name: item for item in find_dimensions(None, own)}

    assert set(found) == {*shipped(), "job"}
    assert found["age"].groups == ("a", "b")
    assert found["job"].forms[0].slot == "person"
    assert found["age"].forms[0].slot == "name"
    path = tmp_path / "terms.yaml"
    path.write_text(yaml.safe_dump(own), encoding="utf-8")
    assert find_dimensions(["job"], str(path)) == find_dimensions(["job"], own)


def test_a_file_in_the_shipped_form_can_be_given():
    assert find_dimensions(["gender"], str(FOLDER / "gender.yaml")) == find_dimensions(["gender"])


@pytest.mark.parametrize(
    ("own", "what"),
    [
        ({"job": {"care": ["nurse"]}}, "at least two groups"),
        ({"job": {"care": [], "law": ["x"]}}, "not a list of texts"),
        ({"job": ["nurse"]}, "must be a mapping of groups"),
        ("/nowhere/terms.yaml", "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_its_reason(own, what):
    with pytest.raises(StageError, match=what):
        find_dimensions(None, own)


def test_an_unknown_dimension_is_refused_with_a_guess():
    with pytest.raises(StageError, match="Did you mean 'gender'"):
        find_dimensions(["gendre"])


def test_a_strange_slot_is_refused(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("dimension: d\nforms: [{slot: verb, form: x, terms: {a: [b], c: [d]}}]", encoding="utf-8")
    with pytest.raises(StageError, match="slot 'verb' is none of"):
        find_dimensions(None, str(path))


def test_own_templates_must_have_a_place_for_a_term(tmp_path):
    path = tmp_path / "templates.yaml"
    path.write_text("good: ['{term} is in.']\nbad: ['{subject} is out.']", encoding="utf-8")
    assert [frame.tone for frame in find_frames(str(path))] == ["good", "bad"]
    with pytest.raises(StageError, match="'No place.' has neither"):
        find_frames(["No place.", "{term} here."])
    with pytest.raises(StageError, match="there are 1 templates"):
        find_frames(["{term} here."])
