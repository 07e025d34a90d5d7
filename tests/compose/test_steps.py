import numpy as np
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from appliedml.compose.steps import check_steps, columns_of, in_order, with_weight
from appliedml.core.registry import build
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


@pytest.mark.parametrize("name", ["smote", "adasyn", "borderline_smote", "smote_nc"])
def test_rows_invented_from_pixels_are_refused_before_anything_is_fitted(name):
    steps = [build("stages", stage) for stage in ("flatten_images", "scale_numbers", name)]
    with pytest.raises(StageError, match=r"no picture that anybody could have taken. flatten_images gives it pixels"):
        check_steps([*steps, LogisticRegression()])


def test_rows_invented_from_pixels_by_imbalanced_learn_are_refused_too():
    pixels = build("stages", "flatten_images")
    # Between the components of two pictures lies what lies between their pixels.
    with pytest.raises(StageError, match="^SMOTE works with distances between rows"):
        check_steps([pixels, PCA(), SMOTE(), LogisticRegression()])
    check_steps([pixels, RandomOverSampler(), LogisticRegression()])


@pytest.mark.parametrize("name", ["random_over", "random_under", "class_weights", "no_balancing", "tomek_links"])
def test_samplers_that_invent_nothing_may_follow_pixels(name):
    check_steps([build("stages", "flatten_images"), build("stages", name), LogisticRegression()])


def test_rows_may_be_invented_from_frozen_features():
    check_steps([build("stages", "image_features"), build("stages", "smote"), LogisticRegression()])
