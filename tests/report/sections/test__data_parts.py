"""Groups of rows and sensitive groups in every part, from the rows of a run."""

from __future__ import annotations

import pandas as pd
import pytest

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Table, Text
from appliedml.report.sections._data_parts import group_flow, sensitive_parts


class Run(dict):
    """What is read of a run: its rows, its schema and the sizes of the parts."""

    def __init__(self, rows, sizes, schema):
        splits = pd.DataFrame(sizes, columns=["fold", "part", "rows"])
        super().__init__(flow=Artifact("flow", tables={"splits": splits}))
        self.rows = rows
        self.info = {"schema": {"target": "y", **schema}}


# Two films a patient, but one film of nobody known; the last row was dropped.
ROWS = pd.DataFrame(
    {
        "row_id": range(42), "group": [*(f"P{row // 2}" for row in range(40)), None, "P20"],
        "sensitive.sex": ["f", "f", "m", "m"] * 10 + ["f", "x"], "sensitive.age": [30, 50, 60] * 14,
        "fold": [0] * 20 + [1] * 21 + [-1], "dropped_by": [None] * 41 + ["range_rules"],
    }
)  # fmt: skip
SIZES = [(0, "train", 15), (0, "validation", 6), (0, "test", 20), (1, "train", 20), (1, "test", 21)]
SCHEMA = {"group": "patient_id", "sensitive": ["sex", {"age_band": {"column": "age", "edges": [40, 55]}}]}


def only(found, kind):
    (block,) = [block for block in found if isinstance(block, kind)]
    return block


def test_groups_are_counted_from_reading_to_every_part():
    found = group_flow(Run(ROWS, SIZES, SCHEMA))

    assert only(found, Text).text == (
        "Rows of one patient_id belong together: the rows read are of 22 such groups, those used of 21."
    )
    table = only(found, Table)
    assert table.data.to_numpy().tolist() == [
        ["all rows read", 42, 22], ["all rows used", 41, 21],
        ["fold 0, training and validation", 21, 11], ["fold 0, test", 20, 10],
        ["fold 1, training and validation", 20, 10], ["fold 1, test", 21, 11],
    ]  # fmt: skip
    assert "A row without a group counts as a group of its own." in table.note


def test_without_a_group_nothing_is_counted():
    assert group_flow(Run(ROWS, SIZES, {})) == []
    assert group_flow(Run(ROWS.drop(columns="group"), SIZES, SCHEMA)) == []


def test_training_rows_are_told_only_where_they_are_all_rows_but_the_test_rows():
    # Folds in the order of time: the first learns from ten rows only; rows of the second were tested twice.
    sizes = [(0, "train", 10), (0, "test", 20), (1, "train", 20), (1, "test", 30)]

    found = only(group_flow(Run(ROWS, sizes, SCHEMA)), Table)

    assert found.data["where"].tolist() == ["all rows read", "all rows used", "fold 0, test"]


def test_sensitive_groups_are_set_out_by_part_with_bands_in_their_order():
    table = only(sensitive_parts(Run(ROWS, SIZES, SCHEMA)), Table).data

    assert list(dict.fromkeys(table["feature"])) == ["sex", "age_band"]
    sex = table[table["feature"] == "sex"].set_index(["fold", "part", "level"])
    assert sex.loc[(0, "test", "f"), ["rows", "share"]].tolist() == ["10", 0.5]
    assert sex.loc[(1, "test", "f"), "rows"] == "11"
    assert sex.loc[(0, "training and validation", "m"), "share"] == pytest.approx(10 / 21)
    # The row that was dropped is in no part.
    assert "x" not in set(table["level"])
    bands = table[(table["feature"] == "age_band") & (table["fold"] == 0) & (table["part"] == "test")]
    assert bands["level"].tolist() == ["under 40", "40 to 54", "55 and over"]


def test_a_small_count_does_not_follow_from_the_other_part_or_the_other_fold():
    sexes = ["f"] * 2 + ["m"] * 18 + ["f"] * 10 + ["m"] * 11 + ["x"]

    table = only(sensitive_parts(Run(ROWS.assign(**{"sensitive.sex": sexes}), SIZES, SCHEMA)), Table).data

    sex = table[table["feature"] == "sex"].set_index(["fold", "part", "level"])
    assert sex["rows"].eq("not shown").all()
    assert sex["share"].isna().all()


@pytest.mark.parametrize("schema", [{}, {"sensitive": ["site"]}])
def test_without_sensitive_rows_there_is_no_table(schema):
    assert sensitive_parts(Run(ROWS, SIZES, schema)) == []


def test_a_feature_of_very_many_levels_is_left_out():
    many = ROWS.assign(**{"sensitive.sex": [f"level {row}" for row in range(42)]})

    found = only(sensitive_parts(Run(many, SIZES, SCHEMA)), Table)

    assert set(found.data["feature"]) == {"age_band"}
