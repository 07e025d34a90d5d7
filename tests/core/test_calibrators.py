import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from appliedml.core._logistic import logit, sigmoid
from appliedml.core.calibrators import CALIBRATIONS, MIN_SLOPE, Calibrator, make_calibrator
from appliedml.errors import DataError, ParameterError, StageError

FITTED = [name for name in CALIBRATIONS if name != "none"]


def overconfident(n=2000, seed=0):
    """Scores whose logits are twice as large as they should be and one too high."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    y = (rng.random(n) < sigmoid(z)).astype(int)
    p = sigmoid(2 * z + 1)
    return np.column_stack([1 - p, p]), y


def three_classes(n=1500, seed=0, temperature=0.4):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 3))
    true = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    y = (true.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    sharp = np.exp(z / temperature)
    return sharp / sharp.sum(axis=1, keepdims=True), y


@pytest.mark.parametrize("method", FITTED)
def test_new_rows_have_a_smaller_log_loss_after_calibration(method):
    p, y = overconfident()
    new_p, new_y = overconfident(seed=1)

    after = make_calibrator(method).fit(p, y).transform(new_p)

    assert log_loss(new_y, after) < log_loss(new_y, new_p) - 0.02


@pytest.mark.parametrize("method", FITTED)
def test_several_classes_are_calibrated_and_rows_sum_to_one(method):
    p, y = three_classes()
    new_p, new_y = three_classes(seed=1)

    after = make_calibrator(method).fit(p, y).transform(new_p)

    assert after.shape == new_p.shape
    assert after.sum(axis=1) == pytest.approx(np.ones(len(after)))
    assert log_loss(new_y, after) < log_loss(new_y, new_p) - 0.05


def test_platt_undoes_a_known_distortion():
    p, y = overconfident(20000)

    ((slope, intercept),) = make_calibrator("platt").fit(p, y).curves_

    assert slope == pytest.approx(0.5, abs=0.05)
    assert intercept == pytest.approx(-0.5, abs=0.06)


def test_temperature_makes_nothing_certain_although_every_row_was_right():
    """143 right answers do not say that the 144th is: about one in 145 may be wrong."""
    y = np.arange(143) % 10
    p = np.full((143, 10), 0.02)
    p[np.arange(143), y] = 0.82

    found = make_calibrator("temperature").fit(p, y).transform(p)

    assert found.max(axis=1) == pytest.approx(np.full(143, 144 / 145), abs=1e-4)


def test_temperature_recovers_a_known_temperature():
    p, y = three_classes(8000)

    assert make_calibrator("temperature").fit(p, y).temperature_ == pytest.approx(2.5, rel=0.06)


@pytest.mark.parametrize("method", CALIBRATIONS)
@settings(max_examples=25, deadline=None)
@given(
    data=st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=2, max_size=25).filter(
        lambda rows: len({label for label, _ in rows}) == 2
    )
)
def test_binary_scores_keep_their_order_whatever_the_rows_say(method, data):
    y, p = np.array([a for a, _ in data]), np.array([b for _, b in data])
    grid = np.array([0.0, 1e-300, 1e-8, 0.01, 0.3, 0.3, 0.5, 0.9, 1 - 1e-8, 1.0])

    calibrator = make_calibrator(method).fit(np.column_stack([1 - p, p]), y)
    after = calibrator.transform(np.column_stack([1 - grid, grid]))

    assert np.isfinite(after).all()
    assert ((after >= 0) & (after <= 1)).all()
    assert (np.diff(after[:, 1]) >= -1e-12).all()


def test_useless_scores_become_the_base_rate_but_keep_their_order():
    p = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1] * 50)
    y = np.array([0, 0, 0, 1, 1, 1] * 50)

    calibrator = make_calibrator("platt").fit(np.column_stack([1 - p, p]), y)
    after = calibrator.transform(np.column_stack([1 - p, p]))[:, 1]

    assert calibrator.curves_[0][0] == MIN_SLOPE
    assert after == pytest.approx(np.full(300, 0.5), abs=1e-3)
    assert after[0] > after[5]


def test_isotonic_never_promises_certainty_from_few_rows():
    p = np.array([0.1, 0.2, 0.8, 0.9])

    after = (
        make_calibrator("isotonic").fit(np.column_stack([1 - p, p]), [0, 0, 1, 1]).transform([[1.0, 0.0], [0.0, 1.0]])
    )

    assert after[:, 1] == pytest.approx([1 / 6, 5 / 6])


@pytest.mark.parametrize("method", FITTED)
def test_weights_count_like_repeated_rows(method):
    rng = np.random.default_rng(3)
    p, y = overconfident(60)
    times = rng.integers(1, 4, 60)
    repeated = np.repeat(np.arange(60), times)

    weighted = make_calibrator(method).fit(p, y, sample_weight=times).transform(p)
    plain = make_calibrator(method).fit(p[repeated], y[repeated]).transform(p)

    # Smoothing (platt) and the bound on certainty (isotonic) count rows, so they differ a little.
    assert weighted == pytest.approx(plain, abs=0.02)


def test_rows_of_weight_zero_do_not_count():
    p, y = overconfident(200)
    worse = np.concatenate([1 - y[:100], y[100:]])
    weight = np.repeat([0.0, 1.0], 100)

    a = make_calibrator("platt").fit(p, worse, weight).get_state()
    b = make_calibrator("platt").fit(p[100:], y[100:]).get_state()

    assert a["curves"] == b["curves"]


@pytest.mark.parametrize("method", CALIBRATIONS)
@pytest.mark.parametrize("make", [overconfident, three_classes])
def test_state_survives_json(method, make):
    p, y = make()
    fitted = make_calibrator(method).fit(p, y)

    again = Calibrator.from_state(json.loads(json.dumps(fitted.get_state())))

    assert np.array_equal(again.transform(p), fitted.transform(p))


def test_a_class_without_rows_still_gets_probabilities():
    p, y = three_classes(300)
    kept = y != 2
    for method in FITTED:
        after = make_calibrator(method).fit(p[kept], y[kept]).transform(p)

        assert np.isfinite(after).all()
        assert after.sum(axis=1) == pytest.approx(np.ones(len(p)))


def test_none_gives_float64_back_unchanged():
    given = np.array([[0.25, 0.75]], dtype=np.float32)

    after = make_calibrator("none").fit(given, [1]).transform(given)

    assert after.dtype == np.float64
    assert after.tolist() == [[0.25, 0.75]]


def test_an_empty_table_stays_empty():
    p, y = overconfident(50)

    assert make_calibrator("temperature").fit(p, y).transform(np.empty((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("method", FITTED)
def test_one_class_is_refused_with_what_to_do(method):
    with pytest.raises(StageError, match=r"2 rows, all of class 0\. Set more rows aside"):
        make_calibrator(method).fit([[0.5, 0.5], [0.4, 0.6]], [0, 0])


def test_wrong_use_is_refused():
    with pytest.raises(ParameterError, match="Did you mean 'isotonic'"):
        make_calibrator("isotonik")
    with pytest.raises(StageError, match="not fitted"):
        make_calibrator("platt").transform([[0.5, 0.5]])
    fitted = make_calibrator("platt").fit([[0.8, 0.2], [0.3, 0.7]], [0, 1])
    with pytest.raises(DataError, match="fitted on 2 classes, not 3"):
        fitted.transform([[0.5, 0.3, 0.2]])
    with pytest.raises(DataError, match="missing or infinite"):
        fitted.transform([[np.nan, 0.3]])
    with pytest.raises(DataError, match="shape"):
        fitted.transform([0.4, 0.6])
    with pytest.raises(DataError, match="one label and one weight"):
        make_calibrator("platt").fit([[0.5, 0.5]], [0, 1])
    with pytest.raises(DataError, match="between 0 and 1"):
        make_calibrator("platt").fit([[0.5, 0.5], [0.4, 0.6]], [0, 2])


def test_logits_of_extreme_scores_do_not_break_the_fit():
    p = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    y = np.array([0, 0, 1, 1, 1, 0])

    state = make_calibrator("platt").fit(np.column_stack([1 - p, p]), y).get_state()

    assert np.isfinite(state["curves"]).all()
    assert np.isfinite(logit(p)).all()
