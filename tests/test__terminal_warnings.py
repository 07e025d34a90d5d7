import pytest

from appliedml import cli
from appliedml._terminal_warnings import MOST_NAMED, warn_of_changes
from appliedml.store import layout
from appliedml.store.manifest import list_files, seal_run
from appliedml.store.run import Run
from appliedml.store.writer import write_json


@pytest.fixture
def runs(two_runs, tmp_path):
    made = [two_runs.made_run(tmp_path / "a").path, two_runs.made_run(tmp_path / "b", noise=2.0).path]
    write_json(made[0] / layout.RUN, Run(made[0]).info | {"files": list_files(made[0], [layout.RUN])})
    seal_run(made[0])
    return made


def test_a_run_as_it_was_written_is_not_spoken_of(runs, capfd):
    warn_of_changes(runs[0])
    assert capfd.readouterr().err == ""


def test_changed_files_are_named_and_many_are_counted(runs, capfd):
    with (runs[0] / layout.SCORES).open("ab") as file:
        file.write(b" ")
    names = [f"added_{number}.txt" for number in range(MOST_NAMED + 1)]
    for name in names:
        (runs[0] / name).write_text("x")
    warn_of_changes(runs[0])
    said = capfd.readouterr().err
    assert f"{len(names) + 1} files do not match the seal" in said
    assert names[0] in said
    assert f"and {len(names) + 1 - MOST_NAMED} more" in said


def test_a_changed_run_is_compared_with_a_warning(runs, tmp_path, capfd):
    path = runs[0] / "added.txt"
    path.write_text("x")
    code = cli._invoke(cli.app, ["compare", *map(str, runs), "--out", str(tmp_path / "out")])
    assert code in (0, 1)
    assert "added.txt" in capfd.readouterr().err
