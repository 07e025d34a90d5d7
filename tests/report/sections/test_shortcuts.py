from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits.shortcut_probe import COLUMNS
from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.report.blocks import Bullets, Callout, Figure, Table
from appliedml.report.sections.shortcuts import Shortcuts

SUMMARY = {
    "n": 900, "n_folds": 3, "margin": 0.05, "confidence": 0.95, "confidence_each": 0.975, "left_out": ["site: few"],
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
