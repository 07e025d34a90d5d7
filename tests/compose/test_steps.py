import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.compose.steps import check_steps, columns_of, in_order, with_weight
from appliedml.core.samples import as_samples
from appliedml.errors import StageError


def test_a_class_the_classifier_never_saw_has_probability_zero():
    found = in_order(np.array([[0.3, 0.7]]), np.array([0, 2]), np.array([0, 1, 2]))
    assert found.tolist() == [[0.3, 0.0, 0.7]]


def test_weights_multiply():
    samples = with_weight(with_weight(as_samples(np.zeros((2, 1)), [0, 1]), np.array([1.0, 2.0])), np.array([3.0, 3.0]))
    assert samples.weight.tolist() == [3.0, 6.0]


def test_weights_of_another_length_are_refused():
    with pytest.raises(StageError, match="one value per row"):
        with_weight(as_samples(np.zeros((2, 1)), [0, 1]), np.ones(3))


def test_steps_must_be_a_list():
    with pytest.raises(StageError, match="must be a list of stages"):
        check_steps(LogisticRegression())


def test_arrays_have_no_column_names():
    assert columns_of(np.zeros((2, 2))) == []
