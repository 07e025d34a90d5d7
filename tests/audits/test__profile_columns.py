from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._profile_columns import (
    as_numbers,
    describe_columns,
    feature_frame,
    kind_of,
    row_hashes,
    top_levels,
)
from appliedml.core.images import Images
from appliedml.core.texts import Texts


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5, None], "number"),
        ([True, False], "yes/no"),
        (["a", "b", None], "category"),
        (pd.to_datetime(["2025-01-01", None]), "date"),
        ([f"a review of product {i}" for i in range(9)], "text"),
        (pd.Categorical(["a long level name", "another long level name"]), "category"),
    ],
)
def test_a_column_has_a_type_in_words(values, kind):
    assert kind_of(pd.Series(values)) == kind


def test_infinite_values_count_as_missing_numbers():
    assert np.isnan(as_numbers(pd.Series([1.0, np.inf, -np.inf]))).tolist() == [False, True, True]


def test_rare_levels_are_not_named_and_ties_do_not_depend_on_row_order():
    values = pd.Series(["b"] * 6 + ["a"] * 6 + ["only me"] * 2)

    assert top_levels(values, 5) == top_levels(values[::-1], 5) == [("a", 6), ("b", 6)]


def test_columns_are_described_by_their_kind():
    frame = pd.DataFrame(
        {
            "n": [1.0, 2.0, 3.0, None] * 5,
            "c": ["a", "a", "b", "b"] * 5,
            "id": [f"person{i}" for i in range(20)],
            "when": pd.date_range("2025-01-01", periods=20),
            "empty": [None] * 20,
        }
    )

    columns, categories = describe_columns(frame, 12)

    row = columns.set_index("column").loc
    assert row["n", "n_missing"] == 5
    assert (row["n", "min"], row["n", "median"], row["n", "max"]) == (1, 2, 3)
    assert row["when", "shown"] == "2025-01-01 to 2025-01-20"
    assert row["empty", "missing_share"] == 1
    assert not categories["level"].str.contains("person").any()
    assert categories[categories["column"] == "id"]["level"].tolist() == ["other levels"]


def test_equal_rows_have_equal_hashes_in_tables_and_arrays():
    images = np.zeros((3, 2, 2))
    images[2] = 1

    hashes = row_hashes(images)

    assert hashes[0] == hashes[1] != hashes[2]
    assert row_hashes([1, 2]) is None


def test_arrays_become_named_columns_and_other_inputs_no_table():
    assert feature_frame(np.zeros((2, 3))).columns.tolist() == ["x0", "x1", "x2"]
    assert feature_frame(np.zeros((2, 3, 3))) is None


def test_rows_of_texts_and_images_are_known_by_their_content():
    texts = row_hashes(Texts(["a", None, "a", "", None, "\ud800"]))
    pixels = np.zeros((3, 2, 2), dtype=np.uint8)
    pixels[1] = 9
    images = row_hashes(Images.of(pixels))

    assert len(np.unique(texts)) == 4
    assert texts[0] == texts[2]
    assert texts[1] == texts[4]
    assert images[0] == images[2] != images[1]
    assert texts.dtype == images.dtype == np.uint64


def test_the_share_of_a_named_level_does_not_say_how_few_the_others_are():
    frame = pd.DataFrame({"few": ["yes"] * 97 + ["no"] * 3, "many": ["yes"] * 90 + ["no"] * 10})

    columns, _ = describe_columns(frame, 12)

    assert columns["shown"].tolist() == ["yes, 1 more", "yes 90.0 %, no 10.0 %"]
