"""Table: what is read, and the one sentence said when it cannot be."""

import gzip

import numpy as np
import pandas as pd
import pytest

from appliedml.core.registry import build, entry_of
from appliedml.core.schema import Schema
from appliedml.errors import DataError, ParameterError
from appliedml.sources.table import Table, read_frame, read_table

GOOD = "y,a,b\n0,1,x\n1,2,\n0,3,z\n"


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def write(content, name="claims.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_csv_becomes_numbers_and_text_with_missing_values(write):
    frame = read_frame(write(GOOD))

    assert frame.dtypes.astype(str).to_dict() == {"y": "int64", "a": "int64", "b": "str"}
    assert frame["b"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(write, separator):
    frame = read_frame(write(f"y{separator}a\n0{separator}1.5\n"))

    assert frame.columns.tolist() == ["y", "a"]


def test_gzip_byte_order_mark_and_parquet_give_the_same_table(write, tmp_path):
    plain = read_frame(write(GOOD))
    plain.to_parquet(tmp_path / "claims.parquet")

    for path in (
        write(gzip.compress(GOOD.encode()), "claims.csv.gz"),
        write(GOOD.encode("utf-8-sig"), "mark.csv"),
        tmp_path / "claims.parquet",
    ):
        pd.testing.assert_frame_equal(read_frame(path), plain)


def test_a_relative_path_is_looked_for_beside_the_plan_first(write, tmp_path, monkeypatch):
    write(GOOD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "claims.csv").write_text("y,a\n0,9\n1,9\n")
    monkeypatch.chdir(elsewhere)
    source, schema = Table("claims.csv"), Schema("y")

    assert source.read(schema, folder=tmp_path).X["a"].tolist() == [1, 2, 3]
    assert source.read(schema).X["a"].tolist() == [9, 9]
    assert source.read(schema, folder=tmp_path / "no_such").X["a"].tolist() == [9, 9]


def test_text_columns_and_markers_are_kept_as_declared(write):
    path = write("y,code,kind,none\n0,007,?,none\n1,NA,b,None\n")

    frame = read_frame(path, text_columns=["code"], missing_markers=["?"])

    assert frame["code"].tolist() == ["007", "NA"]
    assert frame["kind"].isna().tolist() == [True, False]
    assert frame["none"].tolist() == ["none", "None"]


def test_truth_values_with_gaps_become_numbers(write):
    assert read_frame(write("y,a\n0,True\n1,\n"))["a"].tolist()[0] == 1.0


def test_the_short_form_and_the_plan_entry_are_the_same_source(write):
    source = Table.from_short("claims.csv")

    assert entry_of(source) == {"table": {"path": "claims.csv"}}
    assert build("sources", entry_of(source)).get_params() == source.get_params()


def test_rows_without_a_target_are_kept_for_cleaning(write):
    assert len(read_table(write("y,a\n0,1\n,2\n1,3\n"), Schema("y"))) == 3


def test_infinite_values_are_refused_unless_declared_missing(write):
    path = write("y,a\n0,1\n1,inf\n0,-inf\n")

    with pytest.raises(DataError, match=r"'a' \(2, first in row 2\)"):
        read_table(path, Schema("y"))
    assert np.isnan(read_table(path, Schema("y"), infinite="missing").X["a"]).sum() == 2


def test_time_is_parsed_and_numbers_stay_numbers(write):
    path = write("y,a,t,n\n0,1,31/12/2020,5\n1,2,01/02/2021,6\n")

    read = read_table(path, Schema("y", time="t"), time_format="%d/%m/%Y")

    assert read.time.tolist() == [pd.Timestamp("2020-12-31"), pd.Timestamp("2021-02-01")]
    assert read_table(path, Schema("y", time="n")).time.tolist() == [5, 6]
    with pytest.raises(DataError, match=r"first bad value is '31/12/2020' in row 1 \(2 such rows\)"):
        read_table(path, Schema("y", time="t"))


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("", {}, r"is empty"),
        ("\n  \n", {}, r"is empty"),
        ("y,a\n", {}, r"has a header \(2 columns\) but no rows"),
        ("y;a\n0;1\n", {"separator": ","}, r"first line contains ';'. Use separator=';'"),
        ("y,a\n0,Zürich\n".encode("latin-1"), {}, r"line 2 has a byte .* would read it: 'cp1252', 'latin-1'"),
        ("y,a\n0,Zürich\n".encode("utf-16"), {}, r"would read it: 'utf-16'"),
        ("y,a\n0,x\n".encode("utf-16-le"), {}, r"zero bytes"),
        ("y,a\n0,1\n", {"encoding": "utf9"}, r"'utf9' is not an encoding"),
        ("y,a,a\n0,1,2\n", {}, r"must be unique. More than once: 'a'"),
        (",y,a\n0,1,2\n", {}, r"Without one: column 1 of 3"),
        ("y,a\n0,1,2\n1,2,3\n", {}, r"header, 2. Line 2 has 3 \(2 such lines\)"),
        ("y,a,b\n0,1,x\n1,2\n", {}, r"header, 3. Line 3 has 2"),
        ("y,a,b\n0,1,x\n1,2,y,z\n", {}, r"header, 3. Line 3 has 4"),
        ('y,a\n0,"open\n1,2\n', {}, r"EOF inside string starting at row 1. Check its quotes"),
        ("y,a\n0,1\n", {"text_columns": ["b"]}, r"text_columns names 'b'"),
        (b"PK\x03\x04rest", {}, r"Excel or ZIP file"),
        (b"PAR1rest", {}, r"not a readable Parquet file"),
        (b"\x1f\x8brest", {}, r"damaged gzip file"),
        ("z,a\n0,1\n1,2\n", {}, r"target column 'y' is not in the table"),
        ("y,a\n0,1\n0,2\n", {}, r"at least two classes. All 2 labelled rows are of class '0'"),
        ("y,a\n,1\nNA,2\n", {}, r"missing in all 2 rows"),
    ],
)
def test_bad_input_gets_one_sentence(write, content, options, sentence):
    path = write(content)

    with pytest.raises(DataError, match=sentence) as caught:
        read_table(path, Schema("y"), **options)

    assert "\n" not in str(caught.value)


def test_a_missing_file_names_similar_ones_and_a_folder_names_its_files(write, tmp_path):
    write(GOOD)

    with pytest.raises(DataError, match=r"does not exist. Similar files in its folder: 'claims.csv'"):
        read_frame(tmp_path / "clams.csv")
    with pytest.raises(DataError, match=r"is a folder. .* holds 'claims.csv'. Name one file"):
        read_frame(tmp_path)
    with pytest.raises(DataError, match=r"Nor does its folder"):
        read_frame(tmp_path / "no" / "claims.csv")


def test_a_truncated_parquet_file_is_refused(write, tmp_path):
    pd.DataFrame({"y": range(5000)}).to_parquet(tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()

    with pytest.raises(DataError, match="not a readable Parquet file"):
        read_frame(write(content[: len(content) // 2], "half.parquet"))


def test_a_time_from_week_and_day_is_refused_before_anything_runs():
    both = {"name": "t", "year": "a", "month": "b", "week_of_month": "c", "day": "d"}

    assert "Leave one out" in Table.problems_in({"path": "x.csv", "derive_time": both}, "data")[0].what
    assert Table.problems_in({"path": "x.csv"}, "data") == []


def test_parameters_are_checked_when_the_file_is_read(write):
    with pytest.raises(ParameterError, match="separator must be one of"):
        Table(str(write(GOOD)), separator="::").frame()


def test_the_real_claims_are_read_with_their_time(shared_data):
    claims = Table(
        str(shared_data / "vehicle_claims" / "claims.csv"),
        derive_time={"name": "week", "year": "Year", "month": "Month", "week_of_month": "WeekOfMonth"},
    )
    age = {"age_band": {"column": "Age", "edges": [25, 35, 45, 60]}}

    read = claims.read(Schema("FraudFound_P", sensitive=["Sex", "MaritalStatus", age], time="week"))

    assert len(read) == 15_420
    assert read.y.sum() == 923
    assert read.time.min() == pd.Timestamp("1994-01-01")
    assert read.time.max() == pd.Timestamp("1996-12-29")
    assert read.sensitive["Sex"].unique().tolist() == ["Female", "Male"]
    assert not {"Sex", "Age", "week", "FraudFound_P"} & set(read.X.columns)
