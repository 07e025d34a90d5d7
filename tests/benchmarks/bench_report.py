"""How soon a report is there, how large it is: ``appliedml report RUN``, from its run folder alone.

::

    python tests/benchmarks/bench_report.py [--small] [--run FOLDER ...] [--json FILE]

Small runs of three domains are made first (``tests/browser/_tiny_runs.py``; not timed), or given: ``--run`` with the
folder of a real run, which is copied. Every rebuild is a fresh process, timed from outside, interpreter included. The
least of several is judged: what other work on the machine adds is not the package's. The median stands beside it.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from _harness import ROOT, Record, options, show, timed, write

MOST_SECONDS = 5.0
MOST_BYTES = 2_000_000
HEAVY = ("tensorflow", "keras", "shap")
REBUILD = f"""
import sys
from appliedml.cli import main
try:
    main()
except SystemExit as end:
    if end.code:
        raise
print(",".join(name for name in {HEAVY!r} if name in sys.modules))
"""


def made(folder: Path) -> list[Path]:
    """Make small runs of three domains."""
    subprocess.run([sys.executable, str(ROOT / "tests/browser/_tiny_runs.py"), str(folder)], check=True, stdout=2)
    return [Path(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.txt"))]


def measured(run: Path, n_rounds: int) -> Record:
    """Rebuild the report of a run some times."""
    command = [sys.executable, "-c", REBUILD, "report", str(run)]
    seconds, bytes_, imported = [], set(), ""
    for _ in range(n_rounds):
        figures, done = timed(lambda: subprocess.run(command, capture_output=True, text=True, check=True))
        seconds.append(figures["seconds"])
        imported = done.stdout.splitlines()[-1]
        bytes_.add((run / "report.html").read_bytes())
    size = len(next(iter(bytes_)))
    least = min(seconds)
    return Record(
        f"appliedml report, {run.parent.name}",
        ours=f"{least:.2f} s",
        accuracy=f"median {statistics.median(seconds):.2f} s; {size / 1e6:.2f} MB; "
        f"{'the same bytes' if len(bytes_) == 1 else 'OTHER BYTES'} each time; imports of {', '.join(HEAVY)}: "
        f"{imported or 'none'}",
        target=f"under {MOST_SECONDS:g} s and {MOST_BYTES / 1e6:g} MB",
        met=least < MOST_SECONDS and size < MOST_BYTES and len(bytes_) == 1 and not imported,
        details={"seconds": seconds, "bytes": size, "imported": imported},
    )


def main() -> None:
    """Measure and print."""
    given = options(__doc__, run={"action": "append", "type": Path, "help": "folder of a finished run"})
    records = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.run:
            runs = [Path(shutil.copytree(run, folder / run.resolve().parent.name / run.name)) for run in given.run]
        else:
            runs = made(folder)
        for run in runs:
            records.append(measured(run, 2 if given.small else 5))
            show(records[-1])
    write(given.json, records)


if __name__ == "__main__":
    main()
