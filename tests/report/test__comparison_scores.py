import pytest

from appliedml.core.small_counts import MIN_CELL as SMALL
from appliedml.execution.compare_runs import compare_runs
from appliedml.report import _comparison_scores as scores
from appliedml.report.blocks import Figure, Table, Text


@pytest.fixture(scope="module")
def artifact(two_runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    a = two_runs.made_run(folder / "a", grouped=True)
    b = two_runs.made_run(folder / "b", grouped=True, noise=1.5, against=2.0)
    return compare_runs(a, b, n_resamples=50).to_artifact()


def of(kind, blocks):
    return [block for block in blocks if isinstance(block, kind)]


def test_measures_are_tables_by_kind_under_a_chart_turned_to_better(artifact):
    found = scores.measures(artifact)
    assert [table.caption for table in of(Table, found)] == ["Discrimination", "Calibration", "Decisions"]
    (chart,) = of(Figure, found)
    drawn = chart.data.set_index("measure")
    plain = artifact.tables["scores"].set_index("metric")
    assert drawn.loc["Brier score", "better_by"] == -plain.loc["brier", "difference"]
    assert drawn.loc["AUROC", "better_by"] == plain.loc["roc_auc", "difference"]
    assert (drawn["low"] <= drawn["better_by"]).all() and (drawn["better_by"] <= drawn["high"]).all()
    assert "resamples of sets of rows that belong together by the plan's group column" in of(Text, found)[0].text


def test_a_measure_that_moved_past_its_target_is_not_said_to_show_no_difference(artifact):
    from dataclasses import replace

    plain = artifact.tables["scores"].set_index("metric", drop=False)
    moved = ["observed_to_predicted", "better", "low", "high"]
    plain.loc[moved[0], moved[1:]] = ["not shown", 0.015, 0.028]
    found = scores.measures(replace(artifact, tables=dict(artifact.tables) | {"scores": plain}))
    table = next(block for block in of(Table, found) if block.caption == "Calibration")
    reading = table.data.set_index("measure")["reading"]
    assert reading["Observed divided by predicted"] == "differs; not shown nearer to 1"
    assert "not shown to be nearer" in table.note


def test_gaps_and_ratios_say_which_way_is_better(artifact):
    found = scores.gaps(artifact)
    gaps, ratios = of(Table, found)
    assert "sets of rows that belong together" in gaps.note and "groups of rows" not in gaps.note
    assert "smaller is better" in gaps.note and "nearer to 1 is better" in ratios.note
    row = gaps.data.set_index("criterion").loc["Selection rate"]
    assert row["reading"] == "B is worse"


def test_rates_of_few_rows_are_not_shown(artifact):
    table = artifact.tables["groups"].assign(behind=SMALL - 1, n=SMALL - 1)
    tables = dict(artifact.tables) | {"groups": table}
    from dataclasses import replace

    (shown,) = scores.groups(replace(artifact, tables=tables))
    assert shown.data["a"].isna().all() and shown.data["low"].isna().all()
    assert set(shown.data["n"]) == {"<5"}


def test_few_flips_are_not_counted_out(artifact):
    from dataclasses import replace

    flips = artifact.tables["flips"].copy()
    flips.loc[1:, ["flipped", "mended", "broken"]] = 3
    moves = artifact.tables["moves"].assign(n=2)
    found = scores.decisions(replace(artifact, tables=dict(artifact.tables) | {"flips": flips, "moves": moves}))
    first, second = of(Table, found)
    assert set(first.data["flipped"].iloc[1:]) == {"<5"}
    assert first.data["share"].iloc[1:].isna().all()
    assert set(second.data["n"]) == {"<5"}
    (chart,) = of(Figure, found)
    assert chart.data["Tenth in B"].iloc[:10].tolist() == [str(band) for band in range(1, 11)]
    assert chart.data["percent"].between(0, 100).all()
