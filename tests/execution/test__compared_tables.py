import numpy as np
import pytest

from appliedml.execution._compared_measures import measure, measures_for
from appliedml.execution._compared_rows import match
from appliedml.execution._compared_tables import COMPARED, Minimums, differences
from appliedml.metrics._group_tables import rates_for
from appliedml.metrics.classification import METRICS
from appliedml.metrics.comparisons import paired_differences


def compared(a, b, tolerances, minimums=(100, 30, 30)):
    matched = match(a, b, False)
    left, right = (measures_for(side, None, 0.5) for side in (matched.a, matched.b))
    rates = {n: r for n, r in rates_for(matched.classes).items() if n.partition(".")[0] in COMPARED}
    sizes = [len(feature.levels) for feature in matched.features]
    sides = [measure(s, own, rates, sizes, 200, 0) for s, own in ((matched.a, left), (matched.b, right))]
    return matched, differences(matched, right, rates, sides, tolerances, Minimums(*minimums), 0.95)


@pytest.fixture(scope="module")
def runs(two_runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return (
        two_runs.made_run(folder / "a", grouped=True),
        two_runs.made_run(folder / "b", grouped=True, noise=1.5, against=2.5),
    )


def test_differences_are_those_of_the_paired_bootstrap(runs):
    matched, found = compared(*runs, {})
    reference = paired_differences(
        matched.b.y, matched.b.p, matched.a.p, {"brier": METRICS["brier"]}, groups=matched.b.cluster, n_resamples=200
    )["brier"]
    row = found.scores.set_index("metric").loc["brier"]
    assert (row["difference"], row["low"], row["high"]) == pytest.approx(
        (reference.value, reference.low, reference.high)
    )
    assert row["p_value"] == pytest.approx(reference.p)
    assert (row["sought"], row["better"]) == ("lower", "a")


def test_a_gap_that_grew_is_shown_and_smaller_is_better(runs):
    _, found = compared(*runs, {})
    row = found.gaps.set_index("metric").loc["gap.selection_rate"]
    assert row["difference"] == pytest.approx(row["b"] - row["a"])
    assert row["low"] > 0.1
    assert row["better"] == "a"
    assert row["ratio_change"] == pytest.approx(row["ratio_b"] / row["ratio_a"])
    assert row["ratio_high"] < 1
    odds = found.gaps.set_index("metric").loc["gap.equalised_odds"]
    both = found.gaps.set_index("metric").loc[["gap.true_positive_rate", "gap.false_positive_rate"]]
    assert odds["b"] == both["b"].max()


def test_measures_that_are_best_at_one_value_are_judged_by_their_distance(runs):
    _, found = compared(*runs, {"calibration_slope": 0.1})
    row = found.scores.set_index("metric").loc["calibration_slope"]
    (harm,) = found.harms
    assert harm.value == pytest.approx(abs(row["b"] - 1) - abs(row["a"] - 1))


def test_small_groups_make_no_gap_and_what_is_asked_for_is_not_measured(runs):
    _, found = compared(*runs, {"gap.selection_rate": 0.1, "cost": 0.1}, minimums=(5000, 30, 30))
    assert found.gaps.empty
    assert {(harm.metric, harm.subset) for harm in found.harms} == {("gap.selection_rate", "sex"), ("cost", "all")}
    assert all(np.isnan(harm.value) for harm in found.harms)
    assert any("large enough" in why for _, why in found.notes)


def test_groups_hold_their_rates_and_the_rows_behind_them(runs):
    matched, found = compared(*runs, {})
    row = found.groups.set_index(["level", "metric"]).loc[("m", "true_positive_rate")]
    rows = (matched.b.codes[0] == 1) & (matched.b.y == 1)
    assert row["behind"] == rows.sum()
    # Of a group whose size is known a selection rate gives the number of selected away: that is what stands behind it.
    selected = [((side.codes[0] == 1) & (side.predicted == 1)).sum() for side in (matched.a, matched.b)]
    assert found.groups.set_index(["level", "metric"]).loc[("m", "selection_rate"), "behind"] == min(selected)
    assert row["b"] == pytest.approx(matched.b.predicted[rows].mean())
    assert row["low"] < row["difference"] < row["high"]
