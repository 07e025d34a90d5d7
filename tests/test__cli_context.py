from __future__ import annotations

import pytest
from typer.testing import CliRunner

from appliedml.cli import app, guarded
from appliedml.errors import PlanError


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in ("context", *arguments)])


PLAN = "version: 1\nname: p\ndata: {table: x.csv}\nschema: {target: y}\npipeline: [logistic_regression]\n"


def test_init_writes_beside_a_plan_and_says_what_to_add_to_it(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)

    first, again = call("init", plan), call("init", plan)

    assert first.exit_code == again.exit_code == 0
    assert (tmp_path / "context.yaml").is_file()
    assert f"Add this line to {plan}:  context: context.yaml" in first.output
    assert "nothing was changed" in again.output


def test_init_uses_the_file_that_the_plan_names_and_adds_what_it_lacks(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(f"{PLAN}context: mine.yaml\n")
    (tmp_path / "mine.yaml").write_text("owner: Claims\n")

    done = call("init", plan, "--standards", "nyc_ll144, model_card")

    assert "added at the end" in done.output
    assert "Add this line" not in done.output
    assert (tmp_path / "mine.yaml").read_text().startswith("owner: Claims\n")


def test_init_takes_a_folder_or_a_file_to_write(tmp_path):
    assert call("init", tmp_path).exit_code == 0
    assert call("init", tmp_path, "--out", tmp_path / "b.yaml").exit_code == 0
    assert (tmp_path / "context.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()


def test_a_missing_plan_and_an_unknown_standard_are_errors_with_a_hint(tmp_path, capsys):
    for arguments, words in (
        (["init", tmp_path / "no.yaml"], "does not exist"),
        (["init", tmp_path, "--standards", "tripod"], "Did you mean 'tripod_ai'"),
    ):
        result = call(*arguments)
        assert isinstance(result.exception, PlanError)

        def again(error=result.exception):
            raise error

        assert guarded(again, False) == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("standards: []\n", 0, "0 of 0 questions answered, 0 open."),
        ("standards: [nyc_ll144]\nstated_by: A\nauditor: B\n", 1, "1 of 5 questions answered, 4 open."),
        ("standards: [nyc_ll144]\nauditr: B\n", 2, "1 problem"),
    ],
)
def test_check_counts_and_its_exit_code_says_the_state(tmp_path, text, code, words):
    path = tmp_path / "context.yaml"
    path.write_text(text)

    done = call("check", path)

    assert done.exit_code == code
    assert words in done.output


def test_checking_a_plan_names_open_questions_and_refuses_what_is_wrong(tmp_path):
    from types import SimpleNamespace

    from appliedml._cli_context import check_context_of

    def plan(text):
        (tmp_path / "c.yaml").write_text(text)
        return SimpleNamespace(context="c.yaml", folder=tmp_path)

    assert "appliedml context init" in check_context_of(SimpleNamespace(context=None, folder=tmp_path))
    assert "0 of 5 questions answered, 5 open" in check_context_of(plan("standards: [nyc_ll144]\n"))
    assert check_context_of(plan("standards: []\n")) == "context: 0 of 0 questions answered."
    with pytest.raises(PlanError, match="Did you mean 'owner'"):
        check_context_of(plan("ownr: x\n"))


def test_questions_that_are_not_in_the_file_are_counted_with_how_to_add_them(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("standards: [nyc_ll144]\nstated_by: A\nauditor: B\naudit_date:\n")

    told = call("check", path).output
    call("init", "--out", path)
    again = call("check", path).output

    assert f"Not in the file: 3 questions. Add them with: appliedml context init --out {path}\n" in told
    assert told.count("\n") == 4
    assert "1 of 5 questions answered, 4 open." in told
    assert "Not in the file" not in again
    assert "1 of 5 questions answered, 4 open." in again
