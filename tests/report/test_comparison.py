import json
import re

import pytest

from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.errors import RunError
from appliedml.execution.compare_runs import compare_runs
from appliedml.report.comparison import comparison_card, comparison_document, comparison_lines, write_comparison

HOSTILE = "<script>alert('x')</script>|`[a](http://b)`\u202e" + "long " * 2000


@pytest.fixture(scope="module")
def artifact(two_runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    a = two_runs.made_run(folder / "a")
    return compare_runs(a, two_runs.made_run(folder / "b", noise=1.5), n_resamples=50).to_artifact()


def test_sections_stand_in_order(artifact):
    names = [section.name for section in comparison_document(artifact).sections]
    assert names == ["verdict", "changes", "measures", "gaps", "groups", "decisions", "gates", "not_compared"]


def test_three_files_of_the_same_bytes_each_time(artifact, tmp_path):
    first, second = (write_comparison(artifact, tmp_path / name) for name in "ab")
    assert first.name == "comparison.html"
    assert sorted(path.name for path in first.parent.iterdir()) == [
        f"comparison.{end}" for end in ("html", "json", "md")
    ]
    for path in first.parent.iterdir():
        assert path.read_bytes() == (second.parent / path.name).read_bytes()
    data = json.loads((first.parent / "comparison.json").read_text())
    assert data["metadata"]["comparison"]["verdict"] == artifact.summary["verdict"]
    assert data["metadata"]["comparison"]["tolerances"]["roc_auc"] == 0.01


def test_a_run_is_never_written_into(two_runs, artifact, tmp_path):
    run = two_runs.made_run(tmp_path / "run")
    with pytest.raises(RunError, match="Choose another folder with --out"):
        write_comparison(artifact, run.path)


def test_other_artifacts_are_refused():
    with pytest.raises(RunError, match="must be a 'comparison'"):
        comparison_document(Artifact("fairness"))


def test_hostile_names_are_only_text(two_runs, tmp_path):
    finding = Finding(Severity.PROBLEM, HOSTILE, HOSTILE)
    both = {"classes": ("ok", HOSTILE), "levels": ("f", HOSTILE), "plan": {"name": HOSTILE}}
    a = two_runs.made_run(tmp_path / "a", **both)
    b = two_runs.made_run(tmp_path / "b", **both, noise=1.0, findings=(finding,))
    b.info["name"] = HOSTILE
    b.info["versions"][HOSTILE] = HOSTILE
    folder = write_comparison(compare_runs(a, b, n_resamples=20).to_artifact(), tmp_path / "out").parent
    page = (folder / "comparison.html").read_text()
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert" in page
    assert len(page) < 2_000_000
    text = (folder / "comparison.md").read_text()
    assert not re.search(r"(?<!\\)\[a(?<!\\)\]\(http", text)
    assert "<script>" not in text


def test_the_card_is_made_of_the_pages_blocks(artifact):
    shown = comparison_card(artifact)._repr_html_()
    assert "Judged measures" in shown
    assert comparison_lines(artifact)[0] in shown


def test_three_classes_and_rows_apart_make_a_page_too(two_runs, tmp_path):
    classes = ("cat", "dog", "owl")
    a = two_runs.made_run(tmp_path / "a", classes=classes)
    b = two_runs.made_run(tmp_path / "b", classes=classes, ids=[f"x{i}" for i in range(600)])
    document = comparison_document(compare_runs(a, b, other_rows=True, n_resamples=20).to_artifact())
    assert "decisions" not in [section.name for section in document.sections]
    assert write_comparison(compare_runs(a, a, n_resamples=20).to_artifact(), tmp_path / "out").exists()
