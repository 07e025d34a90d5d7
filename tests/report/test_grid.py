from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import DataError
from appliedml.report.blocks import Column, Table
from appliedml.report.grid import grid, grids_kept
from appliedml.report.values import ABSENT


def texts(table: Table, **options) -> list[list[str]]:
    return [[cell.text for cell in row] for row in grid(table, options.pop("max_rows", 100), **options).rows]


def test_columns_without_a_form_get_one_from_their_type():
    data = pd.DataFrame({"name": ["a", None], "n_rows": [1, 2], "value": [0.5, np.nan], "kept": [True, False]})

    shown = grid(Table("T", data), 100)

    assert [column.label for column in shown.columns] == ["name", "n rows", "value", "kept"]
    assert [[cell.text for cell in row] for row in shown.rows] == [
        ["a", "1", "0.500", "yes"],
        [ABSENT, "2", ABSENT, "no"],
    ]


def test_an_interval_stands_behind_its_value():
    data = pd.DataFrame({"v": [0.5, 0.5, np.nan], "lo": [0.4, np.nan, 0.4], "hi": [0.6, 0.6, 0.6]})
    column = Column("v", "V", "interval", ("lo", "hi"))

    cells = [row[0] for row in grid(Table("T", data, (column,)), 100).rows]

    assert [(cell.text, cell.detail) for cell in cells] == [
        ("0.500", "0.400 to 0.600"),
        ("0.500", "no interval"),
        (ABSENT, ""),
    ]


def test_text_in_a_numeric_column_is_shown_as_text():
    data = pd.DataFrame({"n": pd.Series(["<5", 7], dtype=object)})

    assert texts(Table("T", data, (Column("n", "N", "int"),))) == [["<5"], ["7"]]


def test_badges_have_tones_and_links_have_targets():
    data = pd.DataFrame(
        {"state": ["pass", "insufficient_evidence"], "where": ["Fairness", "x"], "to": ["fairness", None]}
    )
    columns = (Column("state", "S", "badge"), Column("where", "W", "link", target="to"))

    first, second = grid(Table("T", data, columns), 100).rows

    assert [first[0].tone, second[0].tone, second[0].text] == ["good", "warning", "insufficient evidence"]
    assert [first[1].target, second[1].target] == ["fairness", ""]


def test_left_out_rows_are_the_last_ones_of_a_table_and_evenly_spaced_of_a_curve():
    table = Table("T", pd.DataFrame({"n": range(1000)}))

    assert texts(table, max_rows=3) == [["0"], ["1"], ["2"]]
    assert texts(table, max_rows=3, spread=True) == [["0"], ["499"], ["999"]]
    assert grid(table, 3).n_rows == 1000


@pytest.mark.parametrize(
    "column", [Column("x", "X"), Column("n", "N", "interval", ("n", "x")), Column("n", "N", "link", target="x")]
)
def test_a_column_that_is_not_there_is_named(column):
    with pytest.raises(DataError, match=r"Table 'Counts': the data have no column 'x'"):
        grid(Table("Counts", pd.DataFrame({"n": [1]}), (column,)), 10)


def test_a_file_is_linked_by_a_relative_address_and_a_row_without_one_shows_its_text():
    data = pd.DataFrame({"run": ["a", "b"], "path": ["javascript:x/report.html", None]})
    (first,), (second,) = grid(Table("t", data, (Column("run", "Run", "file", target="path"),)), 10).rows

    assert (first.text, first.href) == ("a", "./javascript%3Ax/report.html")
    assert (second.text, second.href) == ("b", "")


def test_kept_cells_are_made_once_for_the_same_data_columns_and_rows():
    data = pd.DataFrame({"v": np.arange(5.0)})
    few, more = (Column("v", "V", form) for form in ("int", "number"))

    with grids_kept():
        first = grid(Table("T", data, (few,)), 3)
        assert grid(Table("Other caption", data, (few,)), 3) is first
        for other in (
            grid(Table("T", data, (more,)), 3),
            grid(Table("T", data, (few,)), 4),
            grid(Table("T", data, (few,)), 3, spread=True),
            grid(Table("T", data + 1, (few,)), 3),
        ):
            assert other.rows != first.rows
    assert grid(Table("T", data, (few,)), 3) is not first
