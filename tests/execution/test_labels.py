import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import make_samples
from appliedml.core.schema import Schema
from appliedml.errors import DataError
from appliedml.execution.labels import check_sensitive, encode_labels


def make(labels, **schema):
    table = pd.DataFrame({"y": labels, "x": np.arange(len(labels)), "sex": ["f", "m"] * (len(labels) // 2)})
    return make_samples(table, Schema("y", **schema))


@pytest.mark.parametrize(
    ("labels", "positive", "classes", "codes"),
    [
        ([0, 1, 1, 0], None, ("0", "1"), [0, 1, 1, 0]),
        ([0.0, 1.0, 1.0, 0.0], None, ("0", "1"), [0, 1, 1, 0]),
        ([True, False, True, False], None, ("False", "True"), [1, 0, 1, 0]),
        (["no", "yes", "no", "yes"], None, ("no", "yes"), [0, 1, 0, 1]),
        (["a", "b", "a", "b"], "a", ("b", "a"), [1, 0, 1, 0]),
        ([1, 2, 2, 1], 1, ("2", "1"), [1, 0, 0, 1]),
        ([10, 9, 2, 10], None, ("2", "9", "10"), [2, 1, 0, 2]),
    ],
)
def test_codes_follow_the_classes_and_the_class_of_interest_is_one(labels, positive, classes, codes):
    samples, found = encode_labels(make(labels, positive=positive))
    assert found == classes
    assert samples.y.tolist() == codes


def test_a_class_of_interest_needs_two_classes():
    with pytest.raises(DataError, match="needs two classes"):
        encode_labels(make(["a", "b", "c", "a"], positive="a"))


def test_a_number_to_predict_is_not_a_class():
    with pytest.raises(DataError, match="Is it a number to predict"):
        encode_labels(make(np.arange(60) / 7))


def test_a_feature_with_two_levels_can_be_audited():
    check_sensitive(make([0, 1, 1, 0], sensitive=["sex"]))
    with pytest.raises(DataError, match="one level only"):
        check_sensitive(make([0, 1, 1, 0], sensitive=["sex"])[[0, 2]])
