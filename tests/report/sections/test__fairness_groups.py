from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.fairness import Fairness
from appliedml.report.blocks import Figure, Table
from appliedml.report.sections._fairness_groups import groups, impact_ratios


def artifact(classes=("no", "yes")):
    """Two large groups; "few" has 3 rows, "rare" 40 rows of which 3 are truly positive and 2 selected."""
    rng = np.random.default_rng(0)
    group = np.array(["a"] * 600 + ["b"] * 600 + ["few"] * 3 + ["rare"] * 40)
    true = rng.integers(0, len(classes), len(group))
    pred = np.where(rng.random(len(group)) < 0.8, true, 0)
    rare = np.flatnonzero(group == "rare")
    true[rare], pred[rare] = 0, 0
    true[rare[:3]], pred[rare[:2]] = 1, 1
    score = np.where(pred == 1, 0.5, 0) + 0.49 * rng.random(len(group))
    table = pd.DataFrame(
        {"row_id": np.arange(len(group)), "y_true": true, "y_pred": pred, "threshold": 0.5, "p_1": score}
    )
    table["sensitive.g"] = group.astype(object)
    return Fairness(n_resamples=100).conclude([{"table": table, "classes": classes, "levels": {}, "seed": 0}])


def table_of(blocks, caption):
    (found,) = [block for block in blocks if isinstance(block, Table) and block.caption == caption]
    return found


def test_small_cells_and_what_would_give_them_away_are_left_out():
    shown = table_of(groups(artifact()), "Rates by g")
    rows = shown.data.set_index("level")

    assert rows.loc["rare", ["n", "n_positive", "n_selected"]].tolist() == ["40", "<5", "<5"]
    assert rows.loc["rare", ["true_positive_rate", "true_positive_rate_low", "selection_rate"]].isna().all()
    assert rows.loc["few", "n"] == "<5"
    assert rows.loc["few", ["selection_rate", "true_positive_rate", "false_positive_rate"]].isna().all()
    assert rows.loc[["a", "b"], ["selection_rate", "true_positive_rate"]].notna().all(axis=None)
    assert rows.loc["rare", "false_positive_rate"] == 0
    assert "shown as <5" in shown.note
    # Other forms of the report hold every column of a table.
    assert "n_negative" not in shown.data


def test_further_figures_and_charts_leave_the_same_out():
    blocks = groups(artifact())

    further = table_of(blocks, "Further figures by g").data.set_index("level")
    assert np.isnan(further.loc["rare", "prevalence"])
    assert np.isnan(further.loc["rare", "roc_auc"])
    for figure in (block for block in blocks if isinstance(block, Figure)):
        assert "few" not in set(figure.data["group"])
    rates = next(block for block in blocks if isinstance(block, Figure) and block.title == "Rates by g")
    assert "True positive rate" not in set(rates.data.loc[rates.data["group"] == "rare", "rate"])


def test_with_three_classes_the_rows_behind_every_rate_decide():
    rows = table_of(groups(artifact(("cat", "dog", "owl"))), "Rates by g").data.set_index("level")

    assert np.isnan(rows.loc["rare", "true_positive_rate.dog"])
    assert not np.isnan(rows.loc["rare", "true_positive_rate.cat"])


@pytest.mark.parametrize("level", ["few", "rare"])
def test_impact_ratios_of_small_cells_are_left_out(level):
    (_, table) = impact_ratios(artifact())
    row = table.data.set_index("level").loc[level]

    assert row["n_selected"] in ("0", "<5")
    assert row[["selection_rate", "ratio"]].isna().all()
    assert row["reading"] == "too small to judge"
