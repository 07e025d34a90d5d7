"""What every benchmark shares: sides in processes of their own, interleaved pieces, medians, records as JSON.

A ratio is measured piece by piece (a fold, say), the two sides taking turns A B B A, so that other work on the machine
slows both alike. Each side lives in a process of its own: neither profits from what the other compiled or cached.
Imports are not timed; compilation is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Fast convolutions, for both sides alike: TensorFlow's own default on processors with AVX-512, not on others.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
ROOT = Path(__file__).resolve().parents[2]
MARK = "@@"
PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "scikit-learn", "imbalanced-learn", "shap", "fairlearn")


NO_TARGET = "small: no target"
# What a run of the benchmarks writes itself is no change of what is measured.
WRITTEN = ("reports/benchmarks", "README.md")
_given_small = False


@lru_cache
def commit() -> str:
    """Return the commit that is measured: short, with "+changes" where files differ from it; "unknown" outside git."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != ROOT.resolve():
            return "unknown"
        changed = git("status", "--porcelain", "--", ".", *(f":!{path}" for path in WRITTEN))
        return git("rev-parse", "--short", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


@dataclass
class Record:
    """One line of the table.

    Parameters
    ----------
    work : str
        What is done.
    today, ours : str
        As people do it, and with appliedml: seconds, or rows a second. Empty where there is no such side.
    ratio : float or None
    accuracy : str
        What shows that both sides did the same work.
    target : str
    met : bool or None
        None where there is no target.
    details : dict
        The figures behind, as JSON.
    commit : str
        See :func:`commit`.
    """

    work: str
    today: str = ""
    ours: str = ""
    ratio: float | None = None
    accuracy: str = ""
    target: str = ""
    met: bool | None = None
    details: dict[str, Any] = field(default_factory=dict)
    commit: str = field(default_factory=commit)


def unjudged(record: Record) -> Record:
    """Return the record of a small run: targets are for full sizes."""
    return replace(record, target=NO_TARGET, met=None) if record.target else record


class Side:
    """A process that does pieces of work when it is told to, and says how long each took."""

    def __init__(self, script: str, side: str, case: dict[str, Any]) -> None:
        command = [sys.executable, script, "--side", side, "--case", json.dumps(case)]
        # TensorFlow writes of the GPU it does not find; only what a side says before it fails is worth reading.
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the side
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        self.pieces: list[dict[str, Any]] = []
        self._answer()

    def _answer(self) -> dict[str, Any]:
        for line in self.process.stdout or ():
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        code = self.process.wait()
        self.errors.seek(0)
        raise RuntimeError(f"a side of the benchmark ended with exit code {code}:\n{self.errors.read()[-4000:]}")

    def do(self, piece: int) -> None:
        """Have one piece done."""
        self.process.stdin.write(f"{piece}\n")
        self.process.stdin.flush()
        self.pieces.append(self._answer())

    def total(self, name: str) -> float:
        """Sum of a figure over the pieces."""
        return float(sum(piece[name] for piece in self.pieces))

    def mean(self, name: str) -> float:
        """Mean of a figure over the pieces."""
        return statistics.fmean(piece[name] for piece in self.pieces)

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.errors.close()


def serve(make: Callable[[dict[str, Any]], Callable[[int], dict[str, Any]]], case: str) -> None:
    """Be one side: set up, then do the pieces that are asked for on standard input."""
    do = make(json.loads(case))
    _say({"ready": True})
    for line in sys.stdin:
        _say(do(int(line)))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(f"{MARK}{json.dumps(answer)}\n")
    sys.stdout.flush()


def timed(work: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Return the seconds and processor seconds of a call, and what it returned."""
    started, started_cpu = time.perf_counter(), time.process_time()
    found = work()
    return {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - started_cpu}, found


def side_by_side(
    script: str, case: dict[str, Any], n_pieces: int, n_rounds: int = 1, plain_every: int = 1
) -> tuple[dict[str, Side], dict[str, float]]:
    """Run both sides of a case, "plain" and "ours", in turns.

    With ``plain_every`` k the plain side, to which every piece is the same work, does one piece in k only, and its time
    is scaled to all of them. Ours does them all, for its first piece compiles what the others use.

    Returns
    -------
    sides : dict of str to Side
        Of the last round.
    figures : dict of str to float
        Medians over the rounds of each side's seconds and processor seconds, and of the ratios.
    """
    sides = ("plain", "ours")
    rounds: list[dict[str, float]] = []
    for number in range(n_rounds):
        started = {name: Side(script, name, case) for name in sides}
        for piece in range(n_pieces):
            order = sides if (piece + number) % 2 == 0 else sides[::-1]
            for name in order:
                if name == "ours" or piece % plain_every == 0:
                    started[name].do(piece)
        figures = {}
        for name, side in started.items():
            side.close()
            scale = n_pieces / len(side.pieces)
            figures[f"{name}_s"], figures[f"{name}_cpu_s"] = (
                scale * side.total(of) for of in ("seconds", "cpu_seconds")
            )
            figures[f"{name}_pieces"] = len(side.pieces)
        figures["ratio"] = figures[f"{sides[0]}_s"] / figures[f"{sides[1]}_s"]
        figures["ratio_cpu"] = figures[f"{sides[0]}_cpu_s"] / figures[f"{sides[1]}_cpu_s"]
        rounds.append(figures)
    medians = {name: statistics.median(figures[name] for figures in rounds) for name in rounds[0]}
    return started, {**medians, "n_rounds": n_rounds}


def in_turns(works: dict[str, Callable[[], Any]], n_rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the median seconds of some calls made in turns in this process, and what each returned last."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    found: dict[str, Any] = {}
    for number in range(n_rounds):
        for name in works if number % 2 == 0 else reversed(works):
            figures, found[name] = timed(works[name])
            seconds[name].append(figures["seconds"])
    return {name: statistics.median(values) for name, values in seconds.items()}, found


def options(description: str | None, **more: dict[str, Any]) -> argparse.Namespace:
    """Read the options that every benchmark has, and some of its own."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--small", action="store_true", help="tiny sizes, to see that it runs; figures mean nothing")
    parser.add_argument("--case", action="append", help="name of a case; may be repeated")
    parser.add_argument("--json", type=Path, help="write the records to this file too")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    for name, settings in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **settings)
    given = parser.parse_args()
    global _given_small
    _given_small = given.small
    return given


def chosen(cases: dict[str, Any], names: list[str] | None) -> dict[str, Any]:
    """Return the named cases, or all; end with a sentence if a name is unknown."""
    unknown = sorted(set(names or ()) - set(cases))
    if unknown:
        raise SystemExit(f"unknown case: {', '.join(unknown)}. Cases: {', '.join(cases)}.")
    return {name: case for name, case in cases.items() if not names or name in names}


def show(record: Record) -> None:
    """Print one record as it is made."""
    record = unjudged(record) if _given_small else record
    ratio = "" if record.ratio is None else f"{record.ratio:,.1f}x"
    judged = "" if record.met is None else (" met" if record.met else " NOT MET")
    parts = [record.work, record.today, record.ours, ratio, record.accuracy, record.target + judged]
    print(" | ".join(parts), flush=True)


def write(path: Path | None, records: list[Record]) -> None:
    """Write records as JSON, where asked."""
    if path is not None:
        records = [unjudged(record) if _given_small else record for record in records]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([rounded(asdict(record)) for record in records], indent=1) + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """Return a JSON value with four significant digits: more is noise."""
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def environment() -> dict[str, Any]:
    """What the figures depend on, without naming the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in PACKAGES},
        "oneDNN": "on" if os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1" else "off",
    }
