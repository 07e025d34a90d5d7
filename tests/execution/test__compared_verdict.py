import math

import numpy as np
import pytest

from appliedml.errors import RunError
from appliedml.execution._compared_verdict import (
    TOLERANCES,
    Harm,
    Reading,
    exit_code,
    joint_critical,
    judge_harm,
    tolerances_from,
)


def harm(value, error, tolerance=0.01, t=None):
    return Harm("roc_auc", "all", value, tolerance, t, lambda reach: (value - reach * error, value + reach * error))


@pytest.mark.parametrize(
    ("value", "reading", "direction"),
    [
        (0.05, "worse beyond tolerance", "worse"),
        (0.025, "cannot rule out", "worse"),
        (0.0, "cannot rule out", "no difference shown"),
        (-0.02, "within tolerance", "no difference shown"),
        (-0.05, "within tolerance", "better"),
    ],
)
def test_only_a_whole_interval_decides(value, reading, direction):
    found = judge_harm(harm(value, 0.01), 2.0)
    assert (found.reading, found.direction) == (reading, direction)


def test_equal_runs_are_within_a_tolerance_of_zero():
    assert judge_harm(harm(0.0, 0.0, tolerance=0.0), 2.0).reading is Reading.WITHIN


def test_what_was_not_measured_cannot_pass_a_strict_comparison():
    absent = judge_harm(Harm("roc_auc", "all", math.nan, 0.01), 2.0)
    assert absent.reading is Reading.ABSENT
    assert (exit_code([absent]), exit_code([absent], strict=True)) == (0, 3)


def test_beyond_tolerance_beats_what_is_open():
    beyond, unclear = judge_harm(harm(0.05, 0.01), 2.0), judge_harm(harm(0.0, 0.01), 2.0)
    assert exit_code([beyond, unclear], strict=True) == 1
    assert (exit_code([unclear]), exit_code([unclear], strict=True)) == (0, 3)


def test_more_judged_measures_need_wider_intervals():
    t = np.abs(np.random.default_rng(0).normal(size=(8, 1000)))
    one = joint_critical([harm(0, 1, t=t[0])], 0.95)
    assert one == pytest.approx(1.96, abs=0.15)
    assert joint_critical([harm(0, 1, t=row) for row in t], 0.95) > one + 0.5
    assert joint_critical([], 0.95) == 0.0


def test_tolerances_are_set_for_all_or_by_name():
    found = tolerances_from(["0.5", "ece=0.1", "gap.true_positive_rate = 0.2"], 2)
    assert found == dict.fromkeys(TOLERANCES, 0.5) | {"ece": 0.1, "gap.true_positive_rate": 0.2}
    assert "gap.true_positive_rate" not in tolerances_from(None, 3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("roc_acu=0.1", "Did you mean 'roc_auc'"),
        ("=0.1", "is not a measure"),
        ("roc_auc=", "must be a number"),
        ("roc_auc=nan", "must be a number"),
        ("roc_auc=inf", "must be a number"),
        ("-0.1", "at least 0"),
        ("", "must be a number"),
        ("selection_rate=0.1", "neither a higher nor a lower"),
        ("<b>=1", "'<b>' is not a measure"),
    ],
)
def test_a_bad_tolerance_is_one_sentence(text, sentence):
    with pytest.raises(RunError, match=sentence):
        tolerances_from([text], 2)
