"""How soon a report is there, how large it is: ``appliedml report RUN``, from its run folder alone.

::

    python tests/benchmarks/bench_report.py [--small] [--run FOLDER ...] [--json FILE]

Small runs of three domains are made first (``tests/browser/_tiny_runs.py``; not timed), or given: ``--run`` with the
folder of a real run, which is copied. Every rebuild is the command itself in a fresh process, timed from outside,
interpreter included; the first one, in which the package may still be compiled to bytecode, shows what is imported and
is not timed. The least of several is judged: what other work on the machine adds is not the package's. The median and
the processor's seconds, of the drawing process too, stand beside it.
"""

from __future__ import annotations

import os
import resource
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
IMPORTED = f"""
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


def children_s() -> float:
    """Return the processor's seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(run: Path, n_rounds: int) -> Record:
    """Rebuild the report of a run some times."""
    # As for a user, whose second start finds the bytecode of the first.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def done(*command: str) -> str:
        whole = [*command, "report", str(run)]
        return subprocess.run(whole, capture_output=True, text=True, check=True, env=environment).stdout

    imported = done(sys.executable, "-c", IMPORTED).splitlines()[-1]
    seconds, processor_s, bytes_ = [], [], {(run / "report.html").read_bytes()}
    for _ in range(n_rounds):
        before_s = children_s()
        seconds.append(timed(lambda: done(sys.executable, "-m", "appliedml.cli"))[0]["seconds"])
        processor_s.append(children_s() - before_s)
        bytes_.add((run / "report.html").read_bytes())
    size = len(next(iter(bytes_)))
    least = min(seconds)
    return Record(
        f"appliedml report, {run.parent.name}",
        ours=f"{least:.2f} s",
        accuracy=f"median {statistics.median(seconds):.2f} s; processor {min(processor_s):.2f} s; {size / 1e6:.2f} MB; "
        f"{'the same bytes' if len(bytes_) == 1 else 'OTHER BYTES'} each time; imports of {', '.join(HEAVY)}: "
        f"{imported or 'none'}",
        target=f"under {MOST_SECONDS:g} s and {MOST_BYTES / 1e6:g} MB",
        met=least < MOST_SECONDS and size < MOST_BYTES and len(bytes_) == 1 and not imported,
        details={"seconds": seconds, "processor_s": processor_s, "bytes": size, "imported": imported},
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
