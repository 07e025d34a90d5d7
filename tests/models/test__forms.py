import numpy as np
import pytest

from appliedml.models._forms import Form, form_of

Y = np.array([0, 1], dtype=np.int32)
ONE = np.array([[0.0], [2.0]], dtype=np.float32)
THREE = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], dtype=np.float32)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_two_classes_are_one_column_of_zeros_and_ones():
    y_true, y_pred = Form()(Y, ONE)

    assert y_true.numpy().tolist() == [[0.0], [1.0]]
    assert y_pred.numpy() == pytest.approx(sigmoid(ONE))


def test_pairs_hold_the_probabilities_of_both_classes():
    y_true, y_pred = Form(pairs=True)(Y, ONE)

    assert y_true.numpy().tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert y_pred.numpy() == pytest.approx(np.hstack([1 - sigmoid(ONE), sigmoid(ONE)]))


def test_codes_stay_codes_and_more_classes_are_one_hot():
    y_true, y_pred = Form(codes=True)(Y, ONE)
    assert (y_true.tolist(), y_pred.shape) == ([0, 1], (2, 2))
    y_true, y_pred = Form(logits=True)(Y, THREE)
    assert y_true.numpy().tolist() == [[1, 0, 0], [0, 1, 0]]
    assert (y_pred == THREE).all()


@pytest.mark.parametrize(
    "name, form",
    [
        ("hinge", Form(logits=True)),
        ("categorical_hinge", Form(pairs=True, logits=True)),
        ("sparse_categorical_crossentropy", Form(codes=True)),
        (None, Form()),
    ],
)
def test_margins_see_logits_and_sparse_losses_see_codes(name, form):
    assert form_of(name, from_logits=False) == form
