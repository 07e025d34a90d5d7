"""What the command line says: names from plans and data can neither colour, move nor erase what is on a terminal."""

from __future__ import annotations

import typer

from appliedml.core.display import written_out


def say(text: object = "", err: bool = False) -> None:
    r"""Print a line or several.

    Parameters
    ----------
    text : object
        Control characters and those that turn the direction of text are written out.
    err : bool
        To standard error.

    Examples
    --------
    >>> say("a\x1b[31mb")
    a⟨U+001B⟩[31mb
    """
    typer.echo(written_out(str(text)), err=err)


def one_line(text: object) -> str:
    r"""Return a name from a plan or from data, in one line.

    Parameters
    ----------
    text : object

    Returns
    -------
    str

    Examples
    --------
    >>> one_line("gate\nverdict: pass")
    'gate⟨U+000A⟩verdict: pass'
    """
    return written_out(str(text), one_line=True)
