from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.core.images import Images
from appliedml.core.texts import Texts
from appliedml.errors import StageError
from appliedml.stages.balance.smote import Smote
from appliedml.stages.prepare._columns import (
    chosen,
    in_place,
    is_boolean,
    is_categorical,
    is_number,
    numbers,
    read_levels,
    read_table,
)
from appliedml.stages.prepare.impute_missing import ImputeMissing
from appliedml.stages.prepare.scale_numbers import ScaleNumbers


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series([1, 2]), "number"),
        (pd.Series([1.0, None]), "number"),
        (pd.array([1, None], dtype="Int64"), "number"),
        (pd.Series([True, False]), "boolean"),
        (pd.array([True, None], dtype="boolean"), "boolean"),
        (pd.Series([True, None, False], dtype=object), "boolean"),
        (pd.Series(["a", None]), "categorical"),
        (pd.Series([1, "a"], dtype=object), "categorical"),
        (pd.Categorical([True, False]), "categorical"),
        (pd.to_datetime(["2024-01-01"]), "none"),
    ],
)
def test_a_column_is_of_exactly_one_kind(values, kind):
    column = pd.Series(values)

    found = {"number": is_number(column), "boolean": is_boolean(column), "categorical": is_categorical(column)}

    assert [name for name, yes in found.items() if yes] == ([kind] if kind != "none" else [])


def test_levels_have_a_natural_order_and_only_those_that_occur_are_listed():
    sizes = pd.Categorical(["l", None, "s"], categories=["s", "m", "l"], ordered=True)

    assert read_levels(pd.Series(sizes)).texts == ("s", "l")
    assert read_levels(pd.Series(sizes)).codes.tolist() == [1, -1, 0]
    assert read_levels(pd.Series([10, 9, 10])).texts == ("9", "10")
    assert read_levels(pd.Series(["b", "B", "a"])).texts == ("B", "a", "b")


def test_a_level_reads_the_same_whether_its_column_has_missing_values_or_not():
    whole = read_levels(pd.Series([1, 2]))

    assert read_levels(pd.Series([1.0, 2.0, np.nan])).texts == whole.texts
    assert read_levels(pd.Series([1.0, 2.0], dtype=np.float32)).texts == whole.texts
    assert read_levels(pd.Series([1, "1", 2], dtype=object)).texts == whole.texts


def test_a_cell_that_is_a_list_is_refused_by_name():
    with pytest.raises(StageError, match="Column 'tags' must hold one text or number a cell"):
        read_levels(pd.Series([["a"], ["b"]], name="tags", dtype=object))


def test_text_where_numbers_are_needed_is_refused_by_name():
    with pytest.raises(StageError, match="Column 'age' must hold numbers"):
        numbers(pd.Series(["old", "young"], name="age", dtype=object))


def test_repeated_column_names_are_refused():
    table = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])

    with pytest.raises(StageError, match=r"more than once: \['a'\]"):
        read_table("ScaleNumbers", table)


@pytest.mark.parametrize("stage", [ScaleNumbers(), ImputeMissing(), Smote()])
@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (Images.of(np.zeros((4, 8, 8), dtype=np.uint8)), "4 pictures. Put image_features or flatten_images before it"),
        (Texts(["good", "bad", "good", "bad"]), "4 texts. Put text_embeddings before it"),
    ],
)
def test_stages_of_tables_say_that_pictures_and_texts_are_none(stage, inputs, sentence):
    """NumPy's own words would be about sequences and dimensions."""
    with pytest.raises(
        StageError, match=f"{type(stage).__name__} reads tables, and .* are none. It was given {sentence}"
    ):
        (stage.fit_resample if hasattr(stage, "fit_resample") else stage.fit)(inputs, [0, 1, 0, 1])


def test_an_array_of_objects_becomes_columns_with_their_own_types():
    table = read_table("ScaleNumbers", np.array([[1, "a"], [2, "b"]], dtype=object))

    assert list(table.columns) == ["x0", "x1"]
    assert is_number(table["x0"])
    assert is_categorical(table["x1"])


def test_a_misspelt_column_gets_a_suggestion():
    table = pd.DataFrame({"amount": [1.0]})

    with pytest.raises(StageError, match="Did you mean 'amount'"):
        chosen("ScaleNumbers", table, ["amuont"], [])


def test_columns_of_the_wrong_kind_are_refused_and_others_keep_the_table_order():
    table = pd.DataFrame({"a": [1.0], "b": ["x"], "c": [2.0]})

    assert chosen("ScaleNumbers", table, ["c", "a"], [], allowed=["a", "c"], kind="numeric columns") == ["a", "c"]
    with pytest.raises(StageError, match="works on numeric columns. Column 'b'"):
        chosen("ScaleNumbers", table, ["b"], [], allowed=["a", "c"], kind="numeric columns")


def test_an_output_name_that_is_taken_gets_a_number():
    sources, names = in_place(["a", "a=x"], {"a": ["a=x", "a=y"]})

    assert names == {"a": ["a=x (2)", "a=y"]}
    assert sources == {"a=x (2)": "a", "a=y": "a", "a=x": "a=x"}
