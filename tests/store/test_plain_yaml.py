import pytest
import yaml

from appliedml.store.plain_yaml import load_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("On", "On"),
        ("true", True),
        ("1e-3", 0.001),
        ("1.", 1.0),
        (".5", 0.5),
        ("12", 12),
        ("-.inf", float("-inf")),
        ("2027-01-31", "2027-01-31"),
        ("~", None),
        ("1.2.3", "1.2.3"),
        ("0x10", 16),
    ],
)
def test_scalars_are_read_as_people_mean_them(text, value):
    found = load_yaml(f"a: {text}")["a"]
    assert found == value
    assert type(found) is type(value)


def test_a_key_given_twice_is_refused():
    with pytest.raises(yaml.YAMLError, match="'a' is given more than once"):
        load_yaml("a: 1\na: 2")


def test_python_objects_are_refused():
    with pytest.raises(yaml.YAMLError):
        load_yaml("!!python/object/apply:os.system ['true']")
