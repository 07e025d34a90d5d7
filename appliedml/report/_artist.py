"""Charts are drawn by a second process while this one goes on: drawing takes as long as all the rest of a report."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextvars import ContextVar
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

SCRIPT = Path(__file__).with_name("_draw_charts.py")
Specify = Callable[[Any], dict[str, Any]]
_artist: ContextVar[Artist | None] = ContextVar("artist", default=None)
_waiting: ContextVar[list[subprocess.Popen[bytes]] | None] = ContextVar("waiting", default=None)


def _started() -> subprocess.Popen[bytes] | None:
    try:
        # -I: nothing of the working directory or the environment is imported.
        process = subprocess.Popen(
            [sys.executable, "-I", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    if process.stdin is not None:
        # A first chart sets the engine up while this process still reads its sections.
        with contextlib.suppress(OSError):
            process.stdin.write(b'{"mark": "point"}\n')
            process.stdin.flush()
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes of a killed process, and wait for its end."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()


@contextlib.contextmanager
def engine_started() -> Iterator[None]:
    """Start the process that draws already now; :func:`drawing_beside` takes it.

    It needs as long for its start as this process for the imports of a report.
    """
    process = _started()
    waiting = [] if process is None else [process]
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
        for left in waiting:
            left.kill()
            _end(left)


class Artist:
    """A process that draws, and the charts it was given.

    Charts are written to it as they come and drawings read as they are done, each by a thread that does nothing else:
    the process never waits for this one.

    Parameters
    ----------
    specify : callable
        From a chart to its Vega-Lite data.
    """

    def __init__(self, specify: Specify) -> None:
        self._specify = specify
        # Charts are held beside their drawings: an identity is only good while its object lives.
        self._begun: dict[int, tuple[Any, Future[bytes]]] = {}
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        # The first answer is that to the chart which sets the engine up.
        self._awaited: deque[Future[bytes]] = deque([Future()])
        self._over = False
        self._lock = Lock()
        waiting = _waiting.get()
        self._process = waiting.pop() if waiting else _started()
        self._threads = [Thread(target=work, daemon=True) for work in (self._write, self._read)]
        for thread in self._threads:
            thread.start()

    def begin(self, chart: Any) -> None:
        """Begin to draw a chart."""
        try:
            line = json.dumps(self._specify(chart), allow_nan=False).encode() + b"\n"
        except ValueError:
            # No plain JSON: whoever draws it here says what is wrong.
            return
        answer: Future[bytes] = Future()
        self._begun[id(chart)] = chart, answer
        with self._lock:
            if self._over:
                answer.set_result(b"")
                return
            self._awaited.append(answer)
            self._lines.put(line)

    def drawn(self, chart: Any) -> str | None:
        """Return the SVG of a chart, waiting for it; None where it has to be drawn here."""
        begun = self._begun.get(id(chart))
        if begun is None:
            return None
        try:
            svg = json.loads(begun[1].result())
        except ValueError:
            return None
        return svg if isinstance(svg, str) else None

    def _write(self) -> None:
        pipe = self._process.stdin if self._process is not None else None
        if pipe is None:
            return
        # A process that died is found by whoever reads.
        with contextlib.suppress(OSError, ValueError):
            while (line := self._lines.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def _read(self) -> None:
        pipe = self._process.stdout if self._process is not None else None
        with contextlib.suppress(OSError, ValueError):
            while pipe is not None and (line := pipe.readline()):
                self._awaited.popleft().set_result(line)
        # It ended: what it did not draw is drawn by this process.
        with self._lock:
            self._over = True
            while self._awaited:
                self._awaited.popleft().set_result(b"")

    def close(self) -> None:
        """End the process."""
        self._lines.put(None)
        process, self._process = self._process, None
        if process is not None:
            process.kill()
        for thread in self._threads:
            thread.join()
        if process is not None:
            _end(process)


@contextlib.contextmanager
def drawing_beside(specify: Specify) -> Iterator[None]:
    """Let charts that :func:`draw_ahead` is given be drawn by a second process.

    Parameters
    ----------
    specify : callable
        From a chart to its Vega-Lite data.
    """
    artist = Artist(specify)
    token = _artist.set(artist)
    try:
        yield
    finally:
        _artist.reset(token)
        artist.close()


def draw_ahead(charts: Iterable[Any]) -> None:
    """Begin to draw charts, where a second process does that; else do nothing.

    Parameters
    ----------
    charts : iterable of dict
        In Vega-Lite.
    """
    artist = _artist.get()
    if artist is not None:
        for chart in charts:
            artist.begin(chart)


def drawn(chart: Any) -> str | None:
    """Return the SVG of a chart that was begun; None where there is none.

    Parameters
    ----------
    chart : dict

    Returns
    -------
    str or None
    """
    artist = _artist.get()
    return None if artist is None else artist.drawn(chart)
