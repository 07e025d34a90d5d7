"""What every benchmark shares: the commit of a record, and no target for small runs."""

import importlib
import json
import subprocess
import sys

import pytest


@pytest.fixture
def harness(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    module = importlib.import_module("_harness")
    monkeypatch.setattr(module, "_given_small", False)
    module.commit.cache_clear()
    yield module
    module.commit.cache_clear()


@pytest.fixture
def repository(tmp_path, harness, monkeypatch):
    """A project under git with one commit; returns what git says."""

    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        return subprocess.run(
            ["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    monkeypatch.setattr(harness, "ROOT", tmp_path)
    (tmp_path / "code.py").write_text("1")
    (tmp_path / "README.md").write_text("1")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "One")
    return git


@pytest.mark.parametrize(
    ("file", "mark"), [(None, ""), ("code.py", "+changes"), ("new.py", "+changes"), ("README.md", "")]
)
def test_a_record_carries_the_commit_and_whether_files_differ_from_it(harness, repository, tmp_path, file, mark):
    """The table in README is what a run of the benchmarks writes itself."""
    if file:
        (tmp_path / file).write_text("2")

    assert harness.Record("work").commit == repository("rev-parse", "--short", "HEAD") + mark


def test_outside_git_the_commit_is_unknown(harness, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(harness, "ROOT", tmp_path)

    assert harness.Record("work").commit == "unknown"


def test_the_commit_of_a_repository_around_the_project_is_not_its_own(harness, repository, tmp_path, monkeypatch):
    inside = tmp_path / "copied"
    inside.mkdir()
    monkeypatch.setattr(harness, "ROOT", inside)

    assert harness.commit() == "unknown"


@pytest.mark.parametrize(("small", "said", "met"), [(True, "small: no target", None), (False, "6x NOT MET", False)])
def test_a_small_run_judges_no_target(harness, tmp_path, monkeypatch, capsys, small, said, met):
    monkeypatch.setattr(sys, "argv", ["bench_x.py", *(["--small"] if small else [])])
    harness.options("A benchmark.")
    record = harness.Record("work", target="6x", met=False, commit="abc")

    harness.show(record)
    harness.write(tmp_path / "records.json", [record, harness.Record("beside", commit="abc")])

    assert capsys.readouterr().out == f"work |  |  |  |  | {said}\n"
    found = json.loads((tmp_path / "records.json").read_text())
    assert [one["met"] for one in found] == [met, None]
    assert [one["target"] for one in found] == ["small: no target" if small else "6x", ""]
    assert [one["commit"] for one in found] == ["abc", "abc"]


def test_every_record_of_the_reports_says_its_commit(root):
    for path in (root / "reports" / "benchmarks").glob("*.json"):
        groups = json.loads(path.read_text(encoding="utf-8"))["benchmarks"].values()
        assert all(record["commit"] for group in groups for record in group)
