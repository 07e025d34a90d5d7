"""Parquet column types."""

import datetime
import decimal
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from appliedml.errors import DataError
from appliedml.sources._parquet import parse_parquet


def stored(frame):
    """The bytes of a frame as Parquet."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def test_nullable_numbers_dates_and_decimals_become_numpy_types():
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, None], dtype="Int64"),
            "full": pd.array([1, 2], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "price": [decimal.Decimal("1.50"), None],
            "day": [datetime.date(2024, 1, 31), None],
            "kind": pd.Categorical(["b", None], categories=["b", "a"], ordered=True),
            "empty": pd.Series([None, None], dtype=object),
        }
    )

    read = parse_parquet("Table", "a.parquet", stored(frame))

    kinds = read.dtypes.astype(str).to_dict()
    assert {name: kinds[name] for name in ("whole", "full", "flag", "price", "empty")} == {
        "whole": "float64",
        "full": "int64",
        "flag": "float64",
        "price": "float64",
        "empty": "float64",
    }
    assert read["day"].iloc[0] == pd.Timestamp("2024-01-31")
    assert read["kind"].cat.categories.tolist() == ["b", "a"]
    assert read["kind"].cat.ordered


def test_a_named_index_becomes_a_column():
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="who"))

    assert parse_parquet("Table", "a.parquet", stored(frame))["who"].tolist() == ["x", "y"]


def test_markers_meet_text_and_numbers():
    read = parse_parquet("Table", "a.parquet", stored(pd.DataFrame({"n": [1, -999], "t": ["?", "b"]})), ["-999", "?"])

    assert np.isnan(read["n"].iloc[1])
    assert read["t"].isna().tolist() == [True, False]


def test_declared_text_columns_are_text():
    assert parse_parquet("Table", "a.parquet", stored(pd.DataFrame({"n": [7, 8]})), (), ["n"])["n"].tolist() == [
        "7",
        "8",
    ]


def test_repeated_names_lists_and_no_rows_are_refused():
    twice = io.BytesIO()
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), twice)

    with pytest.raises(DataError, match="More than once: 'a'"):
        parse_parquet("Table", "a.parquet", twice.getvalue())
    with pytest.raises(DataError, match="column 'a' of a.parquet holds"):
        parse_parquet("Table", "a.parquet", stored(pd.DataFrame({"a": [[1, 2], [3]]})))
    with pytest.raises(DataError, match="but no rows"):
        parse_parquet("Table", "a.parquet", stored(pd.DataFrame({"a": pd.Series([], dtype=float)})))


def test_only_wanted_columns_need_to_be_of_a_known_type():
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1, 2], "nested": [[1], [2]]}).to_parquet(buffer)

    assert parse_parquet("Table", "a.parquet", buffer.getvalue(), columns=["a"]).columns.tolist() == ["a"]
