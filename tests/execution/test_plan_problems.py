from appliedml.execution.plan import Plan
from appliedml.execution.plan_problems import PLAN_KEYS, column_problems, plan_problems, source_entry

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
