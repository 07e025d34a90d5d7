"""Does a whole run tell of a planted shortcut? Simulated radiographs whose view goes with the label, or does not.

With ``shortcut=0.8`` 88 % of the pictures with a lesion are AP films and 8 % of those without. A network learns the
view first: it calls AP films ill and PA films well. The shortcut probe must name the view, and only the view, as a
possible shortcut, and the fairness audit must call the difference between views a disparity. With ``shortcut=0``
neither may, though a linear probe reads the view off the network's features all the same.

Size: 400 patients, about 1,000 pictures of 32 x 32 pixels, two folds of whole patients, a network of two convolutions.
Lesions are one or two pixels wide here, too small for so few pictures to teach: without the shortcut the network is
hardly better than chance (AUROC 0.5 to 0.6). Calibrated on validation rows it then stays near the prevalence and calls
few pictures ill. Uncalibrated, with a threshold chosen on noise, such a network follows brightness and so the view, and
the fairness audit rightly says so: that would be a truth about the network, not about the data.

Three seeds each run with the ordinary tests, of which two must be right; 20 with ``APPLIEDML_TRUTH=full`` or ``make
truth``, of which 18 must be right.
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
SEEDS = range(20 if FULL else 3)
N_RIGHT = 18 if FULL else 2
CRITERIA = ("selection_rate", "true_positive_rate", "false_positive_rate", "equalised_odds")


def audited(shortcut: float, seed: int, folder) -> Run:
    source = {"n_patients": 400, "size": 32, "n_sites": 1, "shortcut": shortcut, "random_state": seed}
    network = {"builder": {"cnn": {"filters": [8, 16]}}, "epochs": 5, "batch_size": 32, "learning_rate": 0.005}
    plan = Plan(
        name="truth",
        seed=seed,
        data=build("sources", {"simulate_radiographs": source}),
        split=build("splits", {"group_kfold": {"folds": 2}}),
        pipeline=Pipeline([build("stages", {"keras_classifier": network})], validation=0.15, calibration="platt"),
        audits=[build("audits", "shortcut_probe"), build("audits", {"fairness": {"intersections": []}})],
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
    # The view is there to be used: what is not claimed is that the network uses it.
    views = [run["shortcut_probe"].tables["attributes"].set_index("feature").loc["view"] for run in runs]
    assert sum(view["features_auroc"] > 0.8 for view in views) >= N_RIGHT, found
