import pandas as pd
import pytest

from appliedml.core.schema import Schema, Sensitive


def test_equal_schemas_from_python_and_from_data_are_equal():
    data = {"target": "y", "sensitive": ["sex", {"band": {"column": "age", "edges": [25, 40]}}], "group": "g"}
    schema = Schema("y", ["sex", Sensitive("band", "age", (25, 40))], group="g")
    assert Schema(**data) == schema
    assert schema.to_dict() == data


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "'target' is missing"),
        ({"target": "y", "sensitve": []}, "is not a schema key"),
        ({"target": "y", "sensitive": "sex"}, "must be a list"),
        ({"target": "y", "sensitive": ["sex", "sex"]}, "listed 2 times"),
        ({"target": "y", "sensitive": ["y"]}, "cannot be a sensitive feature"),
        ({"target": "y", "sensitive": [{"b": {"column": "a", "edges": [3, 1]}}]}, "must ascend"),
        ({"target": False}, "must be a text"),
        ([], "must be a mapping"),
    ],
)
def test_problems_are_named(data, sentence):
    assert any(sentence in problem.what for problem in Schema.problems_in(data))


def test_several_problems_are_reported_together():
    assert len(Schema.problems_in({"target": 3, "grup": "a", "ignore": "b"})) == 3


def test_levels_show_whole_numbers_without_decimals_and_missing_as_unknown():
    levels = Sensitive("s", "s").levels(pd.Series([1.0, 2.0, None]))
    assert levels.tolist() == ["1", "2", "unknown"]


def test_a_value_on_an_edge_belongs_to_the_upper_band():
    assert Sensitive("b", "a", (0.5,)).levels(pd.Series([0.5, 0.49])).tolist() == ["0.5 and over", "under 0.5"]
