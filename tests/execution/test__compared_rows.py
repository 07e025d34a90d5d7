import numpy as np
import pandas as pd
import pytest

from appliedml.core.schema import Sensitive
from appliedml.errors import RunError
from appliedml.execution._compared_rows import _column, _levels, match


def test_the_same_rows_are_paired_whatever_their_order(two_runs, tmp_path):
    a, b = (two_runs.made_run(tmp_path / name, grouped=True) for name in "ab")
    b.__dict__["predictions"] = b.predictions.sample(frac=1, random_state=0)
    found = match(a, b, False)
    assert found.paired and found.same_rows
    assert (found.a.y == found.b.y).all()
    np.testing.assert_array_equal(found.a.p, found.b.p)
    assert found.features[0].levels == ("f", "m")
    assert found.a.cluster is not None


def test_other_columns_on_the_same_named_rows_are_no_other_rows(two_runs, tmp_path):
    a, b = two_runs.made_run(tmp_path / "a"), two_runs.made_run(tmp_path / "b", fingerprint="more columns")
    assert match(a, b, False).same_rows


def test_rows_that_only_one_run_tested_are_refused_unless_told(two_runs, tmp_path):
    a, b = two_runs.made_run(tmp_path / "a"), two_runs.made_run(tmp_path / "b")
    b.__dict__["predictions"] = b.predictions.head(200)
    with pytest.raises(RunError, match="not on the same rows .600 and 200 tested, 200 in common.*give --other-rows"):
        match(a, b, False)
    found = match(a, b, True)
    assert found.paired and not found.same_rows
    assert found.b.n == 200
    assert found.notes[0][1] == "400 rows of A and 0 of B are left out of every figure."


def test_numbered_rows_of_other_data_are_never_paired(two_runs, tmp_path):
    a = two_runs.made_run(tmp_path / "a", row_id=None)
    b = two_runs.made_run(tmp_path / "b", row_id=None, fingerprint="other")
    with pytest.raises(RunError, match="no column names them"):
        match(a, b, False)
    assert not match(a, b, True).paired


def test_no_row_in_common_is_compared_apart(two_runs, tmp_path):
    a = two_runs.made_run(tmp_path / "a")
    b = two_runs.made_run(tmp_path / "b", n=300, ids=[f"x{i}" for i in range(300)])
    found = match(a, b, True)
    assert not found.paired
    assert (found.a.n, found.b.n) == (600, 300)
    assert [len(codes) for side in (found.a, found.b) for codes in side.codes] == [600, 300]


def test_other_labels_targets_and_classes_are_refused(two_runs, tmp_path):
    a, b = two_runs.made_run(tmp_path / "a"), two_runs.made_run(tmp_path / "b")
    turned = b.predictions.copy()
    turned["y_true"] = turned["y_true"].map({"0": "1", "1": "0"})
    b.__dict__["predictions"] = turned
    with pytest.raises(RunError, match="600 of 600 rows with the same id have another label"):
        match(a, b, True)
    with pytest.raises(RunError, match="different targets, 'sick' and 'dead'"):
        match(a, two_runs.made_run(tmp_path / "c", target="dead"), True)
    with pytest.raises(RunError, match="different classes"):
        match(a, two_runs.made_run(tmp_path / "d", classes=("1", "0")), True)


def test_features_that_only_one_run_knows_or_bands_differently_are_left_out(two_runs, tmp_path):
    a, b, c = (two_runs.made_run(tmp_path / name) for name in "abc")
    b.info["schema"]["sensitive"] = []
    found = match(a, b, False)
    assert found.features == ()
    assert ("Groups by sex", "Only run A names this feature.") in found.notes
    c.info["schema"]["sensitive"] = [{"sex": {"column": "sex", "edges": [1]}}]
    assert ("Groups by sex", "The two runs read or band this feature differently.") in match(a, c, False).notes


def test_damaged_predictions_are_said(two_runs, tmp_path):
    a, b = (two_runs.made_run(tmp_path / name) for name in "ab")
    b.__dict__["predictions"] = b.predictions.drop(columns="p_1")
    with pytest.raises(RunError, match="no column 'p_1'"):
        match(a, b, False)


def test_whole_numbers_stored_with_a_point_are_the_levels_of_the_audit(two_runs, tmp_path):
    a, b = (two_runs.made_run(tmp_path / name, levels=("0.0", "1.0")) for name in "ab")
    assert match(a, b, False).features[0].levels == ("0", "1")


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        (["1.0", "x.0", None, "2", "1.0", "-3.0"], ()),
        ([True, None, 2.5, "f"], ()),
        ([39.5, np.nan, 25.0, 60.0, 25.0], (25, 40)),
        ([3, 1, 3], ()),
    ],
)
def test_levels_read_once_are_those_of_every_row(values, edges):
    column = _column(pd.DataFrame({"sensitive.x": values}, index=range(5, 5 + len(values))), "x")
    feature = Sensitive("x", "x", edges)

    assert _levels(feature, column).tolist() == feature.levels(column).tolist()


def test_a_point_is_taken_off_whole_numbers_alone():
    found = _column(pd.DataFrame({"sensitive.x": ["1.0", "x.0", None, "-3.0", "1.5"]}), "x")

    assert found.tolist()[:2] == ["1", "x.0"]
    assert found.isna().tolist() == [False, False, True, False, False]
    assert found.tolist()[3:] == ["-3", "1.5"]
