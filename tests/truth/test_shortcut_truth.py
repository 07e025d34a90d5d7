"""Does a whole run tell of a planted shortcut? Simulated radiographs whose view goes with the label, or does not.

With ``shortcut=0.8`` 88 % of the pictures with a lesion are AP films and 8 % of those without. A network learns the
view first: it calls AP films ill and PA films well. The shortcut probe must name the view, and only the view, as a
possible shortcut, and the fairness audit must call the difference between views a disparity. With ``shortcut=0``
neither may, though a linear probe reads the view off the network's features all the same.

Size: 400 patients, about 1,000 pictures of 48 x 48 pixels, two folds of whole patients, three convolutions.
Without the shortcut it must have learnt the lesions (AUROC at least 0.75): a network that is blind to them follows
brightness and so the view, and the fairness audit would rightly say so. That would be a truth about the network, not
about the data.

One seed each runs with the ordinary tests; 20 with ``APPLIEDML_TRUTH=full`` or ``make truth``, of which 18 must be
right.
"""

from __future__ import annotations

import os

import pytest

from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity
from appliedml.core.registry import build
from appliedml.execution.plan import Plan
from appliedml.store.run import Run

pytestmark = [pytest.mark.truth, pytest.mark.timeout(3600)]

FULL = os.environ.get("APPLIEDML_TRUTH") == "full"
SEEDS = range(20 if FULL else 1)
N_RIGHT = 18 if FULL else 1
CRITERIA = ("selection_rate", "true_positive_rate", "false_positive_rate", "equalised_odds")


def audited(shortcut: float, seed: int, folder) -> Run:
    source = {"n_patients": 400, "size": 48, "n_sites": 1, "shortcut": shortcut, "random_state": seed}
    cnn = {"filters": [8, 16, 32], "global_pooling": "max", "normalise": "picture"}
    network = {"builder": {"cnn": cnn}, "epochs": 8, "batch_size": 16, "learning_rate": 0.005}
    plan = Plan(
        name="truth",
        seed=seed,
        data=build("sources", {"simulate_radiographs": source}),
        split=build("splits", {"group_kfold": {"folds": 2}}),
        pipeline=Pipeline([build("stages", {"keras_classifier": network})], validation=0.15, calibration="platt"),
        audits=[
            build("audits", {"performance": {"metrics": ["roc_auc"]}}),
            build("audits", "shortcut_probe"),
            build("audits", {"fairness": {"intersections": []}}),
        ],
    )
    return plan.run(out=folder)


def named(run: Run) -> list[str]:
    """Attributes that the probe calls a possible shortcut, in its table and its findings alike."""
    table = run["shortcut_probe"].tables["attributes"]
    found = table.loc[table["verdict"] == "possible shortcut", "feature"].tolist()
    warnings = [one for one in run["shortcut_probe"].findings if one.severity is Severity.WARNING]
    assert len(warnings) == len(found)
    return found


def disparities(run: Run) -> list[str]:
    """Criteria by which the fairness audit finds a disparity between the views."""
    verdicts = run["fairness"].summary["verdicts"]["view"]
    return [name for name in CRITERIA if verdicts[name] == "disparity"]


def roc_auc(run: Run) -> float:
    return float(run["performance"].tables["metrics"].set_index("metric").loc["roc_auc", "value"])


def test_a_planted_shortcut_is_named_and_shows_as_a_disparity(tmp_path):
    runs = [audited(0.8, seed, tmp_path) for seed in SEEDS]
    found = [(named(run), disparities(run)) for run in runs]

    assert sum(names == ["view"] for names, _ in found) >= N_RIGHT, found
    assert sum({"selection_rate", "equalised_odds"} <= set(gaps) for _, gaps in found) >= N_RIGHT, found


def test_without_a_shortcut_none_is_named_and_no_disparity_claimed(tmp_path):
    runs = [audited(0.0, seed, tmp_path) for seed in SEEDS]
    found = [(named(run), disparities(run)) for run in runs]

    assert sum(not names for names, _ in found) >= N_RIGHT, found
    assert sum(not gaps for _, gaps in found) >= N_RIGHT, found
    assert sum(roc_auc(run) >= 0.75 for run in runs) >= N_RIGHT, [roc_auc(run) for run in runs]
    # The view is there to be used: what is not claimed is that the network uses it.
    views = [run["shortcut_probe"].tables["attributes"].set_index("feature").loc["view"] for run in runs]
    assert sum(view["features_auroc"] > 0.8 for view in views) >= N_RIGHT, found
