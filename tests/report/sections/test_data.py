from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Figure, Flow, Subheading, Table, Text
from appliedml.report.sections.data import Data


class Run(dict):
    """What the section reads of a run: its artifacts by kind, its plan and its schema."""

    def __init__(self, artifacts, schema=None, clean=()):
        super().__init__(artifacts)
        self.info = {"schema": {"target": "y", **(schema or {})}}
        self.plan = {"clean": list(clean)}
        self.rows = pd.DataFrame({"row_id": ["a"], "fold": [-1], "dropped_by": [None]})


def flow(by_group=()):
    steps = [
        ("read", 100, 100, 0, 0, ""),
        ("drop_duplicates", 100, 97, 3, 0, "3 repeated."),
        ("range_rules", 97, 97, 0, 9, ""),
    ]
    splits = [(k, part, n, 5) for k in range(2) for part, n in (("train", 40 + k), ("validation", 8), ("test", 48))]
    return Artifact(
        "flow",
        tables={
            "steps": pd.DataFrame(steps, columns=["step", "rows_in", "rows_out", "dropped", "changed", "notes"]),
            "by_group": pd.DataFrame(by_group, columns=["step", "feature", "level", "rows_in", "dropped", "changed"]),
            "splits": pd.DataFrame(splits, columns=["fold", "part", "rows", "positives"]),
        },
    )


def empty(**columns):
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def profile(**tables):
    base = {
        "classes": pd.DataFrame(
            [
                (-1, "all", "overall", "all", "no", "90", 0.9), (-1, "all", "overall", "all", "yes", "10", 0.1),
                (-1, "all", "Sex", "f", "no", "46", 0.92), (-1, "all", "Sex", "f", "yes", "<5", np.nan),
                (0, "test", "overall", "all", "no", "45", 0.9), (0, "test", "overall", "all", "yes", "5", 0.1),
            ],
            columns=["fold", "part", "by", "level", "class", "rows", "share"],
        ),
        "groups": pd.DataFrame({"sensitive": ["Sex"], "level": ["f"], "rows": ["50"], "share": [0.5]}),
        "characteristics": pd.DataFrame(
            {
                "sensitive": "Sex", "level": ["f", "f", "m", "m"], "group_rows": ["50", "50", "47", "47"],
                "column": ["age", "make", "age", "make"], "category": ["", "Honda", "", "Honda"],
                "shown": ["40 (30 to 50)", "20.0 %", "42 (31 to 52)", "<5 rows"],
            }
        ),
        "columns": pd.DataFrame(
            {
                "column": ["age", "make"], "type": ["number", "category"], "n_missing": [9, 0],
                "missing_share": [0.09, 0.0], "distinct": [40, 7], "shown": ["median 40", "Honda 20 %"],
            }
        ),
        "missing": pd.DataFrame(
            {
                "column": "age", "by": ["overall", "class"], "level": ["all", "yes"], "rows": ["97", "10"],
                "n_missing": ["9", "<5"], "missing_share": [0.09, np.nan],
            }
        ),
        "duplicates": pd.DataFrame(
            {
                "fold": [-1, 0], "where": ["row repeats an earlier one", "test row also in train"], "rows": [97, 48],
                "n_duplicates": [2, 1], "share": [0.02, 0.02],
            }
        ),
        "proxies": pd.DataFrame(
            {
                "sensitive": "Sex", "column": ["(all features)", "make"], "auroc": [0.74, 0.7], "level": "f",
                "level_auroc": [0.74, 0.7], "low": [0.7, 0.66], "high": [0.78, 0.74], "association": [np.nan, 0.3],
                "n": 97,
            }
        ),
        "shift": pd.DataFrame(
            {
                "fold": [0, 1, 0, 1], "column": ["age", "age", "make", "make"], "psi": [0.1, 0.4, 0.0, 0.0],
                "psi_by_chance": 0.2, "ks": [0.1, 0.3, np.nan, np.nan], "total_variation": 0.1,
            }
        ),
        "shift_overall": pd.DataFrame({"fold": [0, 1], "auroc": [0.5, 0.8], "low": [0.45, 0.7], "high": [0.55, 0.9]}),
    }  # fmt: skip
    return Artifact("data_profile", tables=base | tables)


def blocks(**artifacts):
    return Data().blocks(Run(artifacts))


def test_the_flow_leads_from_the_rows_read_to_the_folds():
    (diagram,) = [block for block in blocks(flow=flow()) if isinstance(block, Flow)]

    assert diagram.steps == (
        ("Read", ("100 rows",)),
        ("Drop duplicates", ("3 dropped",)),
        ("Range rules", ("none dropped", "9 changed")),
        ("Used", ("97 rows",)),
        ("2 folds", ("train 40 to 41 rows", "validation 8 rows", "test 48 rows")),
    )
    assert diagram.alt == "100 rows were read, 3 dropped and 97 used, in 2 folds."


def test_what_cleaning_did_is_shown_for_every_group_of_a_touched_feature():
    rows = [
        ("drop_duplicates", "Sex", "f", 50, 2, 0),
        ("drop_duplicates", "Sex", "m", 50, 0, 0),
        ("other", "Sex", "f", 9, 0, 0),
    ]

    (table,) = [b for b in blocks(flow=flow(rows)) if isinstance(b, Table) and "Whose rows" in b.caption]

    assert table.data["level"].tolist() == ["f", "m"]
    # The step dropped 3 rows in all, so that 0 beside "<5" would say how many.
    assert table.data["dropped"].tolist() == ["not shown", "not shown"]
    assert table.data["dropped_share"].isna().all()
    assert table.data["changed"].tolist() == ["0", "0"]


def test_a_full_profile_shows_all_its_parts():
    found = blocks(flow=flow(), data_profile=profile())

    headings = [block.text for block in found if isinstance(block, Subheading)]
    assert headings == [
        "Classes", "Sensitive groups", "Columns and missing values", "Duplicates", "Proxies of sensitive features",
        "Shift between training and test rows",
    ]  # fmt: skip
    assert len([block for block in found if isinstance(block, Figure)]) == 3


def test_groups_stand_side_by_side_in_the_table_of_characteristics():
    (table,) = [
        b for b in blocks(data_profile=profile()) if isinstance(b, Table) and b.caption == "Characteristics by Sex"
    ]

    assert [column.label for column in table.columns] == ["Feature", "Category", "f (n = 50)", "m (n = 47)"]
    # The share of all rows is known: one small group of two would follow.
    assert table.data.iloc[1].tolist() == ["make", "Honda", "not shown", "not shown"]


def test_the_outcome_of_a_small_group_stays_hidden():
    (table,) = [
        b for b in blocks(data_profile=profile()) if isinstance(b, Table) and b.caption.startswith("Rows and outcome")
    ]

    assert table.data["positives"].tolist() == ["<5"]
    assert table.data["rate"].isna().all()


def test_the_largest_shift_of_a_column_is_the_one_shown():
    (table,) = [b for b in blocks(data_profile=profile()) if isinstance(b, Table) and "Largest shift" in b.caption]

    assert table.data[["column", "fold"]].to_numpy().tolist() == [["age", 1], ["make", 0]]


def test_what_was_not_looked_at_is_left_out_or_said():
    none = {
        "groups": empty(sensitive=str, level=str, rows=str, share=float), "columns": empty(column=str),
        "missing": empty(column=str), "duplicates": empty(fold=int), "proxies": empty(column=str),
        "shift": empty(fold=int), "shift_overall": empty(fold=int),
    }  # fmt: skip

    found = blocks(data_profile=profile(**none))

    assert [block.text for block in found if isinstance(block, Subheading)] == ["Classes"]
    assert "not looked for" in [block for block in found if isinstance(block, Text)][-1].text


def test_a_table_without_missing_values_says_so():
    found = blocks(data_profile=profile(missing=profile().tables["missing"].iloc[:0]))
    assert "No value is missing in any of these columns." in [b.text for b in found if isinstance(b, Text)]


@pytest.mark.parametrize("kinds", [(), ("flow",), ("data_profile",)])
def test_either_artifact_may_be_absent(kinds):
    made = {"flow": flow(), "data_profile": profile()}
    assert bool(blocks(**{kind: made[kind] for kind in kinds})) == bool(kinds)


def test_columns_that_miss_1_to_4_rows_are_named_in_words_and_not_drawn():
    seen = profile().tables["missing"]
    few = pd.DataFrame(
        {"column": ["DayOfWeekClaimed"], "by": "overall", "level": "all", "rows": "97", "n_missing": "<5",
         "missing_share": [np.nan]}
    )  # fmt: skip

    both = blocks(data_profile=profile(missing=pd.concat([few, seen], ignore_index=True)))
    (figure,) = [b for b in both if isinstance(b, Figure) and b.title == "Missing values by column"]
    alone = blocks(data_profile=profile(missing=few))

    assert figure.data["column"].tolist() == ["age"]
    assert "nan" not in figure.alt
    assert "1 column has missing values in 5 rows or more; most has age (9.0 %)" in figure.alt
    assert "Missing in 1 to 4 rows: DayOfWeekClaimed." in [b.text for b in alone if isinstance(b, Text)]
    assert not [b for b in alone if isinstance(b, Figure) and b.title == "Missing values by column"]


def test_a_count_of_1_to_4_missing_rows_is_hidden_in_the_table_of_columns_too():
    columns = profile().tables["columns"].assign(n_missing=[3, 0], missing_share=[0.03, 0.0])

    found = blocks(data_profile=profile(columns=columns))
    (table,) = [b for b in found if isinstance(b, Table) and b.caption == "Columns given to the pipeline"]

    assert table.data["n_missing"].tolist() == ["<5", "0"]
    assert np.isnan(table.data["missing_share"].iloc[0])


def test_steps_are_named_in_words():
    found = blocks(flow=flow([("drop_duplicates", "Sex", "f", 50, 9, 0)]))

    for caption in ("What reading and cleaning did", "Whose rows cleaning dropped or changed"):
        (table,) = [b for b in found if isinstance(b, Table) and b.caption == caption]
        assert table.data["step"].iloc[0] == "Drop duplicates"


def test_grouped_rows_make_chance_values_and_intervals_of_the_shift_too_narrow():
    def said(**given):
        found = Data().blocks(Run({"data_profile": profile()}, **given))
        return [block.text for block in found if isinstance(block, Text) and "come in groups" in block.text]

    proxies, shift = said(schema={"group": "patient"})

    assert "The intervals below are then too narrow." in proxies
    assert "'PSI by chance' and the intervals of the two-sample AUROC" in shift
    assert "both are too narrow" in shift
    assert said(clean=["drop_duplicates", {"group_near_duplicates": {"similarity": 0.9}}]) == [proxies, shift]
    assert said(clean=["drop_duplicates"]) == []


def test_no_small_count_of_missing_values_follows_from_the_total_of_its_column():
    columns = profile().tables["columns"].assign(n_missing=[282, 0], missing_share=[0.28, 0.0])
    missing = pd.DataFrame(
        [
            ("overall", "all", "1,000", "282", 0.282), ("class", "no", "900", "281", 0.312),
            ("class", "yes", "100", "<5", np.nan), ("Sex", "f", "500", "182", 0.364), ("Sex", "m", "500", "100", 0.2),
        ],
        columns=["by", "level", "rows", "n_missing", "missing_share"],
    ).assign(column="age")  # fmt: skip

    found = blocks(data_profile=profile(columns=columns, missing=missing))
    (table,) = [b for b in found if isinstance(b, Table) and b.caption == "Missing values by class and group"]

    assert table.data["n_missing"].tolist() == ["not shown", "not shown", "182", "100"]
    assert table.data["missing_share"].isna().tolist() == [True, True, False, False]
    assert "281" not in str(table.data)


def test_no_small_class_of_a_fold_follows_from_its_other_part_or_the_other_class():
    rows = [
        (-1, "all", "no", "95", 0.95), (-1, "all", "yes", "5", 0.05),
        (0, "train", "no", "30", 0.5), (0, "train", "yes", "30", 0.5),
        (0, "test", "no", "65", np.nan), (0, "test", "yes", "<5", np.nan),
    ]  # fmt: skip
    classes = pd.DataFrame(rows, columns=["fold", "part", "class", "rows", "share"]).assign(by="overall", level="all")

    found = blocks(data_profile=profile(classes=classes))
    (table,) = [b for b in found if isinstance(b, Table) and b.caption == "Class balance per fold"]

    assert table.data["rows"].tolist() == ["not shown"] * 4
    assert table.data["share"].isna().all()


def test_no_small_group_follows_from_the_number_of_rows_nor_a_small_class_from_its_group():
    groups = pd.DataFrame(
        {"sensitive": "Sex", "level": ["f", "m", "x"], "rows": ["60", "37", "<5"], "share": [0.6, 0.37, np.nan]}
    )
    classes = pd.DataFrame(
        [
            ("overall", "all", "no", "70", 0.7), ("overall", "all", "yes", "30", 0.3),
            ("Sex", "f", "no", "<5", np.nan), ("Sex", "f", "yes", "58", 0.97),
            ("Sex", "m", "no", "20", 0.54), ("Sex", "m", "yes", "17", 0.46),
        ],
        columns=["by", "level", "class", "rows", "share"],
    ).assign(fold=-1, part="all")  # fmt: skip

    found = blocks(data_profile=profile(groups=groups, classes=classes))
    (table,) = [b for b in found if isinstance(b, Table) and b.caption.startswith("Rows and outcome")]

    assert table.data["rows"].tolist() == ["60", "not shown", "not shown"]
    assert table.data["positives"].tolist()[:2] == ["not shown", "not shown"]
    assert table.data[["share", "rate"]].iloc[1].isna().all()


def test_no_small_category_follows_from_the_other_shares_of_its_group():
    rows = [("f", "50", "red", "60.0 %"), ("f", "50", "blue", "38.0 %"), ("f", "50", "green", "<5 rows")]
    rows += [("m", "47", "red", "50.0 %"), ("m", "47", "blue", "30.0 %"), ("m", "47", "green", "20.0 %")]
    told = pd.DataFrame(rows, columns=["level", "group_rows", "category", "shown"]).assign(sensitive="Sex", column="c")

    found = blocks(data_profile=profile(characteristics=told))
    (table,) = [b for b in found if isinstance(b, Table) and b.caption == "Characteristics by Sex"]

    shown = table.data.set_index("category")["group 0"].to_dict()
    assert shown == {"red": "60.0 %", "blue": "not shown", "green": "not shown"}
    assert table.data.set_index("category")["group 1"].to_dict()["green"] == "not shown"


def test_training_rows_that_count_those_set_aside_are_called_so():
    rows = [(-1, "all", "no", "90", 0.9), (0, "train", "no", "45", 0.9), (0, "test", "no", "45", 0.9)]
    classes = pd.DataFrame(rows, columns=["fold", "part", "class", "rows", "share"]).assign(by="overall", level="all")

    def labels(**artifacts):
        found = blocks(data_profile=profile(classes=classes), **artifacts)
        (table,) = [b for b in found if isinstance(b, Table) and b.caption == "Class balance per fold"]
        shift = [b for b in found if isinstance(b, Text) and b.text.startswith("Training rows are here")]
        return table.data["where"].tolist(), len(shift)

    assert labels(flow=flow()) == (["fold 0, train and validation together", "fold 0, test"], 1)
    assert labels() == (["fold 0, train", "fold 0, test"], 0)
