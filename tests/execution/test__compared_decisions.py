import numpy as np
import pytest

from appliedml.execution._compared_decisions import agreement, flips, moves
from appliedml.execution._compared_rows import match


@pytest.fixture
def matched(two_runs, tmp_path):
    return match(two_runs.made_run(tmp_path / "a"), two_runs.made_run(tmp_path / "b", seed=5), False)


def test_flips_add_up_over_classes_and_groups(matched):
    table = flips(matched)
    whole = table.iloc[0]
    a, b, y = matched.a.predicted, matched.b.predicted, matched.b.y
    assert whole["flipped"] == (a != b).sum() == whole["mended"] + whole["broken"]
    assert whole["mended"] == ((a != b) & (b == y)).sum()
    for of in ("true class", "sex"):
        part = table[table["of"] == of]
        assert (
            part[["n", "flipped", "mended", "broken"]].sum().tolist()
            == whole[["n", "flipped", "mended", "broken"]].tolist()
        )
    assert moves(matched)["n"].sum() == whole["flipped"]


def test_agreement_is_that_of_the_scores(matched):
    summary, bands = agreement(matched)
    a, b = matched.a.p[:, 1], matched.b.p[:, 1]
    assert summary["pearson"] == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert summary["largest"] == pytest.approx(np.abs(a - b).max())
    assert bands["n"].sum() == 600
    assert bands["share"].sum() == pytest.approx(1)
    assert bands.groupby("band_a")["n"].sum().tolist() == [60] * 10


def test_a_run_agrees_with_itself(matched, two_runs, tmp_path):
    run = two_runs.made_run(tmp_path / "c")
    summary, _ = agreement(match(run, run, False))
    assert (summary["pearson"], summary["largest"], summary["n_flipped"]) == (1.0, 0.0, 0)


def test_nothing_is_counted_row_by_row_on_other_rows(two_runs, tmp_path):
    a = two_runs.made_run(tmp_path / "a2")
    b = two_runs.made_run(tmp_path / "b2", ids=[f"x{i}" for i in range(600)])
    apart = match(a, b, True)
    assert flips(apart).empty and moves(apart).empty
    assert agreement(apart)[0] == {}
