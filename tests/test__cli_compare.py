import json

import pytest

from appliedml import cli
from appliedml.report.html import template_text
from appliedml.store import layout
from appliedml.store.manifest import list_files, seal_run
from appliedml.store.writer import write_json, write_table


def call(*arguments, capfd):
    code = cli._invoke(cli.app, ["compare", *map(str, arguments)])
    out, err = capfd.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def runs(two_runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return two_runs.made_run(folder / "a").path, two_runs.made_run(folder / "b", noise=2.0).path


def test_a_run_compared_with_itself_is_equal(runs, tmp_path, capfd):
    code, out, _ = call(runs[0], runs[0], "--strict", "--worse-by", 0, "--out", tmp_path, capfd=capfd)
    assert code == 0
    assert "the same scores and decisions" in out
    assert "Nothing changed" in out


def test_worse_beyond_tolerance_is_exit_code_1_and_the_page_is_named(runs, capfd):
    code, out, _ = call(*runs, capfd=capfd)
    assert code == 1
    assert out.startswith("B is worse than A, beyond tolerance\nBeyond tolerance: AUROC by ")
    page = runs[1].parent.resolve() / "compare_a_vs_b" / "comparison.html"
    assert f"page:    {page}" in out
    assert page.is_file()


def test_a_measure_on_the_other_side_of_its_target_is_said_to_differ(two_runs, tmp_path, capfd):
    low, high = (two_runs.made_run(tmp_path / name, shift=shift).path for name, shift in (("a", -0.3), ("b", 0.4)))
    _, out, _ = call(low, high, "--out", tmp_path / "page", capfd=capfd)
    ends = {line.split()[0]: line.rpartition(")   ")[2] for line in out.splitlines() if ")   " in line}
    assert ends["calibration_intercept"] == "differs; not shown nearer to 0"
    assert ends["selection_rate"] == "no direction is better"
    assert "differs; not shown nearer to 0" in (tmp_path / "page" / "comparison.md").read_text(encoding="utf-8")


def test_a_wide_tolerance_is_exit_code_0_and_strict_asks_for_more(runs, tmp_path, capfd):
    given = ("--worse-by", 5, "--out", tmp_path)
    assert call(*runs, *given, "--strict", capfd=capfd)[0] == 0
    more = (*given, "--worse-by", "gap.true_positive_rate=0")
    assert call(*runs[::-1], *more, capfd=capfd)[0] == 0
    assert call(*runs[::-1], *more, "--strict", capfd=capfd)[0] == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--worse-by", "roc_auk=1"), "Did you mean 'roc_auc'"),
        (("--worse-by", "much"), "must be a number of at least 0"),
        (("--out", "RUN"), "is the folder of a run"),
    ],
)
def test_a_mistake_is_one_sentence(runs, capfd, arguments, sentence):
    code, _, err = call(*runs, *(runs[0] if item == "RUN" else item for item in arguments), capfd=capfd)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err


def test_other_rows_are_refused_with_their_meaning(two_runs, runs, tmp_path, capfd):
    other = two_runs.made_run(tmp_path / "c", ids=[f"x{i}" for i in range(600)]).path
    code, _, err = call(runs[0], other, capfd=capfd)
    assert code == 2
    assert "may then come from the rows and not from the model" in err
    code, out, _ = call(runs[0], other, "--other-rows", capfd=capfd)
    assert code == 0
    assert "No row is known to be in both runs" in out


def test_comparing_needs_no_tensorflow(runs, tmp_path, run_python):
    arguments = ["compare", *map(str, runs), "--out", str(tmp_path)]
    run_python(
        f"import sys; from appliedml import cli; assert cli._invoke(cli.app, {arguments!r}) == 1; "
        "found = {'tensorflow', 'keras', 'shap', 'sklearn'} & set(sys.modules); assert not found, found"
    )


def test_a_policy_file_gives_the_tolerances(runs, tmp_path, capfd):
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\ngates: [{metric: roc_auc, at_least: 0.5}]\nworse_by: 5\n")
    given = (*runs, "--policy", policy, "--out", tmp_path / "page")

    assert call(*given, capfd=capfd)[0] == 0
    assert call(*given, "--worse-by", "roc_auc=0", capfd=capfd)[0] == 1


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_run_whose_evidence_was_changed_is_inconclusive_and_the_page_says_so_first(two_runs, tmp_path, capfd, side):
    pair = {name: two_runs.made_run(tmp_path / name) for name in "ab"}
    for run in pair.values():
        sealed(run)
    folders = [run.path for run in pair.values()]
    out = tmp_path / "page"
    code, told, _ = call(*folders, "--out", out, capfd=capfd)
    assert code == 0
    assert "Nothing changed" in told

    changed = pair[side]
    write_table(changed.path / layout.SCORES, changed.scores.assign(value=0.99))
    code, told, err = call(*folders, "--out", out, capfd=capfd)

    title = f"Inconclusive: files of run {side.upper()} do not match the seal"
    assert code == 3
    assert told.startswith(f"{title}\nRun {side.upper()}: scores.parquet.")
    assert "Nothing changed" not in told
    assert "scores.parquet: changed" in err
    found = json.loads((out / "comparison.json").read_text())
    machine = found["metadata"]["comparison"]
    assert (machine["verdict"], machine["exit_code"]) == ("inconclusive", 3)
    assert machine["changed_files"] == {"a": [], "b": []} | {side: ["scores.parquet"]}
    first = found["sections"][0]["blocks"][0]
    assert (first["tone"], first["title"]) == ("bad", title)
    page = (out / "comparison.html").read_text()
    assert page[page.index("<main") :].index(title) < 600
    assert "Every difference on this page is zero" not in page
    assert "Nothing changed" not in page
    assert "measures of audits (1 of 1)" in page
    assert template_text("explorer.js") not in page


def sealed(run):
    write_json(run.path / layout.RUN, run.info | {"files": list_files(run.path, [layout.RUN])})
    seal_run(run.path)
