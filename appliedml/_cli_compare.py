"""``appliedml compare``: two runs on the same rows, as a short text and a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from appliedml._terminal import say
from appliedml._terminal_warnings import warn_of_changes


def compare(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="The run to compare with.")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="The run that may be better or worse.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the page; default: compare_<a>_vs_<b> beside run B.")
    ] = None,
    other_rows: Annotated[
        bool,
        typer.Option("--other-rows", help="Compare runs that tested different rows: on those in common, or apart."),
    ] = False,
    worse_by: Annotated[
        list[str] | None,
        typer.Option(
            "--worse-by",
            metavar="AMOUNT | METRIC=AMOUNT",
            help="Tolerance: how much worse B may be, for all judged measures or one. May be given several times.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", help="A policy in YAML with tolerances under worse_by; --worse-by replaces what it names."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 3 where 'worse beyond tolerance' cannot be ruled out.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")] = False,
) -> None:
    """Compare two runs on the same rows; writes comparison.html, .md and .json.

    Exit code 1 if B is worse beyond tolerance: the whole interval of a judged measure is. 3 if files of a run were
    changed after it, so that nothing can be said. Else 0.

    Example:  appliedml compare reports/<run a> reports/<run b> --worse-by roc_auc=0.02
    """
    from appliedml.comparing import compare as compare_folders
    from appliedml.report._comparison_words import better_word

    for run in (run_a, run_b):
        warn_of_changes(run)
    found = compare_folders(run_a, run_b, other_rows=other_rows, worse_by=worse_by, policy=policy)
    page = found.write(out)
    for line in found.lines():
        say(line)
    say("Measures (B minus A, each interval by itself)")
    for row in found.result.scores.itertuples():
        better = f"better: {row.better.upper()}" if row.better in ("a", "b") else better_word(row._asdict())
        say(
            f"  {row.metric:<22} {row.a:9.4f} {row.b:9.4f}   {row.difference:+.4f} ({row.low:+.4f} to {row.high:+.4f})"
            f"   {better}"
        )
    n_gaps = len(found.result.gaps)
    if n_gaps:
        say(f"Gaps between groups: {n_gaps} compared, on the page.")
    say(f"page:    {page}")
    raise typer.Exit(found.exit_code(strict))
