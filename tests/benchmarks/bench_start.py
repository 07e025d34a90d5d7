"""How soon the package answers: ``appliedml --help``, ``import appliedml``, and what reading a run imports.

::

    python tests/benchmarks/bench_start.py [--small] [--json FILE]

Every start is a fresh process. ``import appliedml`` is timed inside the process, after the interpreter has started;
``appliedml --help`` is timed from outside, interpreter included. The least of several starts is judged: what other work
on the machine adds is not the package's. The median stands beside it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _harness import Record, options, show, timed, write

IMPORT = "import time; t = time.perf_counter(); import appliedml; print(time.perf_counter() - t)"
COMMAND = [sys.executable, "-m", "appliedml.cli"]
HEAVY = ("tensorflow", "keras", "shap", "ray", "matplotlib")
# Each command on a folder that is no run: it imports what it needs, and fails on the folder.
READERS = {"report": ["report", "nowhere"], "gate": ["gate", "nowhere"], "compare": ["compare", "nowhere", "nowhere"]}
IMPORTED = """
import sys
from appliedml.cli import main
try:
    main()
except SystemExit:
    pass
print(",".join(name for name in {heavy!r} if name in sys.modules))
"""


def output(command: list[str], folder: str) -> str:
    """Run a command and return what it printed."""
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True).stdout


def seconds_of(work: Any, n_starts: int) -> dict[str, float]:
    """Return the median, least and most seconds of some starts, after one that warms the disk's cache."""
    work()
    found = [work() for _ in range(n_starts)]
    return {"median_s": statistics.median(found), "least_s": min(found), "most_s": max(found)}


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    n_starts = 3 if given.small else 11
    with tempfile.TemporaryDirectory() as folder:
        helps = seconds_of(lambda: timed(lambda: output([*COMMAND, "--help"], folder))[0]["seconds"], n_starts)
        imports = seconds_of(lambda: float(output([sys.executable, "-c", IMPORT], folder)), n_starts)
        bare = seconds_of(lambda: timed(lambda: output([sys.executable, "-c", ""], folder))[0]["seconds"], n_starts)
        script = Path(folder) / "readers.py"
        script.write_text(IMPORTED.format(heavy=HEAVY), encoding="utf-8")
        heavy = {
            name: output([sys.executable, str(script), *arguments], folder).splitlines()[-1]
            for name, arguments in READERS.items()
        }
    beside = f"an empty interpreter {bare['least_s']:.3f} s"
    found = {name: names or "none" for name, names in heavy.items()}
    records = [
        Record(
            "appliedml --help",
            ours=f"{helps['least_s']:.3f} s",
            accuracy=f"median {helps['median_s']:.3f} s; {beside}",
            target="under 0.3 s",
            met=helps["least_s"] < 0.3,
            details={**helps, "interpreter": bare},
        ),
        Record(
            "import appliedml",
            ours=f"{imports['least_s']:.4f} s",
            accuracy=f"median {imports['median_s']:.4f} s",
            target="under 0.1 s",
            met=imports["least_s"] < 0.1,
            details=imports,
        ),
        Record(
            f"imports of {', '.join(HEAVY)} by report, gate, compare",
            ours="; ".join(f"{name}: {names}" for name, names in found.items()),
            target="none",
            met=not any(heavy.values()),
            details=found,
        ),
    ]
    for record in records:
        show(record)
    write(given.json, records)


if __name__ == "__main__":
    main()
