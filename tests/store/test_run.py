import json

import numpy as np
import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Finding, Severity, Status, score_rows
from appliedml.errors import RunError
from appliedml.store import layout
from appliedml.store.run import Run, read_artifact, write_artifact
from appliedml.store.writer import write_json

WHOLE = {"format": layout.FORMAT_NAME, "format_version": 1, "name": "x", "plan": {}, "classes": [], "data": {}}
WHOLE |= {"folds": [], "pipeline": []}


@pytest.mark.parametrize("key", ["name", "plan", "classes", "data", "folds", "format_version"])
def test_a_damaged_run_file_is_one_sentence(tmp_path, key):
    for number, damaged in enumerate(({k: v for k, v in WHOLE.items() if k != key}, WHOLE | {key: 7.5})):
        write_json(tmp_path / str(number) / layout.RUN, damaged)
        with pytest.raises(RunError, match="is damaged|was not written"):
            Run(tmp_path / str(number))


def test_an_artifact_comes_back_as_it_was(tmp_path):
    artifact = Artifact(
        "demo",
        Status.WARNING,
        summary={"n": np.int64(3), "rate": float("nan"), "names": ("a", "b")},
        tables={"by group": pd.DataFrame({"g": ["a", None], "v": [1.5, np.nan]}), "by_group": pd.DataFrame({"x": [1]})},
        arrays={"curve": np.linspace(0, 1, 5), "labels": np.array(["a", "b"])},
        scores=score_rows([("roc_auc", -1, "all", 0.8, 0.7, 0.9, 10)]),
        findings=(Finding(Severity.PROBLEM, "title", "text"),),
    )
    write_artifact(tmp_path / "demo", artifact)
    again = read_artifact(tmp_path / "demo")
    assert again.status is Status.WARNING
    assert again.summary == {"n": 3, "rate": None, "names": ["a", "b"]}
    assert again.tables["by group"]["v"].tolist()[0] == 1.5
    assert again.tables["by_group"]["x"].tolist() == [1]
    np.testing.assert_array_equal(again.arrays["curve"], artifact.arrays["curve"])
    assert again.findings == artifact.findings
    pd.testing.assert_frame_equal(again.scores, artifact.scores)


def test_equal_artifacts_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        artifact = Artifact("demo", tables={"t": pd.DataFrame({"x": [1, 2]})}, arrays={"z": np.eye(2), "a": np.ones(3)})
        write_artifact(tmp_path / name, artifact)
    for path in sorted((tmp_path / "a").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda p: p / "absent", "does not exist"),
        (lambda p: p, "is not a run folder"),
        (lambda p: (p / "file").write_text("x") and p / "file", "is a file"),
        (lambda p: _with(p, "not json"), "cannot be read as JSON"),
        (lambda p: _with(p, "[]"), "was not written by appliedml"),
        (lambda p: _with(p, json.dumps({"format": "other"})), "was not written by appliedml"),
        (lambda p: _with(p, json.dumps({"format": layout.FORMAT_NAME, "format_version": 99})), "Update appliedml"),
        (lambda p: _with(p, "{}", f"r{layout.UNFINISHED}"), "unfinished run"),
    ],
)
def test_a_folder_that_is_not_ours_is_refused(tmp_path, make, sentence):
    with pytest.raises(RunError, match=sentence):
        Run(make(tmp_path))


def _with(folder, text, name="r"):
    run = folder / name
    run.mkdir()
    run.joinpath(layout.RUN).write_text(text)
    return run


def test_a_parent_of_runs_names_the_runs_inside(tmp_path):
    _with(tmp_path, "{}", "20260101_demo")
    with pytest.raises(RunError, match="It holds runs: 20260101_demo"):
        Run(tmp_path)


def test_a_missing_artifact_and_a_missing_file_are_named(tmp_path):
    folder = tmp_path / "r"
    write_json(folder / layout.RUN, WHOLE)
    with pytest.raises(RunError, match="no artifact 'fairness'. It has: none"):
        Run(folder)["fairness"]
    with pytest.raises(RunError, match=r"scores.parquet is missing"):
        _ = Run(folder).scores


@pytest.mark.parametrize(
    "values",
    [
        pd.period_range("2020", periods=3, freq="Y"),
        pd.interval_range(0, 3),
        pd.Categorical(["a", "b", None]),
        pd.array([1, None, 2], dtype="Int64"),
        pd.array([True, None, False], dtype="boolean"),
        pd.to_datetime(["2020-01-01", "2021-01-01", None], utc=True),
        ["x", None, "y"],
        [None, None, None],
    ],
)
def test_tables_come_back_as_pandas_itself_reads_them(tmp_path, values):
    write_json(tmp_path / layout.RUN, WHOLE)
    pd.DataFrame({"values": values, "n": [1, 2, 3]}).to_parquet(tmp_path / layout.ROWS)

    pd.testing.assert_frame_equal(Run(tmp_path).rows, pd.read_parquet(tmp_path / layout.ROWS))


def test_a_damaged_table_is_named(tmp_path):
    write_json(tmp_path / layout.RUN, WHOLE)
    (tmp_path / layout.ROWS).write_bytes(b"PAR1 and nothing else")

    with pytest.raises(RunError, match=r"rows.parquet cannot be read"):
        _ = Run(tmp_path).rows
