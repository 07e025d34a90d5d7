"""The figures in README are those of the files they are said to come from."""

import importlib
import json

import pytest


@pytest.fixture
def scripts(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    return importlib.import_module


def readme_between(scripts, root, mark):
    return scripts("_readme").between((root / "README.md").read_text(encoding="utf-8"), mark)


def test_the_table_of_benchmarks_is_that_of_the_newest_results(scripts, root):
    table = scripts("readme_table")
    assert readme_between(scripts, root, table.MARK) == "\n".join(table.lines_of(table.newest()))


def test_the_measured_figures_are_those_of_the_json(scripts, root):
    measured = scripts("measured")
    entries = json.loads((root / "reports" / "measured.json").read_text(encoding="utf-8"))
    assert entries
    assert readme_between(scripts, root, measured.MARK) == "\n".join(measured.lines_of(entries))


def test_of_several_results_the_newest_versions_are_shown(scripts, tmp_path):
    table = scripts("readme_table")
    record = {
        "work": "a | b",
        "today": "a loop",
        "ratio": 123.4,
        "ours": "",
        "accuracy": "same",
        "target": "6x",
        "met": False,
    }
    for tensorflow, ratio in (("2.21.0", 3.0), ("2.9.1", 5.0)):
        its = {"cores": 2, "python": "3.11.7", "tensorflow": tensorflow}
        results = {"environment": its, "benchmarks": {"x": [record | {"ratio": ratio}]}}
        (tmp_path / f"{tensorflow}.json").write_text(json.dumps(results), encoding="utf-8")
    lines = table.lines_of(table.newest(tmp_path))
    assert lines[-1] == "| a / b | a loop | 3.0x | same | 6x: **not met** |"
    assert table.lines_of(table.newest(tmp_path / "nowhere")) == [table.NONE_YET]


def test_what_only_must_not_be_slower_is_one_row_unless_it_is(scripts):
    table = scripts("readme_table")
    record = {"work": "a", "today": "t", "ratio": 2.0, "ours": "", "accuracy": "same", "target": table.NOT_SLOWER}
    records = [record | {"met": True}, record | {"ratio": 3.0, "met": True}, record | {"ratio": 0.9, "met": False}]
    its = {"cores": 2, "python": "3.11.7", "tensorflow": "2.21.0"}

    first, last = table.lines_of({"environment": its, "benchmarks": {"x": records}})[-2:]

    assert first == "| a | t | 0.9x | same | not slower: **not met** |"
    assert last.startswith("| 2 other kinds of network") and "| 2.0x to 3.0x |" in last


def test_filling_replaces_only_what_stands_between_the_markers(scripts, tmp_path):
    readme = scripts("_readme")
    path = tmp_path / "README.md"
    path.write_text("before\n<!-- x -->\nold\n<!-- /x -->\nafter\n", encoding="utf-8")
    readme.fill("x", ["| new |"], path)
    assert path.read_text(encoding="utf-8") == "before\n<!-- x -->\n\n| new |\n\n<!-- /x -->\nafter\n"
    with pytest.raises(SystemExit, match="README.md must hold <!-- y -->"):
        readme.fill("y", [], path)
