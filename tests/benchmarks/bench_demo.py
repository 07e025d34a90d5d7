"""Where the time of the fraud demo goes: its steps, by the run's own clock, on the embedded payments.

::

    python tests/benchmarks/bench_demo.py [--small] [--json FILE]

The plan of ``make demo`` runs as a user runs it, imports and report included, in a process of its own. Seconds by step
are from the run's ``timings.json``, summed over the folds; a stage is a part of ``fit``. What the run's clock does not
cover (imports, splitting, writing, gates, the report) is the rest.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _harness import ROOT, Record, options, show, timed, write
from bench_growth import stages_of

REST = "imports, splitting, writing, gates and report"


def run_demo(small: bool) -> dict[str, Any]:
    """Run the demo; return seconds by step, the whole time, the largest memory and the number of rows."""
    with tempfile.TemporaryDirectory() as folder:
        plan = ROOT / "pipelines" / "fraud.yaml"
        command = [sys.executable, "-m", "appliedml.cli", "run", str(plan), "--out", folder]
        if small:
            command += ["--data", str(_few_rows(Path(folder)))]
        taken, done = timed(lambda: subprocess.run(command, capture_output=True, text=True, check=False))
        found = [path.parent for path in Path(folder).glob("*/run.json")]
        if not found:
            raise SystemExit(f"the fraud demo ended with exit code {done.returncode}:\n{done.stderr[-2000:]}")
        timings = json.loads((found[0] / "timings.json").read_text(encoding="utf-8"))
        info = json.loads((found[0] / "run.json").read_text(encoding="utf-8"))
    steps = stages_of(timings)
    covered = sum(its for name, its in steps.items() if not name.startswith("stage "))
    return {
        "rows": info["data"]["n_rows_used"],
        "total_s": taken["seconds"],
        "steps_s": {**steps, REST: taken["seconds"] - covered},
        "steps_cpu_s": {},
        "peak_mib": {"(the whole run)": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024},
        "growth": {},
    }


def _few_rows(folder: Path) -> Path:
    import pandas as pd

    path = folder / "few.parquet"
    pd.read_parquet(ROOT / "data" / "card_payments.parquet").head(6_000).to_parquet(path)
    return path


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    found = run_demo(given.small)
    steps = found["steps_s"]
    whole = sorted((name for name in steps if not name.startswith("stage ")), key=lambda name: -steps[name])
    record = Record(
        work=f"the fraud demo, {found['rows']:,} payments",
        ours=f"{found['total_s']:.0f} s: " + ", ".join(f"{name} {steps[name]:.1f} s" for name in whole[:5]),
        accuracy=f"peak {found['peak_mib']['(the whole run)'] / 1024:.2f} GiB",
        details=found,
    )
    show(record)
    for name in sorted(steps, key=lambda name: -steps[name]):
        print(f"  {name}: {steps[name]:.2f} s", flush=True)
    write(given.json, [record])


if __name__ == "__main__":
    main()
