from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._fairness_ranking import RANKING_TYPES
from appliedml.audits.fairness import Fairness
from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Table
from appliedml.report.sections._fairness_limits import (
    about_small_rates,
    counted_in_words,
    differences_beside_ratios,
    ranking,
)


@pytest.fixture(scope="module")
def rare():
    """Two of a hundred are selected, in one group twice as often as in the other."""
    rng = np.random.default_rng(0)
    n = 8000
    sex = rng.choice(["F", "M"], n)
    chosen = (rng.random(n) < np.where(sex == "F", 0.013, 0.02)).astype(int)
    score = np.where(chosen == 1, 0.6, 0.1) + 0.3 * rng.random(n)
    table = pd.DataFrame({"row_id": np.arange(n), "fold": 0, "y_true": (rng.random(n) < 0.02).astype(int)})
    table = table.assign(y_pred=chosen, threshold=0.5, p_0=1 - score, p_1=score)
    table["sensitive.sex"] = sex.astype(object)
    evidence = {"table": table, "classes": ("no", "yes"), "levels": {}, "seed": 0}
    return Fairness(n_resamples=200).conclude([evidence])


def test_verdicts_on_rare_outcomes_are_no_reassurance(rare):
    gaps = rare.tables["gaps"].set_index("metric")
    text = about_small_rates(rare)[0].text

    assert gaps.loc["selection_rate", ["verdict", "coarse"]].tolist() == ["within tolerance", True]
    assert "look at the ratio" in gaps.loc["selection_rate", "note"]
    assert "are no reassurance" in text
    assert "so small that a gap of 0.1 cannot arise. Look at the ratio. sex: demographic parity" in text
    assert "The tolerance is wider than some rates" in [finding.title for finding in rare.findings]


def test_the_difference_and_the_ratio_of_the_same_rates_point_at_each_other(rare):
    reading = rare.tables["impact_ratio"].set_index("level").loc["F", "reading"]
    here, there = about_small_rates(rare)[1].text, differences_beside_ratios(rare)[0].text

    assert reading in ("uncertain", "below 0.80")
    for text, section in ((here, "Impact ratios"), (there, "Fairness")):
        assert f'section "{section}"' in text
        assert f"), {reading}" in text
        assert "F by sex 0." in text


def test_where_ratios_agree_nothing_is_said(rare):
    tables = dict(rare.tables)
    tables["impact_ratio"] = tables["impact_ratio"].assign(reading="0.80 or above")
    tables["gaps"] = tables["gaps"].drop(columns="coarse")
    plain = Artifact("fairness", summary=rare.summary, tables=tables)

    assert about_small_rates(plain) == []
    assert differences_beside_ratios(plain) == []


def ranked(*rows):
    names = ["feature", "level", "n", "n_positive", "n_negative", "roc_auc", "rest_roc_auc", "difference", "low",
             "high", "worse"]  # fmt: skip
    table = pd.DataFrame(rows, columns=names).astype(RANKING_TYPES)
    return ranking(Artifact("fairness", summary={"confidence": 0.95}, tables={"ranking": table}))


def test_the_group_that_is_ranked_worst_is_named():
    _, text, table = ranked(
        ("age_band", "30 to 44", 7321, 74, 7247, 0.978, 0.947, 0.031, -0.01, 0.08, False),
        ("age_band", "60 and over", 3497, 27, 3470, 0.864, 0.978, -0.114, -0.26, -0.03, True),
        ("age_band", "few", 3, 1, 2, 0.5, 0.97, -0.47, np.nan, np.nan, False),
    )

    assert "By age_band the AUROC is lowest in 60 and over: 0.864, against 0.978 among everybody else" in text.text
    assert "the score ranks worse there. An association, not a cause" in text.text
    assert isinstance(table, Table)
    assert table.data["reading"].tolist() == ["no difference shown", "warning", "no difference shown"]
    assert table.data.iloc[2][["n", "fewest"]].tolist() == ["<5", "<5"]
    assert np.isnan(table.data.iloc[2]["roc_auc"])


@pytest.mark.parametrize(
    ("low", "high", "said"), [(-0.2, 0.1, "chance is not ruled out"), (np.nan, np.nan, "too few rows to say")]
)
def test_how_sure_the_difference_is_stands_in_the_sentence(low, high, said):
    rows = [("sex", name, 90, 40, 50, auc, 0.9, auc - 0.9, low, high, False) for name, auc in (("F", 0.8), ("M", 0.9))]

    assert said in ranked(*rows)[1].text


def test_without_a_ranking_there_is_nothing_to_say():
    assert ranked() == []
    assert ranking(Artifact("fairness", tables={})) == []


@pytest.mark.parametrize(
    ("what", "clustered", "column", "said"),
    [
        ("rows", True, "customer_id", "customers (customer_id)"),
        ("negatives", True, "customer_id", "customers with a negative row (customer_id)"),
        ("selected", True, "patient", "patients with a selected row (patient)"),
        ("rows", True, "grp7", "values of grp7"),
        ("rows", True, "", "rows"),
        ("positives", False, "customer_id", "positives"),
    ],
)
def test_the_unit_that_was_counted_is_named(what, clustered, column, said):
    assert counted_in_words(what, clustered, column) == said
