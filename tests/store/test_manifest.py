import json

import pytest

from appliedml.store import layout
from appliedml.store.manifest import (
    Difference,
    compare_files,
    list_files,
    read_as_written,
    read_seal,
    seal,
    seal_artifact,
    walk,
)
from appliedml.store.writer import write_json, write_text


def test_a_fresh_run_is_as_written(run):
    state = compare_files(run)
    assert state.listed
    assert state.differences == ()
    assert set(state.hashes) == set(walk(run)) - {layout.SEAL}
    assert state.sealed["report.html"]["made_by"] == "here"


def test_one_changed_byte_anywhere_names_exactly_that_file(run, small):
    names = list(walk(run))
    assert {"run.json", "seal.json", "timings.json", "report.html", "artifacts/gates/tables/gates.parquet"} <= set(
        names
    )
    for name in names:
        size = (run / name).stat().st_size
        for position in (0, size // 3, size // 2, size - 2, size - 1):
            before = small.flip(run / name, position)
            assert [item.file for item in compare_files(run).differences] == [name], (name, position)
            (run / name).write_bytes(before)


def test_a_byte_more_or_less_is_found(run):
    for name in walk(run):
        before = (run / name).read_bytes()
        for changed in (before + b"\n", before[:-1], b""):
            (run / name).write_bytes(changed)
            assert [item.file for item in compare_files(run).differences] == [name]
        (run / name).write_bytes(before)


def test_a_lost_file_is_missing_whichever_it_is(run):
    for name in walk(run):
        before = (run / name).read_bytes()
        (run / name).unlink()
        assert compare_files(run).differences == (Difference(name, "missing"),)
        (run / name).write_bytes(before)


def test_a_file_that_does_not_belong_is_not_listed(run):
    write_text(run / layout.ARTIFACTS / "fake" / layout.ARTIFACT, "{}")
    (run / "a\n\u202eb").write_text("")
    (run / "link").symlink_to("/etc/hostname")
    found = [str(item) for item in compare_files(run).differences]
    assert found == ["a\\n\\u202eb: not listed", "artifacts/fake/artifact.json: not listed", "link: not listed"]


def test_a_link_in_place_of_a_file_is_a_change(run, tmp_path):
    (run / layout.SCORES).rename(tmp_path / "elsewhere")
    (run / layout.SCORES).symlink_to(tmp_path / "elsewhere")
    assert compare_files(run).differences == (Difference(layout.SCORES, "changed"),)


def test_a_new_seal_over_a_changed_table_does_not_hide_it(run, small):
    small.flip(run / layout.SCORES)
    seal(run, [layout.SCORES])
    assert compare_files(run).differences == (Difference(layout.SCORES, "changed"),)


def test_sealing_what_was_written_later_hides_no_other_change(run, small):
    small.flip(run / layout.TIMINGS)
    write_text(run / layout.REPORT_HTML, "new")
    seal(run, [layout.REPORT_HTML])
    assert compare_files(run).differences == (Difference(layout.TIMINGS, "changed"),)


def test_a_damaged_seal_is_not_mended_by_the_next_writer(run, small):
    small.flip(run / layout.SEAL, 40)
    seal(run, [layout.REPORT_HTML])
    assert read_seal(run) == {}
    assert compare_files(run).differences == (Difference(layout.SEAL, "damaged"),)


def test_a_judgement_with_fewer_tables_is_sealed_as_it_is(run):
    from appliedml.core.artifact import Artifact
    from appliedml.store.writer import write_artifact

    gates = run / layout.ARTIFACTS / "gates"
    (gates / layout.TABLES / "gates.parquet").unlink()
    write_artifact(gates, Artifact("gates", summary={"verdict": "fail"}))
    seal_artifact(run, "gates")
    assert [item.what for item in compare_files(run).differences] == ["missing"]
    seal(run, ["artifacts/gates/tables/gates.parquet"])
    assert compare_files(run).differences == ()


def test_a_run_without_lists_says_so_and_gets_no_seal(tmp_path):
    write_json(tmp_path / layout.RUN, {"format": layout.FORMAT_NAME})
    seal(tmp_path, [layout.RUN])
    assert not compare_files(tmp_path).listed
    assert not (tmp_path / layout.SEAL).exists()


@pytest.mark.parametrize(
    "files", [[], {"run.json": 7}, {"run.json": {"sha256": 1, "size": 2}}, {"../../etc/passwd": {"size": 1}}, None]
)
def test_a_list_of_another_form_is_no_list(run, files):
    info = json.loads((run / layout.RUN).read_text())
    write_json(run / layout.RUN, info | {"files": files})
    write_json(run / layout.SEAL, {"format": "appliedml-seal", "files": files})
    assert read_seal(run) == {}
    assert not compare_files(run).listed


def test_deep_nesting_and_bytes_that_are_no_text_are_damage_not_a_crash(run):
    for content in (b"[" * 100_000, b"\xff\xfe", b"", b"{}", b"NaN"):
        (run / layout.SEAL).write_bytes(content)
        assert compare_files(run).differences == (Difference(layout.SEAL, "damaged"),)


def test_only_our_own_way_of_writing_is_as_written(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert read_as_written(tmp_path / "a.json") == {"b": 1, "a": "é"}
    (tmp_path / "a.json").write_text('{"a": "é", "b": 1}')
    assert read_as_written(tmp_path / "a.json") is None


def test_a_part_of_the_files_can_be_looked_at(run, small):
    small.flip(run / layout.TIMINGS)
    assert compare_files(run, only=[layout.SCORES]).differences == ()
    assert compare_files(run, without=[layout.TIMINGS]).differences == ()
    assert set(list_files(run, without=[layout.RUN])) == set(walk(run)) - {layout.RUN, layout.SEAL}
