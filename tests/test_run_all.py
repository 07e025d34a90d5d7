"""The script that runs all benchmarks."""

import importlib
import json
import shutil
from dataclasses import asdict

import pytest

BENCHMARK = """
import sys
from pathlib import Path

print("10.0x NOT MET")
Path(sys.argv[sys.argv.index("--json") + 1]).write_text({records!r})
"""


@pytest.fixture
def run_one(root, tmp_path, monkeypatch):
    """Run a benchmark that made some records."""
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    run_all, harness = importlib.import_module("run_all"), importlib.import_module("_harness")
    monkeypatch.setattr(run_all, "HERE", tmp_path)
    monkeypatch.setitem(run_all.TITLES, "tiny", "A tiny benchmark")
    records = [
        harness.Record("all of it", ratio=10.0, target="20x", met=False),
        harness.Record("as users do it", ratio=700.0),
    ]
    script = BENCHMARK.format(records=json.dumps([asdict(record) for record in records]))
    (tmp_path / "bench_tiny.py").write_text(script, encoding="utf-8")
    return lambda small: run_all.run_one("tiny", small, [])


def test_a_small_run_judges_no_target(run_one, capfd):
    records = run_one(True)

    shown = capfd.readouterr().out
    assert "NOT MET" not in shown
    assert "all of it |  |  | 10.0x |  | small: no target" in shown
    assert [(record["target"], record["met"]) for record in records] == [("small: no target", None), ("", None)]


def test_a_full_run_shows_what_the_benchmark_says(run_one, capfd):
    records = run_one(False)

    assert "10.0x NOT MET" in capfd.readouterr().out
    assert [(record["target"], record["met"]) for record in records] == [("20x", False), ("", None)]


def test_the_page_of_the_reports_is_that_of_their_figures(run_one, root, tmp_path):
    folder = root / "reports" / "benchmarks"
    for path in folder.glob("*.json"):
        shutil.copy(path, tmp_path)

    importlib.import_module("run_all").write_readme(tmp_path)

    assert (tmp_path / "README.md").read_text(encoding="utf-8") == (folder / "README.md").read_text(encoding="utf-8")
