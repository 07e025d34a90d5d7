from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from appliedml.audits.shortcut_probe import ShortcutProbe
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import make_samples
from appliedml.core.schema import Schema


def films(shortcut, seed=0, n=900):
    """Patients with a finding, and a marker that gives the view away; the finding is more frequent in one view."""
    rng = np.random.default_rng(seed)
    view = np.where(rng.random(n) < 0.5, "AP", "PA")
    chance = np.where(view == "PA", 0.5 + shortcut / 2, 0.5 - shortcut / 2)
    finding = (rng.random(n) < chance).astype(int)
    table = pd.DataFrame({"finding": finding, "view": view, "sex": np.where(rng.random(n) < 0.5, "F", "M")})
    table["opacity"] = finding + rng.normal(size=n)
    table["marker"] = (view == "PA") + 0.3 * rng.normal(size=n)
    return make_samples(table, Schema("finding", sensitive=["view", "sex"]))


def folds_of(samples):
    rows, folds = np.arange(len(samples)), []
    for number in range(3):
        train, test = samples.take(rows[rows % 3 != number]), samples.take(rows[rows % 3 == number])
        pipeline = Pipeline([StandardScaler(), LogisticRegression()], random_state=0).fit(train)
        chances = pipeline.predict_proba(test)
        ledger = pipeline.ledger_.assign(fold=number)
        codes = pipeline.codes(chances)
        folds.append(Fold(number, 3, ("no", "yes"), train, test, pipeline, chances, codes, 0.5, ledger, number))
    return folds


def conclude(samples, **parameters):
    audit = ShortcutProbe(**parameters)
    return audit.conclude([audit.examine(fold) for fold in folds_of(samples)])


def test_a_planted_shortcut_is_named_and_costs_performance_when_balanced():
    artifact = conclude(films(shortcut=0.6))
    table = artifact.tables["attributes"].set_index("feature")
    assert artifact.status is Status.WARNING
    assert table["verdict"].to_dict() == {"view": "possible shortcut", "sex": "not shown"}
    assert table.loc["view", "difference_high"] < 0
    assert table.loc["view", "features_auroc"] > 0.95
    titles = [finding.title for finding in artifact.findings if finding.severity is Severity.WARNING]
    assert titles == ["Possible shortcut: view (AP against PA)"]
    points = round(-100 * table.loc["view", "label_difference"])
    assert f"The class is {points} percentage points less frequent at AP than at PA, and" in artifact.findings[0].text


def test_without_one_the_marker_is_readable_and_nothing_is_named():
    artifact = conclude(films(shortcut=0.0))
    assert artifact.status is Status.OK
    assert artifact.tables["attributes"].set_index("feature")["verdict"].to_dict() == {
        "view": "readable",
        "sex": "not shown",
    }
    assert [finding.severity for finding in artifact.findings] == [Severity.INFO]
    assert set(artifact.scores["metric"]) == {"shortcut.score", "shortcut.features", "shortcut.balanced_roc_auc"}


def test_only_the_features_asked_for_are_probed():
    assert conclude(films(0.0), features=["sex"]).tables["attributes"]["feature"].tolist() == ["sex"]
    nothing = conclude(films(0.0), features=["scanner"])
    assert nothing.status is Status.NOT_APPLICABLE
    assert "of scanner" in nothing.reason


def test_too_few_rows_are_said_and_not_probed():
    artifact = conclude(films(0.0, n=120), min_rows=500)
    assert artifact.status is Status.SKIPPED
    assert "fewer than 500" in artifact.reason


@pytest.mark.parametrize("seed", [1])
def test_the_same_seed_gives_the_same_figures(seed):
    first, second = (conclude(films(0.3, seed)).tables["attributes"] for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
