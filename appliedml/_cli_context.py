"""``appliedml context init | check``: the questions that only people can answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from appliedml._terminal import say

if TYPE_CHECKING:
    from appliedml.errors import Problem
    from appliedml.execution.plan import Plan

CONTEXT_FILE = "context.yaml"

context = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What no machine can know: write the questions of the standards, check the answers.",
)

Verbose = Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")]


@context.command()
def init(
    where: Annotated[
        Path, typer.Argument(metavar="[PLAN or FOLDER]", help="A plan in YAML, whose file is used, or a folder.")
    ] = Path(),
    standards: Annotated[
        str | None, typer.Option("--standards", help="Names, with commas: tripod_ai,sr_26_2. Default: all.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The file. Default: the plan's, or context.yaml.")] = None,
    verbose: Verbose = False,
) -> None:
    """Write the questions that a person must answer; add those that an existing file lacks.

    Example:  appliedml context init pipelines/fraud.yaml --standards sr_26_2,model_card
    """
    from appliedml.report.questions import write_form

    names = [name.strip() for name in (standards or "").split(",") if name.strip()]
    path, named = _file_of(where)
    path = path if out is None else out
    was_there = path.exists()
    added = write_form(path, names or None)
    if not added:
        say(f"{path}: every question is in it; nothing was changed.")
    elif was_there:
        say(f"{path}: {_count(len(added))} added at the end; what was in it is as it was.")
    else:
        say(f"{path}: {_count(len(added))} written. Answer them, then: appliedml context check {path}")
    if not named and out is None and where.is_file():
        say(f"Add this line to {where}:  context: {path.name}")


@context.command()
def check(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A context.yaml.")] = Path(CONTEXT_FILE),
    verbose: Verbose = False,
) -> None:
    """Check the answers. Exit code 0 all answered, 1 questions are open, 2 something is wrong.

    Example:  appliedml context check pipelines/fraud_context.yaml
    """
    from datetime import date

    from appliedml.report.context_check import check_file

    state = check_file(path, date.today())
    _list("Wrong:", state.wrong)
    _list("Open:", state.open)
    if state.absent:
        say(f"Not in the file: {_count(len(state.absent))}. Add them with: appliedml context init --out {path}")
    wrong = f"; {_count(len(state.wrong), 'problem')}" if state.wrong else ""
    say(f"{path}: {state.n_answered} of {state.n_asked} questions answered, {state.n_open} open{wrong}.")
    raise typer.Exit(state.exit_code)


def check_context_of(plan: Plan) -> str:
    """Check the context file of a plan: what is wrong is raised, what is open is returned.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    str
        One line: how many questions are answered, or how to begin.

    Raises
    ------
    PlanError
        If the file cannot be read or something in it is wrong.
    """
    from datetime import date

    from appliedml.errors import PlanError
    from appliedml.report.context_check import check_file

    if plan.context is None:
        return "context: none. Write the questions that only people can answer with: appliedml context init"
    path = (plan.folder or Path()) / plan.context
    state = check_file(path, date.today())
    if state.wrong:
        raise PlanError(list(state.wrong), str(path))
    line = f"context: {state.n_answered} of {state.n_asked} questions answered"
    return f"{line}, {state.n_open} open: appliedml context check {path}" if state.n_open else f"{line}."


def _file_of(where: Path) -> tuple[Path, bool]:
    """The context file of a plan or folder, and whether the plan names it."""
    if where.is_dir():
        return where / CONTEXT_FILE, False
    from appliedml.execution.plan import read_plan_file

    plan: Any = read_plan_file(where)
    named = plan.get("context") if isinstance(plan, dict) else None
    return where.parent / (named if isinstance(named, str) and named else CONTEXT_FILE), bool(named)


def _count(n: int, word: str = "question") -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _list(title: str, problems: tuple[Problem, ...]) -> None:
    if problems:
        width = max(len(problem.where) for problem in problems)
        say(title)
        for problem in problems:
            say(f"  {problem.where:<{width}}  {problem.what}")
