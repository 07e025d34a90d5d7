"""How soon the package answers: ``appliedml --help``, ``import appliedml``, and what reading a run imports.

::

    python tests/benchmarks/bench_start.py [--small] [--json FILE]

Every start is a fresh process. ``import appliedml`` is timed inside the process, after the interpreter has started;
``appliedml --help`` is timed from outside, interpreter included. The least of several starts is judged: what other work
on the machine adds is not the package's. The median stands beside it. What ``report``, ``gate`` and ``compare`` import
is read off while they do their work on a small finished run, which is made first; each must end with exit code 0.
"""

from __future__ import annotations

import random
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
PLAN = """
version: 1
name: start
seed: 7
data: {table: rows.csv}
schema: {target: y, sensitive: [sex]}
split: {kfold: {folds: 2}}
pipeline: [scale_numbers, {logistic_regression: {}}]
audits: [{performance: {n_resamples: 100}}]
policy: {version: 1, gates: [{metric: roc_auc, at_least: 0.5}]}
"""
POLICY = "version: 1\ngates: [{metric: roc_auc, at_least: 0.5}]\n"
READERS = {
    "report": ["report", "RUN"],
    "gate": ["gate", "RUN", "--policy", "policy.yaml"],
    "compare": ["compare", "RUN", "RUN", "--out", "compared"],
}
IMPORTED = """
import sys
from appliedml.cli import main
code = 0
try:
    main()
except SystemExit as end:
    code = end.code
print(",".join(name for name in {heavy!r} if name in sys.modules))
sys.exit(code)
"""


def finished_run(folder: Path) -> Path:
    """Make a small run, and its policy beside it."""
    rng = random.Random(0)
    rows = [(rng.gauss(0, 1), rng.choice("fm")) for _ in range(300)]
    lines = [f"{x},{sex},{int(x + rng.gauss(0, 1) > 0)}" for x, sex in rows]
    (folder / "rows.csv").write_text("\n".join(["x,sex,y", *lines]) + "\n", encoding="utf-8")
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    output([*COMMAND, "run", "plan.yaml", "--out", "runs"], str(folder))
    return next(path for path in (folder / "runs").iterdir() if (path / "run.json").is_file())


def output(command: list[str], folder: str) -> str:
    """Run a command, which must end with exit code 0, and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


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
        run = str(finished_run(Path(folder)))
        helps = seconds_of(lambda: timed(lambda: output([*COMMAND, "--help"], folder))[0]["seconds"], n_starts)
        imports = seconds_of(lambda: float(output([sys.executable, "-c", IMPORT], folder)), n_starts)
        bare = seconds_of(lambda: timed(lambda: output([sys.executable, "-c", ""], folder))[0]["seconds"], n_starts)
        script = Path(folder) / "readers.py"
        script.write_text(IMPORTED.format(heavy=HEAVY), encoding="utf-8")
        heavy = {
            name: output(
                [sys.executable, str(script), *(run if word == "RUN" else word for word in arguments)], folder
            ).splitlines()[-1]
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
