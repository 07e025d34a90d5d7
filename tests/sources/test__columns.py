"""Names and types of columns."""

import datetime

import pandas as pd
import pytest

from appliedml.errors import DataError
from appliedml.sources._columns import check_names, plain_objects


def test_names_are_stripped_texts():
    assert check_names("Table", "a.csv", [" a", 7]) == ["a", "7"]


@pytest.mark.parametrize(
    ("header", "sentence"), [(["a", " "], "column 2 of 2"), (["a", "b", "a "], "More than once: 'a'")]
)
def test_blank_and_repeated_names_are_refused(header, sentence):
    with pytest.raises(DataError, match=sentence):
        check_names("Table", "a.csv", header)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([True, None], "float64"),
        ([datetime.date(2024, 1, 1), None], "datetime64"),
        (["a", None], "str"),
        ([10**30, None], "str"),
        ([None], "float64"),
    ],
)
def test_objects_come_down_to_the_types_that_stages_know(values, dtype):
    assert str(plain_objects("Table", "a.csv", pd.Series(values, dtype=object)).dtype).startswith(dtype)


def test_bytes_and_lists_are_refused_with_an_example():
    with pytest.raises(DataError, match=r"holds bytes values such as b'x'"):
        plain_objects("Table", "a.csv", pd.Series([b"x"], dtype=object, name="a"))
