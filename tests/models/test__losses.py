import keras
import numpy as np
import pytest

from appliedml.models._losses import reduction_problem, row_loss
from appliedml.models._rules import settings_problems


def losses(name, n_outputs, y, logits, gamma=2.0, label_smoothing=0.0):
    function = row_loss(name, n_outputs, gamma=gamma, label_smoothing=label_smoothing, trains_on_labels=True)
    return function(np.array(y, dtype=np.int32), np.array(logits, dtype=np.float32)).numpy()


def test_binary_cross_entropy_is_the_log_of_the_chance_given_to_the_truth():
    assert losses("crossentropy", 1, [1, 0], [[2.0], [2.0]]) == pytest.approx(
        [np.log1p(np.exp(-2)), np.log1p(np.exp(2))], rel=1e-5
    )


def test_cross_entropy_over_classes_agrees_with_two_logits():
    assert losses("crossentropy", 2, [1], [[0.0, 2.0]]) == pytest.approx(losses("crossentropy", 1, [1], [[2.0]]))


@pytest.mark.parametrize("n_outputs, logits", [(1, [[0.5]]), (3, [[0.1, 0.5, -1.0]])])
def test_focal_with_gamma_0_is_cross_entropy(n_outputs, logits):
    assert losses("focal", n_outputs, [1], logits, gamma=0.0) == losses("crossentropy", n_outputs, [1], logits)


@pytest.mark.parametrize("y, chance", [(1, 0.8), (0, 0.2)])
def test_focal_weighs_by_the_missing_chance(y, chance):
    logit = np.log(0.8 / 0.2)

    assert losses("focal", 1, [y], [[logit]])[0] == pytest.approx((1 - chance) ** 2 * -np.log(chance), rel=1e-4)
    assert losses("focal", 2, [y], [[0.0, logit]])[0] == pytest.approx((1 - chance) ** 2 * -np.log(chance), rel=1e-4)


def test_label_smoothing_moves_the_best_logit_inside():
    logits = np.linspace(-8, 8, 161)[:, None]
    best = logits[losses("crossentropy", 1, np.ones(161), logits, label_smoothing=0.2).argmin(), 0]

    assert best == pytest.approx(np.log(0.9 / 0.1), abs=0.06)


def test_a_reconstruction_error_is_its_own_loss():
    function = row_loss("crossentropy", 1, gamma=2.0, label_smoothing=0.0, trains_on_labels=False)

    assert function(None, np.array([[0.3], [0.7]])).tolist() == [0.3, 0.7]


@pytest.mark.parametrize("reduction", ["sum", "mean_with_sample_weight", None])
def test_a_reduction_that_is_not_a_mean_is_refused(reduction):
    loss = keras.losses.MeanSquaredError(reduction=reduction)

    assert f"It is {reduction!r}" in reduction_problem(loss)
    (sentence,) = settings_problems({"loss": loss})
    assert "MeanSquaredError must be" in sentence
    assert reduction_problem(keras.losses.MeanSquaredError(reduction="mean")) is None
    assert reduction_problem("hinge") is None
