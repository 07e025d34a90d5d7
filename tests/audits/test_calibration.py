from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.calibration import AFTER, AS_GIVEN, BEFORE, TOP, Calibration
from appliedml.core._logistic import logit, sigmoid
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.errors import ParameterError
from appliedml.store.run import read_artifact, write_artifact


def folds(distort=lambda p: p, raw=None, n=3000, n_folds=2, group=None, seed=0):
    """Folds of a pipeline that gives a distortion of the true probabilities; ``raw`` distorts the model's own."""
    rng = np.random.default_rng(seed)
    truth = sigmoid(rng.normal(-1, 1.2, n))
    y = (rng.random(n) < truth).astype(int)
    meta = {"row_id": np.arange(n), "origin": "observed"} | ({} if group is None else {"group": group})
    samples = Samples(pd.DataFrame({"truth": truth}), y, pd.DataFrame(meta))

    def raw_proba(held):
        p = raw(held.X["truth"].to_numpy())
        return np.column_stack([1 - p, p])

    pipeline = (
        SimpleNamespace(calibration="none")
        if raw is None
        else SimpleNamespace(calibration="platt", raw_proba=raw_proba)
    )
    out = []
    for number in range(n_folds):
        rows = np.flatnonzero(np.arange(n) % n_folds == number)
        p = distort(truth[rows])
        out.append(
            Fold(
                number=number, n_folds=n_folds, classes=("no", "yes"), train=samples[rows], test=samples[rows],
                pipeline=pipeline, probabilities=np.column_stack([1 - p, p]), predictions=(p >= 0.5).astype(int),
                threshold=0.5, ledger=pd.DataFrame(), seed=7,
            )
        )  # fmt: skip
    return out


def judged(made, **parameters):
    audit = Calibration(n_resamples=200, **parameters)
    return audit.conclude([audit.examine(fold) for fold in made])


def test_true_probabilities_are_called_good():
    # Of true probabilities one sample in twenty has an error beyond the limit of chance; seed 0 gives one.
    artifact = judged(folds(seed=1))

    assert artifact.summary["verdict"] == "good"
    assert artifact.status is Status.OK
    assert artifact.summary["stages"] == [AS_GIVEN]
    scores = artifact.scores.set_index("metric")
    assert scores.loc["calibration_slope", "low"] < 1 < scores.loc["calibration_slope", "high"]
    error = artifact.tables["measures"].query("measure == 'ece'").iloc[0]
    assert error["low"] <= error["value"] <= error["high"]
    assert error["value"] < 2 * error["by_chance"]


def test_a_calibration_error_beyond_chance_is_never_called_good():
    artifact = judged(folds(lambda p: np.clip(p + 0.05 * np.sin(20 * p), 0.001, 0.999)))

    error = artifact.tables["measures"].query("measure == 'ece'").iloc[0]
    assert error["value"] > error["by_chance_high"]
    assert artifact.summary["verdict"] != "good"


@pytest.mark.parametrize(
    ("distort", "word", "severity"),
    [
        (lambda p: sigmoid(2 * logit(p)), "too extreme", Severity.WARNING),
        (lambda p: sigmoid(logit(p) - 0.5), "too low", Severity.WARNING),
        (lambda p: sigmoid(logit(p) + 2.5), "too high", Severity.PROBLEM),
        (lambda p: 0.3 + 0.1 * (p - p.mean()), "too timid", Severity.WARNING),
    ],
)
def test_each_distortion_is_named(distort, word, severity):
    artifact = judged(folds(distort))

    assert word in artifact.summary["verdict"]
    assert artifact.findings[0].severity is severity


def test_few_rows_leave_calibration_uncertain():
    artifact = judged(folds(n=80))

    assert artifact.summary["verdict"] == "uncertain"
    assert artifact.status is Status.WARNING


def test_one_score_for_every_row_is_undefined():
    assert judged(folds(lambda p: np.full(len(p), 0.3))).summary["verdict"] == "undefined"


def test_the_models_own_probabilities_are_judged_too_where_the_pipeline_calibrates():
    artifact = judged(folds(raw=lambda p: sigmoid(2 * logit(p))))

    assert artifact.summary["stages"] == [BEFORE, AFTER]
    slopes = artifact.tables["measures"].query("measure == 'slope'").set_index("stage")["value"]
    assert slopes[BEFORE] == pytest.approx(0.5, abs=0.1)
    assert slopes[AFTER] == pytest.approx(1.0, abs=0.15)
    assert artifact.findings[1].title == "What calibration changed"
    assert len(artifact.tables["reliability"]) == 20


def test_a_calibration_that_harms_is_said():
    artifact = judged(folds(distort=lambda p: sigmoid(logit(p) + 2), raw=lambda p: p))

    assert "Calibration made the probabilities worse" in {finding.title for finding in artifact.findings}


def test_groups_widen_the_intervals():
    again = np.repeat(np.arange(300), 10)
    rng = np.random.default_rng(0)
    truth = sigmoid(rng.normal(-1, 1.2, 300))
    labels = (rng.random(300) < truth).astype(int)

    def made(group):
        out = folds(n=3000, n_folds=1, group=group)
        table = out[0].prediction_table()
        table["y_true"], table["p_1"], table["p_0"] = labels[again], truth[again], 1 - truth[again]
        return [{"fold": 0, "classes": ("no", "yes"), "seed": 1, "table": table, "method": "none", "raw": None}]

    audit = Calibration(n_resamples=200)
    grouped, plain = (audit.conclude(made(group)).scores.set_index("metric") for group in (again, None))

    wide, narrow = (table["high"] - table["low"] for table in (grouped, plain))
    assert (wide > 1.8 * narrow)[["calibration_slope", "observed_to_predicted", "scaled_brier"]].all()


def test_several_classes_are_judged_by_the_most_probable_one_and_each_by_itself():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 6000)
    y = (p.cumsum(axis=1) < rng.random((6000, 1))).sum(axis=1)
    table = pd.DataFrame({"fold": 0, "y_true": y, "y_pred": p.argmax(axis=1), "threshold": np.nan})
    table = table.assign(**{f"p_{code}": p[:, code] for code in range(3)})
    evidence = [{"fold": 0, "classes": ("a", "b", "c"), "seed": 1, "table": table, "method": "none", "raw": None}]

    artifact = Calibration(n_resamples=100).conclude(evidence)

    assert artifact.summary["target"] == TOP
    assert artifact.tables["measures"]["target"].unique().tolist() == [TOP, "a", "b", "c"]
    assert artifact.summary["verdict"] == "good"
    assert len(artifact.scores) == 5


def test_the_artifact_survives_the_disk(tmp_path):
    artifact = judged(folds(n=400))

    write_artifact(tmp_path / "calibration", artifact)

    again = read_artifact(tmp_path / "calibration")
    for name, table in artifact.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, check_dtype=False)


def test_wrong_parameters_are_refused():
    with pytest.raises(ParameterError, match="n_bins must be"):
        Calibration(n_bins=1).examine(folds(n=20)[0])
