from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.fairness import Fairness as Audit
from appliedml.core.artifact import Artifact, Status
from appliedml.report.blocks import Callout, Document, Figure, Section, Subheading, Table, Text
from appliedml.report.html import render_html
from appliedml.report.sections.fairness import Fairness

# Rates that leave room for a gap of the tolerance.
ROOMY = ["selection_rate", "true_positive_rate"]


def evidence(n=4000, gap=0.3, classes=("no", "fraud"), unknown=False, group=False):
    """What the audit keeps of one fold, with a gap in the true positive rate by sex."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["F", "<b>M</b>"], n)
    true = rng.integers(0, len(classes), n)
    keep = 0.8 - gap * (sex == "F")
    pred = np.where(rng.random(n) < keep, true, rng.integers(0, len(classes), n))
    score = np.where(pred == 1, 0.5, 0) + 0.49 * rng.random(n)
    table = pd.DataFrame({"row_id": np.arange(n), "y_true": true, "y_pred": pred, "threshold": 0.5, "p_1": score})
    table["sensitive.sex"] = sex.astype(object)
    table["sensitive.region"] = rng.choice(["n", "s", "unknown" if unknown else "w"], n, p=[0.5, 0.49, 0.01])
    if group:
        table["group"] = np.arange(n) // 2
    return {"table": table, "classes": classes, "levels": {}, "seed": 0}


class Run(dict):
    """What the section reads of a run."""

    info = {"schema": {"target": "y", "group": "customer_id"}}


def blocks_of(**settings):
    artifact = Audit().conclude([evidence(**settings)])
    return Fairness().blocks(Run(fairness=artifact)), artifact


def tables(blocks):
    return {block.caption: block for block in blocks if isinstance(block, Table)}


@pytest.fixture(scope="module")
def made():
    return blocks_of()


def test_the_verdict_comes_first_with_its_figures(made):
    blocks, artifact = made

    assert isinstance(blocks[0], Callout)
    assert (blocks[0].tone, blocks[0].title) == ("bad", "Disparity found: a gap exceeds the tolerance")
    assert "Disparity by sex" in blocks[0].text
    n = int((artifact.tables["gaps"]["verdict"] == "disparity").sum())
    assert f"{n} disparity" in blocks[0].text


@pytest.mark.parametrize(
    ("settings", "tone"), [({"n": 60_000, "gap": 0.0}, "warning"), ({"n": 400, "gap": 0.0}, "warning")]
)
def test_what_cannot_be_judged_is_not_called_in_order(settings, tone):
    assert blocks_of(**settings)[0][0].tone == tone


def test_no_open_question_is_in_order():
    few = {"min_rows": 2, "min_positives": 2, "min_negatives": 2}
    audit = Audit(intersections=[], metrics=ROOMY, tolerance=0.45, **few)

    blocks = Fairness().blocks({"fairness": audit.conclude([evidence(gap=0.0)])})

    assert (blocks[0].tone, blocks[0].title) == ("good", "Every gap is within tolerance")


def test_where_not_all_groups_are_judged_the_title_says_so():
    audit = Audit(intersections=[], metrics=ROOMY, tolerance=0.45)

    blocks = Fairness().blocks({"fairness": audit.conclude([evidence(gap=0.0)])})

    assert blocks[0].title == "Every gap judged is within tolerance; not all groups are judged"


def test_a_difference_of_open_size_is_no_problem_yet():
    audit = Audit(intersections=[], tolerance=0.18)

    blocks = Fairness().blocks({"fairness": audit.conclude([evidence(n=2500)])})

    assert blocks[0].tone == "warning"
    assert "its size against the tolerance is open" in blocks[0].title


def test_unknown_people_who_are_treated_differently_are_in_the_verdict_and_in_a_table():
    item = evidence(unknown=True, n=6000, gap=0.0)
    table = item["table"]
    table.loc[:900, "sensitive.region"] = "unknown"
    table.loc[:900, "y_pred"] = 1

    blocks = Fairness().blocks({"fairness": Audit(intersections=[]).conclude([item])})

    assert "People of unknown region are treated differently" in blocks[0].text
    shown = tables(blocks)["People of unknown level against the judged groups"].data
    assert "warning" in set(shown["reading"])


@pytest.mark.parametrize(("rule", "said"), [("at most 0.05", True), ("at most 0.1", False)])
def test_bounds_of_the_policy_that_differ_from_the_tolerance_are_said_once(rule, said):
    gates = pd.DataFrame(
        [("gap.true_positive_rate", "sex", rule), ("gap.true_positive_rate", "colour", "at most 0.3")],
        columns=["metric", "subset", "rule"],
    )
    artifacts = {
        "fairness": Audit(intersections=[], n_resamples=100).conclude([evidence()]),
        "gates": Artifact("gates", tables={"gates": gates}),
    }

    blocks = Fairness().blocks(artifacts)

    texts = [block.text for block in blocks if isinstance(block, Text) and "bounds of its own" in block.text]
    assert len(texts) == said
    assert all("True positive rate, gap, by sex: at most 0.05." in text and "colour" not in text for text in texts)


def test_a_gap_that_cannot_be_compared_is_neither_in_the_table_nor_drawn():
    item = evidence(gap=0.0)
    item["table"]["y_true"] = 0

    blocks = Fairness().blocks({"fairness": Audit(intersections=[]).conclude([item])})

    shown = tables(blocks)["Largest gap between two groups, by criterion"].data.set_index(["feature", "criterion"])
    assert shown.loc[("sex", "equalised odds"), ["gap", "low", "high", "ratio"]].isna().all()
    drawn = next(block for block in blocks if isinstance(block, Figure) and block.title.startswith("Largest gaps"))
    assert "equal opportunity" not in set(drawn.data["criterion"])
    assert drawn.data[["gap", "low", "high"]].notna().all(axis=None)


def test_no_word_claims_certainty(made):
    words = " ".join(str(block) for block in made[0] if isinstance(block, Text | Callout))
    words += " ".join(block.note + block.data.to_string() for block in made[0] if isinstance(block, Table))

    assert "surely" not in words
    assert "with 95 % confidence (corrected)" in words


def test_every_column_that_is_shown_exists(made):
    for table in (block for block in made[0] if isinstance(block, Table | Figure)):
        wanted = [name for column in table.columns for name in (column.name, *(column.bounds or ()))]
        assert set(wanted) <= set(table.data.columns)


def test_gaps_are_drawn_with_the_tolerance_and_rates_by_group(made):
    titles = [block.title for block in made[0] if isinstance(block, Figure)]

    assert titles[0] == "Largest gaps, with intervals that hold together (95 %)"
    assert {"Rates by sex", "Calibration by sex", "Rates by region"} <= set(titles)
    assert any(title.startswith("Precision as the gap") and "optimistic" in title for title in titles)
    assert all(block.alt for block in made[0] if isinstance(block, Figure))


def test_small_groups_and_unknown_people_are_named():
    blocks, _ = blocks_of(unknown=True)
    found = tables(blocks)

    features = found["Features and intersections, with people of unknown level"].data.set_index("feature")
    assert int(features.loc["region", "n_unknown"]) > 0
    n = features.loc["region", "n_unknown"]
    texts = [block.text for block in blocks if isinstance(block, Text)]
    assert f"Rows of people of unknown level, who are counted but not compared: region {n}." in texts
    assert "they are not compared" in found["Rates by region"].note
    assert "w" in set(tables(blocks_of()[0])["Groups too small to judge"].data["level"])


def test_criteria_their_conflict_and_the_limits_are_said(made):
    texts = " ".join(block.text for block in made[0] if isinstance(block, Text))

    for words in (
        "Kleinberg",
        "Chouldechova",
        "not a cause",
        "Westfall and Young",
        "Bonferroni",
        "'fraud'",
        "unlawful",
    ):
        assert words in texts
    headings = [block.text for block in made[0] if isinstance(block, Subheading)]
    assert "What the criteria ask for" in headings
    assert "compliant" not in texts


def test_rows_in_groups_are_counted_as_units():
    blocks, artifact = blocks_of(group=True)

    labels = {column.name: column.label for column in tables(blocks)["Rates by sex"].columns}
    assert labels["n_units"] == "Customers"
    assert "customers (told apart by customer_id; all rows of" in tables(blocks)["Groups too small to judge"].note
    assert f"{artifact.summary['n_units']:,} units" in blocks[-1].text


def test_three_classes_show_recall_by_class_and_no_price():
    blocks, _ = blocks_of(classes=("cat", "dog", "owl"))

    assert any(column.label == "True positive rate (owl)" for column in tables(blocks)["Rates by sex"].columns)
    assert not any(isinstance(block, Subheading) and "mitigation" in block.text for block in blocks)


def test_an_audit_that_does_not_apply_leaves_its_reason_to_the_report():
    artifact = Artifact("fairness", Status.NOT_APPLICABLE, "No sensitive feature is named.")

    assert Fairness().blocks({"fairness": artifact}) == []


def test_the_page_is_the_same_twice_and_hostile_levels_are_text(made):
    section = Section("fairness", Fairness.title, tuple(made[0]))
    again = Section("fairness", Fairness.title, tuple(blocks_of()[0]))

    page = render_html(Document("Report", "", (section,)))

    assert page == render_html(Document("Report", "", (again,)))
    assert "<b>M</b>" not in page
    assert "&lt;b&gt;M&lt;/b&gt;" in page


def test_verdicts_that_say_nothing_do_not_make_the_headline_good():
    blocks = Fairness().blocks(
        {"fairness": Audit(intersections=[], tolerance=0.9, min_rows=2, min_positives=2).conclude([evidence(gap=0.0)])}
    )

    assert blocks[0].tone == "neutral"
    assert "rates are too small for one that could" in blocks[0].title
    assert "are no reassurance" in blocks[0].text


def test_groups_too_small_to_judge_are_counted_in_the_unit_of_the_schema():
    audit = Audit(intersections=[], min_rows=5000, n_resamples=100)

    shown = tables(Fairness().blocks(Run(fairness=audit.conclude([evidence(group=True)]))))

    assert set(shown["Groups too small to judge"].data["counted"]) == {"customers (customer_id)"}
