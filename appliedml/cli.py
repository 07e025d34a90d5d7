"""The command line: check, run, report, gate, compare, verify, sign, index, list, weights and context.

Only typer is imported at the top; every command imports what it needs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from appliedml._cli_compare import compare
from appliedml._cli_context import check_context_of, context
from appliedml._cli_gate import gate, gate_lines, judge_and_keep
from appliedml._cli_signing import index, sign, verify
from appliedml._cli_weights import weights
from appliedml._terminal import one_line, say
from appliedml._terminal_warnings import warn_of_changes

if TYPE_CHECKING:
    from appliedml.execution.plan import Plan
    from appliedml.store.run import Run

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="appliedml",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Keras pipelines that hand their reviewer the evidence.\n\n"
    "Example:  appliedml run pipelines/fraud.yaml --out reports/",
)

app.add_typer(weights, name="weights")
app.add_typer(context, name="context")

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan in YAML.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, such as reports/<run>.")]
DataFile = Annotated[
    Path | None,
    typer.Option("--data", help="Other data: a table (CSV, Parquet ...), a folder or .npz of images."),
]
Metadata = Annotated[Path | None, typer.Option("--metadata", help="Table that describes the images of --data FOLDER.")]
TextColumn = Annotated[str | None, typer.Option("--text", help="Column of --data FILE that holds the texts.")]
Target = Annotated[str | None, typer.Option("--target", help="Column of --data to predict, if not the plan's.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder in which the run's folder is made.")]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Processes for the folds; 1 shares compiled programs.")]
Split = Annotated[
    str | None, typer.Option("--split", help="Another split, by name: kfold, group_kfold, time_kfold ...")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")]


@app.command()
def check(
    plan: PlanFile,
    data: DataFile = None,
    metadata: Metadata = None,
    text: TextColumn = None,
    target: Target = None,
    split: Split = None,
    verbose: Verbose = False,
) -> None:
    """Find all problems of a plan at once. Nothing is fitted.

    Example:  appliedml check pipelines/fraud.yaml
    """
    loaded = _changed(_plan(plan), data, metadata, text, target, split)
    stated = _check_files(loaded)
    say(f"{plan}: no problems. {_plan_line(loaded)}")
    say(stated)


@app.command()
def run(
    plan: PlanFile,
    data: DataFile = None,
    metadata: Metadata = None,
    text: TextColumn = None,
    target: Target = None,
    out: OutFolder = Path("reports"),
    split: Split = None,
    workers: Workers = 1,
    verbose: Verbose = False,
) -> None:
    """Run a plan, judge it, write its report.

    The exit code is 0 when the run is finished, whatever the verdict; ask `appliedml gate` for an exit code by verdict.

    Example:  appliedml run pipelines/fraud.yaml --out reports/
    """
    loaded = _changed(_plan(plan), data, metadata, text, target, split)
    _check_files(loaded)
    run_and_report(loaded, out, workers)


@app.command()
def report(run: RunFolder, verbose: Verbose = False) -> None:
    """Rebuild the report of a run from its folder. Needs no TensorFlow.

    Files that are not as they were sealed are named on the error stream; the report shows what is there now.

    Example:  appliedml report reports/20261101T120000Z_fraud_1a2b3c4d
    """
    from appliedml.report._artist import engine_started

    with engine_started():
        from appliedml.report.build import write_report
        from appliedml.store.run import Run

        found = Run(run)
        warn_of_changes(run)
        say(str(write_report(found)))


@app.command("list")
def list_(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="stages, audits, builders, splits, sources or sections.")
    ] = "stages",
    verbose: Verbose = False,
) -> None:
    """List what a plan can name, with one line each.

    Example:  appliedml list stages
    """
    from appliedml.core.listing import describe_names

    rows = describe_names(kind)
    width = max((len(name) for name, _, _ in rows), default=0)
    for room, group in _grouped(rows):
        say(f"{room}")
        for name, line in group:
            say(f"  {name:<{width}}  {line}")


app.command()(gate)
app.command()(compare)
app.command()(verify)
app.command()(sign)
app.command()(index)


def _grouped(rows: list[tuple[str, str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    rooms = dict.fromkeys(room for _, room, _ in rows)
    return [(room, [(name, line) for name, where, line in rows if where == room]) for room in rooms]


def _plan(path: Path) -> Plan:
    from appliedml.execution.plan import Plan

    return Plan.from_yaml(path)


def _changed(
    plan: Plan, data: Path | None, metadata: Path | None, text: str | None, target: str | None, split: str | None
) -> Plan:
    if data is not None:
        plan = plan.with_data(data, metadata=metadata, text=text, target=target)
    elif metadata is not None or text is not None or target is not None:
        raise typer.BadParameter("--metadata, --text and --target say how to read --data. Give --data too.")
    return plan if split is None else plan.with_split(split)


def _check_files(plan: Plan) -> str:
    """Raise what the data's header, the policy and the context show, before anything is fitted; say what is open."""
    from appliedml.errors import PlanError
    from appliedml.execution.plan_problems import column_problems
    from appliedml.gates.policy import check_subsets, load_policy

    problems = column_problems(plan)
    if problems:
        raise PlanError(problems, f"the plan {plan.name!r}")
    if plan.policy is not None:
        policy = load_policy(plan.policy, plan.folder)
        if plan.schema is not None:
            check_subsets(policy, plan.schema.sensitive_names)
    return check_context_of(plan)


def _plan_line(plan: Plan) -> str:
    steps = " > ".join(plan.pipeline.names())
    return one_line(f"{plan.name}: {steps}; {len(plan.audits)} audits; seed {plan.seed}.")


def run_and_report(plan: Plan, out: Path, workers: int = 1) -> Run:
    """Run a plan, judge it by its policy, write its report, and say where it is and how it came out.

    Parameters
    ----------
    plan : Plan
    out : Path
    workers : int

    Returns
    -------
    Run
    """
    from appliedml.engines.local import Local
    from appliedml.gates.policy import load_policy
    from appliedml.progress import shown
    from appliedml.report.build import write_report

    with shown(plan.name) as progress:
        made: Run = plan.run(out=out, engine=Local(workers=workers), progress=progress)
    if made.info.get("policy"):
        judgement = judge_and_keep(made, load_policy(made.info["policy"]))
        verdict = judgement.verdict.value
        lines = gate_lines(judgement)
    else:
        verdict, lines = "no policy was given, so no gate was judged", []
    path = write_report(made)
    for metric in ("roc_auc", "average_precision"):
        found = made.score(metric)
        if found:
            say(f"{metric}: {found[0]:.3f} ({found[1]:.3f} to {found[2]:.3f}), out-of-fold, 95 % interval")
    for line in lines:
        say(line)
    say(f"verdict: {verdict}")
    say(f"report:  {path}")
    return made


def guarded(command: Callable[[], Any], verbose: bool) -> int:
    """Run a command and turn every error into one message and an exit code.

    Parameters
    ----------
    command : callable
    verbose : bool
        Let the traceback through.

    Returns
    -------
    int
        0; 2 for a wrong call, bad input or an unexpected error; 130 after Ctrl-C; or what the command itself asked for.
    """
    from appliedml.errors import AppliedMLError

    try:
        code = int(command() or 0)
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    except AppliedMLError as error:
        if verbose:
            raise
        say(f"{type(error).__name__}: {error}", err=True)
        code = EXIT_BAD_INPUT
    except Exception as error:
        code = EXIT_BAD_INPUT
        if hasattr(error, "format_message"):  # a wrong call of the command line
            say(f"{error.format_message()}\nSee: appliedml --help", err=True)
        elif verbose:
            raise
        else:
            hint = "This is not a problem we foresaw: add --verbose for the details, and please report it."
            say(f"{type(error).__name__}: {error}\n{hint}", err=True)
    if code == EXIT_INTERRUPTED:
        say("Interrupted. Nothing half-written was kept; finished runs are untouched.", err=True)
    return code


def run_script(plan: Plan, arguments: list[str] | None = None) -> int:
    """Be the command line of a pipeline script: the options of ``appliedml run``.

    Parameters
    ----------
    plan : Plan
    arguments : list of str, optional
        Default: what the script was called with.

    Returns
    -------
    int
        Exit code, for ``SystemExit``.
    """
    script = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

    @script.command(help=f"Run the plan {plan.name!r} and write its report.")
    def main(
        data: DataFile = None,
        metadata: Metadata = None,
        text: TextColumn = None,
        target: Target = None,
        out: OutFolder = Path("reports"),
        split: Split = None,
        workers: Workers = 1,
        verbose: Verbose = False,
    ) -> None:
        loaded = _changed(plan, data, metadata, text, target, split)
        _check_files(loaded)
        run_and_report(loaded, out, workers)

    return _invoke(script, sys.argv[1:] if arguments is None else arguments)


def _invoke(program: typer.Typer, arguments: list[str]) -> int:
    # TensorFlow's own log lines ("no GPU found") are no use to a reviewer; its errors still come as exceptions.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not Path("/dev/nvidiactl").exists():
        # Without a GPU TensorFlow would complain about its driver, which reads like a failure.
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    command = typer.main.get_command(program)
    verbose = "--verbose" in arguments

    return guarded(lambda: command.main(list(arguments), prog_name=command.name, standalone_mode=False), verbose)


def main() -> None:
    """Entry point of the ``appliedml`` command."""
    raise SystemExit(_invoke(app, sys.argv[1:]))


if __name__ == "__main__":
    main()
