import numpy as np
import pandas as pd

from appliedml.audits.calibration import Calibration as Audit
from appliedml.core.artifact import Artifact, Status
from appliedml.report.blocks import Callout, Figure, Table, Text
from appliedml.report.sections.calibration import Calibration


def artifact(k=2, calibrated=True, n=900):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(k), n)
    y = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    raw = p**2 / (p**2).sum(axis=1, keepdims=True)
    table = pd.DataFrame({"fold": 0, "y_true": y, "y_pred": p.argmax(axis=1), "threshold": 0.5})
    table = table.assign(**{f"p_{code}": p[:, code] for code in range(k)})
    evidence = {"fold": 0, "classes": tuple("abc"[:k]), "seed": 1, "table": table}
    evidence |= {"method": "platt", "raw": raw} if calibrated else {"method": "none", "raw": None}
    return Audit(n_resamples=100).conclude([evidence])


def blocks(made):
    return Calibration().blocks({"calibration": made})


def of(found, kind):
    return [block for block in found if isinstance(block, kind)]


def test_curve_measures_and_parts_are_shown_before_and_after():
    found = blocks(artifact())

    (curve,) = of(found, Figure)
    assert curve.chart is not None
    assert curve.data["stage"].unique().tolist() == ["before calibration", "after calibration"]
    assert [table.caption for table in of(found, Table)] == ["Calibration measures", "What the Brier score is made of"]
    assert any("calibrates (platt) on rows set aside" in block.text for block in of(found, Text))


def test_the_alternative_in_words_gives_slope_and_the_worst_bin():
    made = artifact()
    slope = made.tables["measures"].query("measure == 'slope' and stage == 'after calibration'")["value"].iloc[0]

    (curve,) = of(blocks(made), Figure)

    assert f"slope is {slope:.3f}" in curve.alt
    assert "The bin furthest off predicts" in curve.alt


def test_without_calibration_there_is_one_stage_and_it_is_said():
    found = blocks(artifact(calibrated=False))

    assert "Stage" not in [column.label for column in of(found, Table)[0].columns]
    assert any("does not calibrate" in block.text for block in of(found, Text))


def test_several_classes_have_a_row_each():
    table = of(blocks(artifact(k=3)), Table)[-1]

    assert table.caption == "Each class against the rest"
    assert table.data["target"].tolist() == ["a", "b", "c"]
    assert (table.data["slope_low"] < table.data["slope_high"]).all()


def test_a_bad_verdict_stands_first():
    made = artifact(calibrated=False, n=60)

    first = blocks(made)[0]

    assert isinstance(first, Callout)
    assert first.title == f"Calibration of the probabilities: {made.summary['verdict']}"


def test_without_tables_there_is_nothing_to_show():
    assert blocks(Artifact("calibration", Status.SKIPPED, reason="no rows")) == []


def test_the_criterion_of_the_verdict_is_printed():
    note = of(blocks(artifact()), Table)[0].note

    assert "slope lies outside 0.8 to 1.25" in note
    assert "good only where both intervals hold 1 and the calibration error is within what chance would give" in note
