"""Text that means something else."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.errors import DataError, ParameterError, StageError
from appliedml.stages.clean.repair_types import RepairTypes


def repaired(stage, values):
    """One column through a stage."""
    return stage.clean(Samples(pd.DataFrame({"a": values}))).X["a"]


def test_text_is_trimmed_and_markers_become_missing_in_every_text_column():
    stage = RepairTypes()

    values = repaired(stage, [" F ", "m", "?", "N/A", "-", "", "none"])

    assert values.fillna("*").tolist() == ["F", "m", "*", "*", "*", "*", "none"]
    assert values.dtype == "str"
    assert stage.notes_ == ["a: 4 rows with a missing marker set to missing.", "a: spaces cut in 1 row."]


def test_yes_and_no_stay_levels_unless_declared():
    assert repaired(RepairTypes(), ["yes", "no"]).tolist() == ["yes", "no"]
    declared = repaired(RepairTypes(columns={"a": "boolean"}), ["Yes", "no", "TRUE", "0", None])
    assert declared.fillna(-1).tolist() == [1.0, 0.0, 1.0, 0.0, -1.0]


def test_declared_numbers_are_read_and_the_unreadable_counted():
    stage = RepairTypes(columns={"a": "number"})

    values = repaired(stage, ["$1,234.00", "12 %", "?", "many"])

    assert values.fillna(-1).tolist() == [1234.0, 0.12, -1.0, -1.0]
    assert stage.notes_[-1] == "a: 1 row unreadable as number set to missing, such as 'many' in row 4."
    assert stage.changed_rows_.tolist() == [False, False, True, True]


def test_the_unreadable_can_be_refused():
    with pytest.raises(DataError, match=r"must hold numbers. 2 values are none, such as 'x' in row 2"):
        repaired(RepairTypes(columns={"a": "number"}, unreadable="refuse"), ["1", "x", "y"])


def test_a_decimal_comma_is_declared():
    assert repaired(RepairTypes(columns={"a": "number"}, decimal=","), ["1.234,5", "0,5"]).tolist() == [1234.5, 0.5]


def test_dates_are_iso_or_in_a_declared_format_never_guessed():
    iso = repaired(RepairTypes(columns={"a": "date"}), ["2024-03-31", "2024-03-31T12:00+02:00", "31.3.2024"])
    assert iso.tolist()[:2] == [pd.Timestamp("2024-03-31"), pd.Timestamp("2024-03-31T10:00")]
    assert pd.isna(iso[2])
    stage = RepairTypes(columns={"a": "date"}, date_formats={"a": "%d/%m/%Y"})
    assert repaired(stage, ["04/03/2024"])[0] == pd.Timestamp("2024-03-04")
    zoned = pd.Series(pd.to_datetime(["2024-01-01T01:00"]).tz_localize("Europe/Berlin"))
    assert repaired(RepairTypes(columns={"a": "date"}), zoned)[0] == pd.Timestamp("2024-01-01")


def test_codes_become_text():
    assert repaired(RepairTypes(columns={"a": "text"}), [7.0, np.nan, 8.5]).fillna("*").tolist() == ["7", "*", "8.5"]


def test_numbers_declared_as_numbers_stay():
    assert repaired(RepairTypes(columns={"a": "number"}), [1, 2]).dtype == np.int64


def test_own_markers_replace_the_usual_ones_and_trimming_can_be_left_out():
    stage = RepairTypes(missing_markers=["UNKNOWN"], trim=False)

    assert repaired(stage, [" x ", "?", "unknown "]).fillna("*").tolist() == [" x ", "?", "*"]


def test_sensitive_columns_are_repaired_where_the_audits_read_them():
    table = pd.DataFrame({"y": [0, 1, 1], "age": ["20", " 50 ", "?"], "b": [1, 2, 3]})
    schema = Schema("y", [{"band": {"column": "age", "edges": [40]}}])

    samples = RepairTypes(columns={"age": "number"}).clean(make_samples(table, schema))

    assert samples.sensitive["band"].tolist() == ["under 40", "40 and over", "unknown"]
    assert samples.meta["sensitive.age"].tolist()[:2] == [20.0, 50.0]


def test_an_ordered_category_keeps_its_order():
    kind = pd.CategoricalDtype(["low ", "?", "high"], ordered=True)

    values = repaired(RepairTypes(), pd.Series(["low ", "?", "high"], dtype=kind))

    assert values.cat.categories.tolist() == ["low", "high"]
    assert values.cat.ordered
    assert values.isna().tolist() == [False, True, False]


def test_wrong_declarations_are_refused():
    with pytest.raises(StageError, match="Columns close to it|Its columns"):
        repaired(RepairTypes(columns={"b": "number"}), ["1"])
    with pytest.raises(ParameterError, match="date_formats names 'a'"):
        repaired(RepairTypes(columns={"a": "number"}, date_formats={"a": "%Y"}), ["1"])
    with pytest.raises(ParameterError, match="'%Q' is not a strptime format"):
        repaired(RepairTypes(columns={"a": "date"}, date_formats={"a": "%Q"}), ["1"])
    with pytest.raises(ParameterError, match="RepairTypes: columns must be"):
        repaired(RepairTypes(columns={"a": "amount"}), ["1"])
