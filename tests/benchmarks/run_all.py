"""Every benchmark, one table: ``make bench``.

::

    python tests/benchmarks/run_all.py [--small] [--only fold_trainer --only shapley]
    python tests/benchmarks/run_all.py --only fold_trainer --case "10k rows"

Each benchmark runs in a process of its own. The table is printed, and written to ``reports/benchmarks/`` as JSON (one
file for a number of cores, a Python and a TensorFlow version; no host name) and as ``README.md``; a benchmark that is
not run, or fails, keeps what the file says of it, and one that hangs is ended after ``LIMIT_S``. The compact table in
the project's README is written too (see ``readme_table.py``). ``--small`` is a smoke run with figures that mean
nothing: they go to ``build/``, and no target is judged. A target that is not met is a finding; a benchmark that fails
is an error, and the exit code says so.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import readme_table
from _harness import ROOT, Record, environment, show, unjudged

HERE = Path(__file__).resolve().parent
TITLES = {
    "fold_trainer": "Folds of an MLP",
    "builders": "Every kind of network",
    "shapley": "Shapley values of a table",
    "image_shapley": "Shapley values of image patches",
    "text_shapley": "Shapley values of words",
    "image_memory": "Memory of pictures read lazily",
    "group_bootstrap": "Intervals by group",
    "start": "Start",
    "report": "Rebuilding a report",
    "demo": "Time of the fraud demo by step",
    "growth": "Growth of the whole fraud run",
}
LIMIT_S = 3_600.0
HEADS = ("work", "as people do it today", "appliedml", "ratio", "accuracy beside it", "target", "commit")


def run_one(name: str, small: bool, cases: list[str]) -> list[dict[str, Any]] | None:
    """Run one benchmark in a fresh process; None if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.json"
        command = [sys.executable, str(HERE / f"bench_{name}.py"), "--json", str(path), *(["--small"] if small else [])]
        command += [word for case in cases for word in ("--case", case)]
        print(f"\n{TITLES[name]}", flush=True)
        with (Path(folder) / "errors.txt").open("w+", encoding="utf-8") as errors:
            # A group of its own, so that what it started ends with it.
            shown = subprocess.DEVNULL if small else None
            process = subprocess.Popen(command, stdout=shown, stderr=errors, start_new_session=True)
            late = False
            try:
                code = process.wait(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                code, late = -1, True
                print(f"ended after {LIMIT_S:.0f} s", file=sys.stderr)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            # What a benchmark had measured when its time was over is kept.
            if (code and not late) or not path.exists():
                errors.seek(0)
                print(errors.read()[-4000:], file=sys.stderr)
                return None
        records: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        if small:
            records = [asdict(unjudged(Record(**record))) for record in records]
            for record in records:
                show(Record(**record))
        return records


def cells(record: dict[str, Any]) -> list[str]:
    """Return a record as the cells of the table."""
    ratio = "" if record["ratio"] is None else f"{record['ratio']:,.{1 if record['ratio'] < 100 else 0}f}x"
    target = record["target"]
    if record["met"] is not None:
        target += ": met" if record["met"] else ": **not met**"
    return [record["work"], record["today"], record["ours"], ratio, record["accuracy"], target, record["commit"]]


def growth_table(records: list[dict[str, Any]]) -> list[str]:
    """Return seconds, memory and growth of every step of the whole run, as Markdown."""
    its_of = [record["details"] for record in records]
    names = list(dict.fromkeys(name for its in reversed(its_of) for name in (*its["steps_s"], *its["steps_cpu_s"])))
    last = {**its_of[-1]["steps_cpu_s"], **its_of[-1]["steps_s"]}
    names.sort(key=lambda name: -last.get(name, 0))
    heads = ["step"]
    for its in its_of:
        rows = f"{its['rows']:,}"
        heads += [f"{rows}: s", *([f"{rows}: processor s"] if its["steps_cpu_s"] else []), f"{rows}: peak MiB"]
        heads += [f"{rows}: exponent"] if its["growth"] else []
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for name in [*names, *(name for name in its_of[-1]["peak_mib"] if name not in names and name != "end")]:
        row = [name]
        for its in its_of:
            row.append(_number(its["steps_s"].get(name), ".2f"))
            row += [_number(its["steps_cpu_s"].get(name), ".2f")] if its["steps_cpu_s"] else []
            row.append(_number(its["peak_mib"].get(name), ",.0f"))
            grown = its["growth"].get(name)
            if its["growth"]:
                mark = " (faster)" if grown and grown["faster_than_allowed"] else ""
                row.append("" if grown is None else f"{grown['exponent']:.2f}{mark}")
        lines.append(f"| {' | '.join(row)} |")
    return [
        "",
        "Seconds by step, summed over folds. `stage ...` are parts of `fit` or `training`. Memory is the largest seen "
        "while the step ran; where there is none, the step is part of another. An exponent, of processor seconds, of 1 "
        "is growth in proportion to the rows; between 10,000 and 100,000 rows n log n is 1.10.",
        *_rule(its_of),
        "",
        *lines,
    ]


def _rule(its_of: list[dict[str, Any]]) -> list[str]:
    """What is judged where sizes are compared, and on how many scored rows."""
    if len(its_of) < 2:
        return []
    return [
        "A step counts as faster than n log n where its processor seconds grow by more than a quarter over it and it "
        "takes a second or more; those of reports, gates and explanations may double between two sizes. With one fold "
        "a fifth of the rows is held out: audits and report then see a fifth of the rows that five folds would give "
        "them.",
    ]


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def as_markdown(results: dict[str, Any]) -> list[str]:
    """Return one file of results as Markdown."""
    its = results["environment"]
    lines = [
        f"## {its['cores']} cores, {its['memory_gib']} GiB, Python {its['python']}, TensorFlow {its['tensorflow']}",
        "",
        ", ".join(f"{name} {its[name]}" for name in its if name not in ("cores", "memory_gib", "python", "tensorflow")),
    ]
    for name, title in TITLES.items():
        records = results["benchmarks"].get(name)
        if not records:
            continue
        lines += ["", f"### {title}", "", f"| {' | '.join(HEADS)} |", f"|{'---|' * len(HEADS)}"]
        lines += [f"| {' | '.join(cells(record))} |" for record in records]
        if name in ("growth", "demo"):
            lines += growth_table(records)
    return lines


def write_readme(folder: Path) -> None:
    """Write the Markdown page of all files of results."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Every ratio is measured side by side in one run: same data, network, epochs and "
        "batch size, the two sides in turns, so that other work on the machine slows both alike; accuracies are given "
        "as *today / appliedml*. Seconds depend on the machine and on what else it does; ratios depend on them less. "
        "*Commit* is what was measured, with `+changes` where files differed from it, or `unknown` if none was noted.",
    ]
    for path in sorted(folder.glob("*.json")):
        lines += ["", *as_markdown(json.loads(path.read_text(encoding="utf-8")))]
    folder.joinpath("README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    """Run the benchmarks, print the table, write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="tiny sizes, under three minutes; written to build/")
    parser.add_argument("--only", action="append", choices=TITLES, help="one benchmark; may be repeated")
    parser.add_argument("--case", action="append", help="with one --only: some of its cases, the others are kept")
    given = parser.parse_args()
    if given.case and len(given.only or ()) != 1:
        parser.error("--case needs exactly one --only.")
    its = environment()
    folder = ROOT / ("build" if given.small else "reports") / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{its['cores']}-cores_python-{its['python']}_tensorflow-{its['tensorflow']}.json"
    results: dict[str, Any] = {"environment": its, "benchmarks": {}}
    failed = []
    for name in given.only or TITLES:
        records = run_one(name, given.small, given.case or [])
        if records is None:
            failed.append(name)
            continue
        # After each: an interrupted run keeps what it measured, and replaces nothing else.
        if path.exists():
            results["benchmarks"] = json.loads(path.read_text(encoding="utf-8"))["benchmarks"]
        if given.case:
            again = {record["work"]: record for record in records}
            before = results["benchmarks"].get(name, [])
            records = [again.pop(record["work"], record) for record in before] + list(again.values())
        results["benchmarks"][name] = records
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_readme(folder)
        if not given.small:
            readme_table.main()
    print()
    print("\n".join(as_markdown(results)))
    print(f"\nWritten to {folder.relative_to(ROOT)}/")
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
