from __future__ import annotations

import shutil
from datetime import datetime

import pytest

from appliedml.errors import RunError
from appliedml.report import blocks
from appliedml.report.build import write_report
from appliedml.report.html import template_text
from appliedml.report.run_index import find_runs, index_document, write_index
from appliedml.store import layout
from appliedml.store.manifest import list_files, seal_run
from appliedml.store.run import Run
from appliedml.store.sign_offs import append_sign_off
from appliedml.store.writer import write_json, write_table, write_text

NAME = '<script>alert(1)</script>\u202e & "q" javascript:alert(2) #?%'


def make(demo, folder, started, **info):
    made = demo.demo_run(folder, **info)
    write_json(folder / layout.RUN, made.info | {"files": list_files(folder, [layout.RUN, layout.TIMINGS])})
    write_json(folder / layout.TIMINGS, {"started": started})
    seal_run(folder)
    return folder


@pytest.fixture
def reports(demo, tmp_path):
    folder = tmp_path / "reports"
    make(demo, folder / "old", "2026-11-01T08:00:00+00:00")
    make(demo, folder / "deep" / "new", "2026-11-02T08:00:00+00:00")
    make(demo, folder / "other", "2026-10-02T08:00:00+00:00", name="fraud")
    write_report(Run(folder / "old"), formats="html")
    return folder


def section(document, name):
    return next(found for found in document.sections if found.name == name)


def of(found, kind):
    return [block for block in found.blocks if isinstance(block, kind)]


def test_runs_are_grouped_by_plan_newest_first_with_their_figures(reports):
    document = index_document(find_runs(reports))

    assert [found.title for found in document.sections] == ["claims", "fraud"]
    table, figures = of(section(document, "plan-1"), blocks.Table)
    assert table.data["shown"].tolist() == ["new", "old"]
    assert table.data["date"].tolist() == ["2026-11-02 08:00", "2026-11-01 08:00"]
    assert table.data["verdict"].tolist() == ["fail", "fail"]
    assert figures.data["started"].tolist() == ["2026-11-02 08:00", "2026-11-01 08:00"]
    assert figures.data["roc_auc_low"].tolist() == [0.824, 0.824]
    assert {column.name for column in figures.columns} >= {"started", "roc_auc", "rows", "data"}
    assert table.data["path"].tolist() == ["", "old/report.html"]
    assert table.data["files"].tolist() == ["as written", "as written"]
    assert document.metadata["facts"] == {"Runs": "3", "Plans": "2", "Not listed": "0"}


def test_the_trend_has_a_point_a_run_and_one_run_has_no_trend(reports):
    document = index_document(find_runs(reports))

    (trend,) = of(section(document, "plan-1"), blocks.Figure)
    assert trend.data["date"].tolist() == ["2026-11-01 08:00", "2026-11-02 08:00"]
    assert "0.838 (0.824 to 0.851) on 2026-11-01" in trend.alt
    assert of(section(document, "plan-2"), blocks.Figure) == []


def test_other_data_in_a_trend_are_said(demo, reports):
    make(
        demo,
        reports / "third",
        "2026-11-03T08:00:00+00:00",
        data=Run(reports / "old").info["data"] | {"fingerprint": "cd"},
    )

    (trend,) = of(section(index_document(find_runs(reports)), "plan-1"), blocks.Figure)
    assert "The data were not the same" in trend.alt


def test_damaged_and_unfinished_folders_are_listed_with_the_reason(demo, reports):
    (reports / f"x{layout.UNFINISHED}").mkdir()
    write_text(reports / "broken" / layout.RUN, "{")
    make(demo, reports / "torn", "2026-11-03T08:00:00+00:00")
    (reports / "torn" / layout.SCORES).write_bytes(b"no table")
    make(demo, reports / "lost", "2026-11-03T08:00:00+00:00")
    (reports / "lost" / layout.RUN).unlink()
    make(demo, reports / "odd", "2026-11-03T08:00:00+00:00", data={"fingerprint": "ab", "n_rows_used": "many"})

    found = dict(find_runs(reports).left_out)
    assert set(found) == {"x.unfinished", "broken", "torn", "lost", "odd"}
    assert "unfinished run" in found["x.unfinished"]
    assert "cannot be read as JSON" in found["broken"]
    assert "damaged" in found["odd"]
    assert str(reports) not in "".join(found.values())
    assert write_index(reports)[1:] == (3, 5)


def test_changed_files_and_sign_offs_are_shown(demo, reports):
    append_sign_off(reports / "old", name="A. Owner", decision="approve", note="Pilot.")
    path = reports / "other" / layout.TIMINGS
    path.write_text(path.read_text().replace("08:00", "09:00"))
    rows = {run["folder"]: run for run in find_runs(reports).runs}
    assert rows["old"]["sign_off"].startswith("approve: A. Owner, 20")
    assert rows["old"]["sign_off"].count(";") == 0
    assert rows["other"]["files"] == "timings.json: changed"

    path = reports / "old" / layout.TIMINGS
    path.write_text(path.read_text().replace("08:00", "09:00"))
    assert find_runs(reports).runs[1]["sign_off"].endswith("files were changed since")
    (reports / "old" / layout.SIGN_OFFS).write_text("[")
    assert find_runs(reports).runs[1]["sign_off"] == "sign_offs.json was changed"


def test_a_run_whose_scores_were_changed_is_not_shown_as_a_pass(demo, tmp_path):
    make(demo, tmp_path / "run", "2026-11-01T08:00:00+00:00")
    before = find_runs(tmp_path).runs[0]["verdict"]
    scores = Run(tmp_path / "run").scores
    write_table(tmp_path / "run" / layout.SCORES, scores.assign(value=scores["value"] + 0.01))

    (row,) = find_runs(tmp_path).runs
    assert (before, row["verdict"], row["files"]) == ("fail", "inconclusive", "scores.parquet: changed")


def test_a_run_of_which_a_file_that_is_not_shown_was_changed_is_inconclusive_and_the_file_is_named(demo, tmp_path):
    folder = make(demo, tmp_path / "run", "2026-11-01T08:00:00+00:00")
    append_sign_off(folder, name="A. Owner", decision="approve", note="Pilot.")
    (folder / "notes.txt").write_text("mine")
    (before,) = find_runs(tmp_path).runs
    changed = folder / layout.ARTIFACTS / "demo_audit" / layout.ARTIFACT
    write_text(changed, f"{changed.read_text()} ")

    (row,) = find_runs(tmp_path).runs
    assert (before["verdict"], before["files"], before["sign_off"].count(";")) == ("fail", "as written", 0)
    assert (row["verdict"], row["files"]) == ("inconclusive", "artifacts/demo_audit/artifact.json: changed")
    assert row["sign_off"].endswith("files were changed since")


def test_a_run_whose_evidence_can_no_longer_be_read_is_left_out_for_that(demo, tmp_path):
    folder = make(demo, tmp_path / "run", "2026-11-01T08:00:00+00:00")
    (folder / layout.SCORES).write_bytes(b"no table")

    ((name, why),) = find_runs(tmp_path).left_out
    assert name == "run"
    assert why.startswith("the evidence was changed after the run: scores.parquet; Run run: scores.parquet cannot be")


def test_many_changed_files_are_not_all_named(demo, tmp_path):
    folder = make(demo, tmp_path / "run", "2026-11-01T08:00:00+00:00")
    for number in range(7):
        write_text(folder / layout.ARTIFACTS / f"note {number}", "mine")

    (row,) = find_runs(tmp_path).runs
    assert row["files"].endswith("note 4: not listed; and 2 more")


def test_the_index_carries_no_script_of_the_explorer(reports):
    page, _, _ = write_index(reports)
    assert template_text("explorer.js") not in page.read_text(encoding="utf-8")


def test_the_page_is_the_same_for_the_same_folder_wherever_it_is_written(reports, tmp_path):
    first = write_index(reports)[0].read_bytes()
    assert write_index(reports)[0].read_bytes() == first
    assert str(reports).encode() not in first

    page = write_index(reports, tmp_path / "pages" / "a.html")[0].read_text(encoding="utf-8")
    assert 'href="./../reports/old/report.html"' in page


def test_hostile_names_are_text_and_links_lead_nowhere_else(demo, reports):
    folder = reports / "javascript:alert(1) <b> '%2e"
    make(demo, folder, "2026-11-04T08:00:00+00:00", name=NAME, run_hash=NAME)
    write_text(folder / layout.REPORT_HTML, "x")
    shutil.copytree(reports / "old", reports / "deep" / "\u202e&#.unfinished")
    page = write_index(reports)[0].read_text(encoding="utf-8")

    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "<b>" not in page
    assert 'href="./javascript%3Aalert%281%29%20%3Cb%3E%20%27%252e/report.html"' in page
    assert 'href="javascript' not in page.lower()


def test_comparisons_are_linked(reports):
    write_text(reports / "comparisons" / "comparison a.html", "x")
    document = index_document(find_runs(reports), "..")

    assert section(document, "comparisons").blocks[0].data["path"].tolist() == ["../comparisons/comparison a.html"]


def test_more_runs_than_a_table_shows_stand_in_a_second_one(demo, reports):
    found = find_runs(reports)
    many = type(found)(tuple(found.runs[0] | {"folder": f"r{n:03}"} for n in range(230)), (), ())
    first, second, third, *figures = of(section(index_document(many), "plan-1"), blocks.Table)

    assert [len(part.data) for part in (first, second, third)] == [100, 100, 30]
    assert (first.collapsed, third.collapsed) == (False, True)
    assert [len(part.data) for part in figures] == [100, 100, 30]
    # They share one date, so it names none of them.
    assert figures[0].data["started"].tolist()[:2] == ["r000", "r001"]


def ticks(found, dates):
    row = next(run for run in found.runs if run["plan"] == "claims")
    runs = tuple(row | {"date": date, "folder": date} for date in sorted(dates, reverse=True))
    (trend,) = of(section(index_document(type(found)(runs, (), ())), "plan-1"), blocks.Figure)
    axes = {str(layer["encoding"]["x"]["axis"]) for layer in trend.chart["layer"]}
    assert len(axes) == 1
    axis = trend.chart["layer"][0]["encoding"]["x"]["axis"]
    return [datetime(*tick.values()).strftime(axis["format"]) for tick in axis["values"]], trend.alt


@pytest.mark.parametrize(
    ("dates", "labels"),
    [
        (["2026-11-01 08:00", "2026-11-01 09:30"], ["2026-11-01 08:00", "2026-11-01 09:30"]),
        (["2026-11-01 08:00", "2026-11-01 08:00", "2026-11-02 07:00"], ["2026-11-01 08:00", "2026-11-02 07:00"]),
        (
            ["2026-11-01 08:00", "2026-11-01 09:00", "2026-11-02 07:00", "2026-12-01 07:00"],
            ["2026-11-01", "2026-11-02", "2026-12-01"],
        ),
    ],
)
def test_no_two_ticks_of_a_trend_read_alike(reports, dates, labels):
    assert ticks(find_runs(reports), dates)[0] == labels


def test_a_long_trend_has_few_ticks_with_its_first_and_last_day(reports):
    days = [f"2026-{month:02}-{day:02} 10:00" for month in range(1, 13) for day in range(1, 29)]
    labels, _ = ticks(find_runs(reports), days)

    assert (len(set(labels)), labels[0], labels[-1]) == (5, "2026-01-01", "2026-12-28")


def test_a_trend_of_one_day_is_told_by_its_times(reports):
    _, alt = ticks(find_runs(reports), ["2026-11-01 08:00", "2026-11-01 09:30"])

    assert "on 2026-11-01 08:00 to" in alt
    assert alt.endswith("on 2026-11-01 09:30.")


def test_what_holds_no_runs_is_refused_and_nothing_is_written(reports, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RunError, match="holds no run, so no page was written. Give the folder that holds the run fold"):
        write_index(empty)
    with pytest.raises(RunError, match=f"is a run, and .* appliedml index {reports}$"):
        write_index(reports / "old")
    assert not list(empty.iterdir())
    assert not (reports / "old" / "index.html").exists()
    with pytest.raises(RunError, match="is not a folder"):
        write_index(tmp_path / "absent")
    with pytest.raises(RunError, match="Give the name of a page"):
        write_index(tmp_path, tmp_path)


def test_a_folder_of_runs_that_cannot_be_read_has_a_page_that_says_so(tmp_path):
    write_text(tmp_path / "broken" / layout.RUN, "{")
    page, n_runs, n_left = write_index(tmp_path)

    assert (n_runs, n_left) == (0, 1)
    assert "There is no run here that can be read" in page.read_text(encoding="utf-8")
