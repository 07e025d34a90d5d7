import numpy as np
import pandas as pd
import pytest
from PIL import Image

from appliedml.errors import DataError
from appliedml.execution.plan import Plan
from appliedml.execution.plan_problems import PLAN_KEYS, column_problems, plan_problems, source_entry

SOME = np.zeros((6, 8, 8), dtype=np.uint8)
GOOD = {"version": 1, "name": "x", "pipeline": ["logistic_regression"]}


def test_a_good_plan_has_no_problem():
    assert plan_problems(GOOD) == []


def test_nothing_at_all_is_one_problem():
    (problem,) = plan_problems(None)
    assert "It holds nothing" in problem.what


def test_every_key_is_named_in_the_answer_to_an_unknown_one():
    (problem,) = plan_problems(GOOD | {"zzz": 1})
    assert all(key in problem.what for key in PLAN_KEYS)


def test_problems_of_several_places_come_together():
    data = GOOD | {
        "seed": -1,
        "split": "kfolds",
        "audits": ["fairnes"],
        "schema": {"targt": "y"},
        "data": {"tabel": "a"},
    }
    assert {problem.where.split(".")[0] for problem in plan_problems(data)} == {
        "plan",
        "split",
        "audits[0]",
        "schema",
        "data",
    }


def test_the_short_form_of_a_source_is_its_path():
    assert source_entry({"table": {"path": "a"}}) == source_entry({"table": "a"})
    assert source_entry("simulate_transactions") == "simulate_transactions"


def test_columns_are_checked_against_the_files_header(tmp_path):
    (tmp_path / "a.csv").write_text("target,sex,x\n1,f,2\n0,m,3\n")
    plan = Plan.from_dict(
        GOOD | {"data": {"table": "a.csv"}, "schema": {"target": "target", "sensitive": ["sexx"], "ignore": ["q"]}},
        tmp_path,
    )
    first, second = column_problems(plan)
    assert "sensitive column 'sexx' is not in the data. Columns close to it: 'sex'" in first.what
    assert "'q'" in second.what


def films(folder, names):
    """A folder with a table of films; those that can be are written as pictures."""
    (folder / "films").mkdir()
    for name in names:
        if ".." not in name:
            Image.fromarray(SOME[0]).save(folder / "films" / name)
    pd.DataFrame({"image": names, "ill": np.arange(len(names)) % 2}).to_csv(folder / "films.csv", index=False)


def missing_npz(folder):
    return {"data": {"keras_npz": "a.npz"}}


def broken_npz(folder):
    (folder / "a.npz").write_bytes(b"PK but nothing else")
    return {"data": {"keras_npz": "a.npz"}}


def npz_with_one_class(folder):
    np.savez(folder / "a.npz", x_train=SOME, y_train=[1] * 6, x_test=SOME, y_test=[1] * 6)
    return {"data": {"keras_npz": "a.npz"}}


def texts_that_are_the_target(folder):
    (folder / "a.csv").write_text("text,y\ngood,1\nbad,0\n")
    return {"data": {"text_table": "a.csv"}, "schema": {"target": "text"}}


def texts_that_are_numbers(folder):
    (folder / "a.csv").write_text("text,y\n1,1\n2,0\n")
    return {"data": {"text_table": "a.csv"}, "schema": {"target": "y"}}


def texts_that_are_numbers_in_parquet(folder):
    pd.DataFrame({"text": ["1", "2.5"], "y": [0, 1]}).to_parquet(folder / "a.parquet")
    return {"data": {"text_table": "a.parquet"}, "schema": {"target": "y"}}


def excel_for_texts(folder):
    (folder / "a.csv").write_bytes(b"PK\x03\x04 and more")
    return {"data": {"text_table": "a.csv"}, "schema": {"target": "y"}}


def table_of_one_class(folder):
    (folder / "a.csv").write_text("x,y\n1,1\n2,1\n")
    return {"data": {"table": "a.csv"}, "schema": {"target": "y"}}


def broken_parquet(folder):
    (folder / "a.parquet").write_bytes(b"PAR1 but nothing else")
    return {"data": {"table": "a.parquet"}, "schema": {"target": "y"}}


def film_outside_of_the_folder(folder):
    films(folder, ["a.png", "../secret.png"])
    return {"data": {"image_folder": {"path": "films", "metadata": "films.csv"}}, "schema": {"target": "ill"}}


def film_that_is_not_there(folder):
    films(folder, [f"{row}.png" for row in range(50)])
    (folder / "films" / "7.png").unlink()
    return {"data": {"image_folder": {"path": "films", "metadata": "films.csv"}}, "schema": {"target": "ill"}}


def folders_of_classes_without_a_file(folder):
    (folder / "films" / "ill").mkdir(parents=True)
    return {"data": {"image_folder": {"path": "films", "labels": "folder"}}}


@pytest.mark.parametrize(
    "case",
    [missing_npz, broken_npz, npz_with_one_class, texts_that_are_the_target, texts_that_are_numbers,
     texts_that_are_numbers_in_parquet, excel_for_texts, table_of_one_class, broken_parquet,
     film_outside_of_the_folder, film_that_is_not_there, folders_of_classes_without_a_file],
    ids=lambda case: case.__name__,
)  # fmt: skip
def test_what_reading_would_refuse_is_refused_beforehand_in_the_same_words(tmp_path, case):
    plan = Plan.from_dict(GOOD | case(tmp_path), tmp_path)
    schema = plan.schema or plan.data.default_schema
    with pytest.raises(DataError) as refused:
        plan.data.read(schema, tmp_path)

    (problem,) = column_problems(plan)

    assert (problem.where, problem.what) == ("data", str(refused.value))


def test_data_that_can_be_read_have_no_problem_and_no_picture_is_decoded(tmp_path, monkeypatch):
    from appliedml.core.images import Images

    monkeypatch.setattr(Images, "pixels", None)
    films(tmp_path, ["a.png", "b.png"])
    np.savez(tmp_path / "a.npz", x_train=SOME, y_train=[0, 1] * 3, x_test=SOME, y_test=[0, 1] * 3)
    pd.DataFrame({"text": ["1"] * 1500 + ["good"], "y": 1}).to_parquet(tmp_path / "late.parquet")
    (tmp_path / "a.csv").write_text("text,y\ngood,1\nbad,0\n")
    for facts in (
        {"data": {"image_folder": {"path": "films", "metadata": "films.csv"}}, "schema": {"target": "ill"}},
        {"data": {"keras_npz": "a.npz"}},
        {"data": {"text_table": "late.parquet"}, "schema": {"target": "y"}},
        {"data": {"text_table": "a.csv"}, "schema": {"target": "y"}},
        {"data": {"table": "a.csv"}, "schema": {"target": "y"}},
    ):
        assert column_problems(Plan.from_dict(GOOD | facts, tmp_path)) == []


def test_columns_that_are_absent_are_named_rather_than_what_the_others_hold(tmp_path):
    facts = table_of_one_class(tmp_path) | {"schema": {"target": "z", "sensitive": ["y"]}}

    (problem,) = column_problems(Plan.from_dict(GOOD | facts, tmp_path))

    assert (problem.where, "'z'" in problem.what) == ("schema", True)
