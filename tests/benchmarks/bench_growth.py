"""The whole fraud run at growing numbers of rows: seconds, processor seconds and peak memory by step.

::

    python tests/benchmarks/bench_growth.py [--rows 10000 --rows 100000 --rows 1000000] [--folds 1] [--limit-s 900]
        [--json FILE]

Payments are simulated at each size and go through the plan of ``pipelines/fraud.yaml`` with all its audits, its policy
and its report, which is then built once more as ``appliedml report`` does; each size in a process of its own. One fold
is run unless ``--folds 5`` says otherwise: it trains on four fifths of the rows as each of the plan's five does, and
they come one after the other. Memory is
sampled every 20 ms and credited to the step that runs. A size that passes its time limit is stopped, and what it did
until then is shown.

The rule: no step grows faster than n log n. Growth is that of processor seconds, which other work on the machine
changes little: the run's own clocks are set to them. A step breaks the rule where they grow by more than a quarter
over n log n between two sizes, and it takes a second or more. Reports, gates and explanations must cost the same at any
size: their processor seconds may at most double between two sizes.
"""

from __future__ import annotations

import json
import math
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from _harness import MARK, ROOT, Record, options, show, write

SIZES = (10_000, 100_000, 1_000_000)
SMALL = (1_000, 2_000)
LIMIT_S = 900.0
# One fold of the plan's five.
TEST_FRACTION = 0.2
MOST_GIB = 4.0
LEAST_S = 1.0
ROOM = 1.25
CONSTANT = ("report", "rebuilding the report", "gates", "explain_shap", "conclude explain_shap")
MIB = 2**20


class Meter:
    """Credits seconds and the largest memory to the step that runs, and says both whenever a step ends."""

    def __init__(self) -> None:
        self.step, self.started, self.started_cpu = "import", time.perf_counter(), time.process_time()
        self.seconds: dict[str, float] = defaultdict(float)
        self.cpu_seconds: dict[str, float] = defaultdict(float)
        self.peak_mib: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        import psutil

        process = psutil.Process()
        while not self._stop.wait(0.02):
            used = process.memory_info().rss / MIB
            with self._lock:
                self.peak_mib[self.step] = max(self.peak_mib[self.step], used)

    def begin(self, step: str) -> None:
        """End the step that runs and begin another."""
        with self._lock:
            now, now_cpu = time.perf_counter(), time.process_time()
            self.seconds[self.step] += now - self.started
            self.cpu_seconds[self.step] += now_cpu - self.started_cpu
            self.step, self.started, self.started_cpu = step, now, now_cpu
        self.say()

    def progress(self, sentence: str, n_done: int, n_total: int) -> None:
        """Be told by a run what it does: "fold 2 of 5: fairness"."""
        self.begin(re.sub(r"^fold \d+ of \d+(: | )", "", sentence))

    def say(self, **more: Any) -> None:
        """Print what was measured until now."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = {
            "seconds": dict(self.seconds),
            "cpu_seconds": dict(self.cpu_seconds),
            "peak_mib": dict(self.peak_mib),
            "max_rss_mib": peak,
            **more,
        }
        print(MARK + json.dumps(found), flush=True)

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()


def run_size(n_rows: int, n_folds: int) -> None:
    """Be the process of one size."""
    meter = Meter()
    from dataclasses import replace

    from appliedml.execution.plan import Plan
    from appliedml.gates.judge import judge, to_artifact
    from appliedml.gates.policy import load_policy
    from appliedml.report.build import write_report
    from appliedml.sources.simulate_transactions import SimulateTransactions
    from appliedml.splits.group_kfold import GroupKFold
    from appliedml.splits.holdout import Holdout
    from appliedml.store import layout
    from appliedml.store.run import Run
    from appliedml.store.writer import write_artifact

    plan = Plan.from_yaml(ROOT / "pipelines" / "fraud.yaml")
    split = Holdout(test_fraction=TEST_FRACTION) if n_folds == 1 else GroupKFold(folds=n_folds)
    plan = replace(plan, data=SimulateTransactions(n_rows=n_rows, random_state=7), split=split)
    time_conclusions(plan, meter)
    time_by_processor()
    with tempfile.TemporaryDirectory() as folder:
        run = plan.run(out=Path(folder), progress=meter.progress)
        meter.begin("gates")
        artifact = to_artifact(judge(run.scores, load_policy(run.info["policy"])))
        write_artifact(run.path / layout.ARTIFACTS / "gates", artifact)
        run.forget()
        meter.begin("report")
        report = write_report(run)
        meter.begin("rebuilding the report")
        write_report(Run(run.path))
        meter.begin("end")
        meter.close()
        sizes = [path.stat().st_size / MIB for path in run.path.rglob("*") if path.is_file()]
        timings = json.loads((run.path / layout.TIMINGS).read_text(encoding="utf-8"))
        roc_auc = run.score("roc_auc")
        meter.say(
            stages=stages_of(timings),
            roc_auc=roc_auc and roc_auc[0],
            report_mib=report.stat().st_size / MIB,
            run_mib=sum(sizes),
            done=True,
        )


def time_by_processor() -> None:
    """Have the run write processor seconds where it writes seconds."""
    from appliedml.compose import pipeline
    from appliedml.execution import fold_job, run_plan

    for module in (pipeline, fold_job, run_plan):
        module.time = SimpleNamespace(**{**vars(time), "perf_counter": time.process_time})  # type: ignore[attr-defined]


def stages_of(timings: dict[str, Any]) -> dict[str, float]:
    """Seconds of every step of a run, summed over folds."""
    total: dict[str, float] = defaultdict(float)
    for step, seconds in timings["seconds"].items():
        total[step] += seconds
    for fold in timings["folds"].values():
        for step, seconds in fold.items():
            total[step] += seconds
    return dict(total)


def time_conclusions(plan: Any, meter: Meter) -> None:
    """Have the meter told of every audit's conclusion: the run's own timings hold their sum."""
    from appliedml.core.stage import snake_case

    for kind in {type(audit) for audit in plan.audits}:

        def conclude(audit: Any, evidence: Any, kind: Any = kind, original: Any = kind.conclude) -> Any:
            meter.begin(f"conclude {snake_case(kind.__name__)}")
            try:
                return original(audit, evidence)
            finally:
                meter.begin("writing the run")

        kind.conclude = conclude


@contextmanager
def child(n_rows: int, n_folds: int, errors: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """Start the process of one size, and end it whatever happens."""
    command = [sys.executable, __file__, "--side", "run", "--rows", str(n_rows), "--folds", str(n_folds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def measure(n_rows: int, n_folds: int, limit_s: float) -> dict[str, Any]:
    """Run one size and return the last that it said."""
    started, found = time.perf_counter(), {"seconds": {}, "cpu_seconds": {}, "peak_mib": {}, "max_rss_mib": 0.0}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors, child(n_rows, n_folds, errors) as process:
        stop = threading.Timer(limit_s, process.kill)
        stop.start()
        for line in process.stdout or ():
            if line.startswith(MARK):
                found = json.loads(line.removeprefix(MARK))
        stop.cancel()
        code = process.wait()
        total = time.perf_counter() - started
        if not found.get("done") and total < limit_s:
            errors.seek(0)
            raise SystemExit(f"the fraud run at {n_rows:,} rows ended with exit code {code}:\n{errors.read()[-3000:]}")
    return {**found, "rows": n_rows, "folds": n_folds, "total_s": total, "finished": bool(found.get("done"))}


def processor_seconds(found: dict[str, Any]) -> dict[str, float]:
    """Processor seconds by step: what the meter saw, and the stages inside of training as the run says."""
    stages = {name: its for name, its in found.get("stages", {}).items() if name.startswith("stage ")}
    clean = {name: its for name, its in found.get("stages", {}).items() if name in ("read", "clean")}
    seen = {name: its for name, its in found["cpu_seconds"].items() if name not in ("done", "end", "concluding")}
    return {**seen, **clean, **stages}


def growth(small: dict[str, Any], large: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Exponent of every step between two sizes, and whether it grows faster than it may."""
    n, m = small["rows"], large["rows"]
    n_log_n = m * math.log(m) / (n * math.log(n))
    before, after = processor_seconds(small), processor_seconds(large)
    found = {}
    for name in sorted(after, key=lambda name: -after[name]):
        if before.get(name, 0) > 0:
            times = after[name] / before[name]
            allowed = 2.0 if name in CONSTANT else ROOM * n_log_n
            faster = times > allowed and after[name] >= LEAST_S
            found[name] = {"exponent": math.log(times) / math.log(m / n), "faster_than_allowed": faster}
    return found


def record_of(found: dict[str, Any], before: dict[str, Any] | None) -> Record:
    """Make the line of one size."""
    steps = {name: its for name, its in found["seconds"].items() if name != "end"}
    largest = sorted(steps, key=lambda name: -steps[name])[:4]
    gib = found["max_rss_mib"] / 1024
    grown = {} if before is None else growth(before, found)
    broken = [name for name, its in grown.items() if its["faster_than_allowed"]]
    least_of_memory = f"peak {gib:.2f} GiB" + (
        "" if not found["peak_mib"] else f" in {max(found['peak_mib'], key=found['peak_mib'].get)}"
    )
    wanted = ["no step faster than n log n, reports and SHAP constant"] if before is not None else []
    if found["rows"] >= SIZES[-1]:
        wanted.append(f"under {MOST_GIB:g} GiB")
    met = found["finished"] and not broken and (found["rows"] < SIZES[-1] or gib < MOST_GIB)
    took = f"{found['total_s']:.0f} s" + ("" if found["finished"] else ", stopped at the time limit")
    return Record(
        work=f"the fraud run, all its steps, {found['rows']:,} payments, {found['folds']} fold"
        + ("s" if found["folds"] > 1 else ""),
        ours=f"{took}: " + ", ".join(f"{name} {steps[name]:.0f} s" for name in largest),
        accuracy=least_of_memory + (f"; AUROC {found['roc_auc']:.3f}" if found.get("roc_auc") else ""),
        target="; ".join(wanted) + (f" (faster: {', '.join(broken)})" if broken else ""),
        met=bool(met) if wanted else None,
        details={**found, "steps_s": steps, "steps_cpu_s": processor_seconds(found), "growth": grown},
    )


def main() -> None:
    """Measure and print."""
    more = {
        "rows": {"action": "append", "type": int, "help": "a size; may be repeated"},
        "folds": {"type": int, "default": 1, "help": "folds of the plan's five"},
        "limit_s": {"type": float, "default": LIMIT_S, "help": "most seconds of one size"},
    }
    given = options(__doc__, **more)
    if given.side:
        run_size(given.rows[0], given.folds)
        return
    records: list[Record] = []
    before: dict[str, Any] | None = None
    for n_rows in sorted(given.rows or (SMALL if given.small else SIZES)):
        found = measure(n_rows, given.folds, given.limit_s)
        records.append(record_of(found, before))
        before = found if found["finished"] else before
        show(records[-1])
        # After every size: the largest may be interrupted.
        write(given.json, records)


if __name__ == "__main__":
    main()
