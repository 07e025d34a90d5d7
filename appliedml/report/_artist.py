"""Charts are drawn by a second process while this one goes on: drawing takes as long as all the rest of a report."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("_draw_charts.py")
Specify = Callable[[Any], dict[str, Any]]
_artist: ContextVar[Artist | None] = ContextVar("artist", default=None)


_spare: list[subprocess.Popen[bytes]] = []


def prepare() -> None:
    """Start the process that draws before it is needed: it takes most of a second, as do the imports of a report."""
    if not _spare:
        process = _started()
        if process is not None:
            _spare.append(process)


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
        # A first chart sets the engine up; whoever takes the process reads its answer away.
        with contextlib.suppress(OSError):
            process.stdin.write(b'{"mark": "point"}\n')
            process.stdin.flush()
    return process


class Artist:
    """A process that draws, and the charts it was given.

    Parameters
    ----------
    specify : callable
        From a chart to its Vega-Lite data.
    """

    def __init__(self, specify: Specify) -> None:
        self._specify = specify
        # Charts are held beside their drawings: an identity is only good while its object lives.
        self._begun: dict[int, tuple[Any, Future[str | None]]] = {}
        self._thread = ThreadPoolExecutor(1, "charts")
        self._process = _spare.pop() if _spare else _started()
        self._thread.submit(self._answer)

    def begin(self, chart: Any) -> None:
        """Begin to draw a chart."""
        self._begun[id(chart)] = chart, self._thread.submit(lambda: self._draw(self._specify(chart)))

    def drawn(self, chart: Any) -> str | None:
        """Return the SVG of a chart, waiting for it; None where it has to be drawn here."""
        begun = self._begun.get(id(chart))
        return None if begun is None else begun[1].result()

    def _draw(self, spec: dict[str, Any]) -> str | None:
        process = self._process
        if process is None or process.stdin is None:
            return None
        try:
            process.stdin.write(json.dumps(spec, allow_nan=False).encode() + b"\n")
            process.stdin.flush()
        except (OSError, ValueError):
            self._end()
            return None
        return self._answer()

    def _answer(self) -> str | None:
        process = self._process
        if process is None or process.stdout is None:
            return None
        try:
            answer = json.loads(process.stdout.readline())
        except (OSError, ValueError):
            # It died, or the chart is no plain JSON: from here on everything is drawn by this process.
            self._end()
            return None
        return answer if isinstance(answer, str) else None

    def close(self) -> None:
        """End the process."""
        self._thread.shutdown(cancel_futures=True)
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


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
