from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits.shortcut_probe import COLUMNS
from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.report.blocks import Bullets, Callout, Figure, Table
from appliedml.report.sections.shortcuts import Shortcuts

SUMMARY = {
    "n": 900, "n_folds": 3, "margin": 0.05, "readable_from": 0.85,
    "confidence": 0.95, "confidence_each": 0.975, "left_out": ["site: few"],
    "representation": "frozen features", "represented": "",
}  # fmt: skip
ROW = {
    **dict.fromkeys(COLUMNS, 0.6), "feature": "view", "level": "AP", "others": "PA", "n": 900, "n_level": 400,
    "verdict": "possible shortcut",
}  # fmt: skip
NAMED = Finding(Severity.WARNING, "Possible shortcut: view (AP against PA)", "It follows the view.")


def blocks(rows, findings=()):
    artifact = Artifact(
        "shortcut_probe", summary=SUMMARY, tables={"attributes": pd.DataFrame(rows)}, findings=tuple(findings)
    )
    return Shortcuts().blocks({"shortcut_probe": artifact})


def test_a_named_shortcut_stands_first():
    made = blocks([ROW], [NAMED])
    assert isinstance(made[0], Callout)
    assert made[0].tone == "warning"
    assert "view (AP against PA). It follows the view." in made[0].text
    assert [type(block) for block in made[2:]] == [Figure, Table, Table, Bullets]
    assert "follows these all the same" not in made[3].note


def test_features_that_give_something_away_are_said_without_a_verdict_against_the_model():
    made = blocks(
        [ROW | {"verdict": "readable"}], [Finding(Severity.INFO, "The features give away view", "Area 0.99.")]
    )
    assert made[0].tone == "neutral"
    assert "Area 0.99." in made[0].text


def test_several_classes_show_the_features_only():
    row = {name: value if isinstance(value, str) else np.nan for name, value in ROW.items()}
    made = blocks([row | {"features_auroc": 0.9, "features_low": 0.8, "features_high": 0.95, "n": 10, "n_level": 5}])
    assert len([block for block in made if isinstance(block, Table)]) == 1


def test_the_rules_stand_with_their_numbers_and_what_is_below_them_is_not_called_absent():
    sex = {"feature": "sex", "level": "F", "others": "M", "verdict": "not shown"}
    sex |= {"within_auroc": 0.645, "within_low": 0.587, "within_high": 0.703, "features_low": 0.799}

    made = blocks([ROW | sex, ROW | {"verdict": "not shown", "within_low": 0.4, "features_low": 0.4}])

    (table,) = [block for block in made if isinstance(block, Table) and "what was found" in block.caption]
    assert table.data["result"].tolist() == ["below the thresholds"] * 2
    assert "an interval above 0.55 or below 0.45" in table.note
    assert "lower bound is 0.85 or more" in table.note
    assert "all the same, with an interval that leaves out 0.5: sex: F against M, 0.645 (0.587 to 0.703)." in table.note
    assert made[0].tone == "neutral"
    assert "sex: F against M" in made[0].text


def test_where_nothing_follows_an_attribute_the_verdict_is_good():
    made = blocks([ROW | {"verdict": "not shown", "within_low": 0.4, "features_low": 0.4}])

    assert (made[0].tone, made[0].title) == ("good", "No shortcut is shown")
