"""Progress on a terminal with the time left; one line when the output goes elsewhere."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from appliedml.core.display import written_out


@contextmanager
def shown(name: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show the progress of a run on standard error.

    Parameters
    ----------
    name : str
        What runs.

    Yields
    ------
    callable
        Takes a sentence, the number of steps done and of all steps. After Ctrl-C it raises KeyboardInterrupt once more,
        for some libraries swallow the first while they are imported.
    """
    with _remembered() as stop, _drawn(name) as draw:

        def progress(step: str, n_done: int, n_total: int) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            draw(step, n_done, n_total)

        yield progress


@contextmanager
def _remembered() -> Iterator[threading.Event]:
    """Remember Ctrl-C. Only the main thread may listen for it, and what runs in the background ignores it."""
    stop = threading.Event()
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield stop
        return

    def interrupted(*_: Any) -> None:
        stop.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _drawn(name: str) -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    name = written_out(name, one_line=True)
    console = Console(stderr=True)
    if not console.is_terminal:
        started = time.monotonic()
        last: list[str] = []
        yield lambda step, n_done, n_total: last.append(step)
        sys.stderr.write(f"{name}: {last[-1] if last else 'done'} in {time.monotonic() - started:.0f} s\n")
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[name]}", markup=False),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None, name=name)
        yield lambda step, n_done, n_total: progress.update(task, description=step, completed=n_done, total=n_total)
