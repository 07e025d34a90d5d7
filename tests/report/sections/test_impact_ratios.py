from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.fairness import Fairness
from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Callout, KeyValues, Table, Text
from appliedml.report.sections.impact_ratios import SUPPORT, ImpactRatios


class Run(dict):
    """Artifacts by kind, and what people stated."""

    def __init__(self, artifact, sensitive, context):
        super().__init__(fairness=artifact)
        self.info = {"schema": {"target": "y", "sensitive": list(sensitive)}, "context": context}


def judged(sensitive=("sex", "ethnicity"), n=2000, classes=("no", "yes")):
    rng = np.random.default_rng(0)
    levels = {"sex": ["F", "M"], "ethnicity": ["A", "B", "tiny"], "age": ["young", "old"]}
    weights = {"ethnicity": [0.5, 0.49, 0.01]}
    score = rng.random(n)
    table = pd.DataFrame({"row_id": np.arange(n), "fold": 0, "y_true": rng.integers(0, len(classes), n)})
    table = table.assign(y_pred=(score > 0.7).astype(int), threshold=0.7, p_0=1 - score, p_1=score)
    for code in range(2, len(classes)):
        table[f"p_{code}"] = 0.0
    for name in sensitive:
        table[f"sensitive.{name}"] = rng.choice(levels[name], n, p=weights.get(name))
    table.loc[:2, f"sensitive.{sensitive[0]}"] = "unknown"
    return Fairness(n_resamples=200).conclude([{"table": table, "classes": classes, "levels": {}, "seed": 0}])


ARTIFACT = judged()


def blocks(artifact=ARTIFACT, sensitive=("sex", "ethnicity"), **context):
    return ImpactRatios().blocks(Run(artifact, sensitive, context))


def tables(made):
    return {block.caption: block for block in made if isinstance(block, Table)}


def texts(made):
    return " ".join(block.text for block in made if isinstance(block, Text | Callout))


def pairs(made):
    return {block.title: dict(block.items) for block in made if isinstance(block, KeyValues)}


def test_selection_and_scoring_rates_stand_with_ratio_interval_and_count():
    found = tables(blocks())

    selected = found["Selection rate and impact ratio, by feature and intersection"]
    scored = found["Scoring rate and impact ratio"]
    assert set(selected.data["feature"]) == set(scored.data["feature"]) == {"sex", "ethnicity", "sex & ethnicity"}
    for table in (selected, scored):
        assert [column.bounds for column in table.columns if column.name == "ratio"] == [("low", "high")]
        assert table.data["n"].str.len().min() > 0
    assert "median" in scored.note


def test_it_says_what_it_is_not():
    made = blocks()

    assert made[0].title == SUPPORT == "Calculation support, not an independent bias audit"
    assert "convention" in made[0].text
    assert "compliant" not in texts(made)


def test_what_the_law_asks_for_and_the_schema_lacks_is_said():
    title = "What NYC Local Law 144 asks for"

    assert set(pairs(blocks())[title].values()) == {"shown below"}
    lacking = pairs(blocks(judged(("age", "sex")), ("age", "sex")))[title]
    assert lacking["By sex"] == "shown below"
    assert lacking["By race or ethnicity"].startswith("not shown. The schema names no sensitive feature of 'race'")
    assert title not in pairs(blocks(standards=["sr_26_2"]))


def test_small_categories_are_printed_and_ask_for_a_reason():
    made = blocks()
    stated = blocks(category_exclusions={"answer": "Too few to say.", "by": "A. Auditor"})

    assert "tiny" in set(tables(made)["Groups with less than 2 % of the rows of known level"].data["level"])
    assert "tiny" in set(tables(made)["Scoring rate and impact ratio"].data["level"])
    assert "Nobody has justified" in texts(made)
    assert "Too few to say. (A. Auditor)" in texts(stated)


def test_no_small_category_is_said_too():
    assert "No group holds less than" in texts(blocks(judged(("sex", "age")), ("sex", "age")))


def test_people_of_unknown_level_are_counted_without_pointing_at_few():
    assert pairs(blocks())["Rows of unknown level, left out of the ratios"]["sex"] == "<5"


def test_several_classes_have_no_scoring_rate():
    assert "no single score" in texts(blocks(judged(classes=("a", "b", "c"))))


@pytest.mark.parametrize("artifact", [Artifact("fairness"), Artifact("fairness", tables={"gaps": pd.DataFrame()})])
def test_without_ratios_there_is_nothing_to_show(artifact):
    assert blocks(artifact) == []
