import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.core._logistic import fit_logistic, logit, sigmoid


def test_logit_and_sigmoid_are_inverse_and_finite_at_the_ends():
    p = np.array([1e-9, 0.2, 0.5, 1 - 1e-9])

    assert sigmoid(logit(p)) == pytest.approx(p, rel=1e-6)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert sigmoid(np.array([-2000.0, 2000.0])).tolist() == [0.0, 1.0]


def test_coefficients_equal_scikit_learns_unpenalised_fit():
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    y = (rng.random(400) < sigmoid(0.7 * x - 1)).astype(float)
    weight = rng.integers(1, 4, 400).astype(float)

    slope, intercept = fit_logistic(np.column_stack([x, np.ones(400)]), y, weight)

    reference = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x[:, None], y, sample_weight=weight)
    assert (slope, intercept) == pytest.approx((reference.coef_[0, 0], reference.intercept_[0]), abs=1e-5)


def test_an_offset_stands_in_for_a_fixed_slope():
    y = np.array([0.0, 1.0, 1.0, 0.0])
    offset = np.array([0.3, 0.1, -0.2, 0.5])

    (intercept,) = fit_logistic(np.ones((4, 1)), y, np.ones(4), offset)

    assert sigmoid(intercept + offset).sum() == pytest.approx(2.0)


def test_separated_classes_and_constant_scores_stay_finite():
    separated = np.column_stack([np.array([-2.0, -1.0, 1.0, 2.0]), np.ones(4)])
    constant = np.ones((4, 2))

    assert np.isfinite(fit_logistic(separated, np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4))).all()
    assert constant[0] @ fit_logistic(constant, np.array([0.0, 1.0, 1.0, 1.0]), np.ones(4)) == pytest.approx(np.log(3))
