import numpy as np
import pandas as pd
import pytest

from appliedml.errors import DataError
from appliedml.models._rows import check_classes, codes_of, plain_labels, set_aside, weighted
from appliedml.models._settings import Rows


def rows_of(y, weight=None):
    y = np.array(y, dtype=np.int32)
    weight = np.ones(len(y)) if weight is None else np.array(weight)
    return Rows({"numbers": np.arange(len(y), dtype=np.float32)[:, None]}, y, weight.astype(np.float32))


def test_balanced_weights_give_every_class_the_same_total():
    weight = weighted(rows_of([0, 0, 0, 1]), "balanced", np.array(["a", "b"])).weight

    assert weight[:3].sum() == pytest.approx(weight[3:].sum())
    assert weight.mean() == pytest.approx(1.0)


def test_class_weights_are_found_by_class_or_its_text():
    classes = np.array([3, 5])
    by_class = weighted(rows_of([0, 1]), {3: 1.0, 5: 3.0}, classes).weight
    by_text = weighted(rows_of([0, 1]), {"3": 1.0, "5": 3.0}, classes).weight

    assert by_class.tolist() == by_text.tolist() == [0.5, 1.5]


def test_the_scale_of_weights_does_not_matter():
    once = weighted(rows_of([0, 1], [1, 2]), None, np.array([0, 1])).weight
    tenfold = weighted(rows_of([0, 1], [10, 20]), None, np.array([0, 1])).weight

    assert once == pytest.approx(tenfold)


def test_a_weight_for_an_absent_class_is_refused():
    with pytest.raises(DataError, match="class 'c', which no training row has"):
        weighted(rows_of([0, 1]), {"c": 2.0}, np.array(["a", "b"]))


def test_rows_set_aside_are_stratified_and_not_trained_on():
    training, validation = set_aside(rows_of([0] * 80 + [1] * 20), 0.2, seed=1)

    assert validation.y.sum() == 4
    assert len(validation) == 20
    assert not set(validation.x["numbers"][:, 0]) & set(training.x["numbers"][:, 0])


def test_too_few_rows_to_set_aside_are_refused():
    with pytest.raises(DataError, match="validation_fraction"):
        set_aside(rows_of([0, 0, 0, 1]), 0.25, seed=1)


def test_one_class_is_refused():
    with pytest.raises(DataError, match="1 class: 'b'"):
        check_classes(np.array(["a", "b"]), np.array([0, 1]), np.array([0.0, 1.0]))


def test_labels_become_codes_and_unknown_ones_are_refused():
    assert codes_of(["b", "a"], np.array(["a", "b"])).tolist() == [1, 0]
    with pytest.raises(DataError, match="'z', which no training row has"):
        codes_of(["z"], np.array(["a", "b"]))


@pytest.mark.parametrize("classes", [np.array([0, 1]), np.array([0.0, 1.0]), np.array([False, True])])
@pytest.mark.parametrize("named", [{1: 3.0}, {1.0: 3.0}, {True: 3.0}, {"1": 3.0}, {"1.0": 3.0}, {"true": 3.0}])
def test_classes_that_are_numbers_or_booleans_are_found_by_their_value(classes, named):
    assert weighted(rows_of([0, 1]), named, classes).weight.tolist() == [0.5, 1.5]


def test_texts_are_found_as_they_are_written():
    with pytest.raises(DataError, match="class '1', which no training row has"):
        weighted(rows_of([0, 1]), {1: 3.0}, np.array(["01", "1.0"]))


def test_a_class_that_is_named_twice_is_refused():
    with pytest.raises(DataError, match="the class '1.0' twice"):
        weighted(rows_of([0, 1]), {1: 3.0, "1.0": 2.0}, np.array([0, 1]))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (pd.Series([3, 4], dtype="Int64"), "int64"),
        (pd.array([3, 4], dtype="UInt8"), "uint8"),
        (pd.Series([True, False], dtype="boolean"), "bool"),
        (pd.Series([3, 4], dtype="int32[pyarrow]"), "int32"),
        (pd.DataFrame({"y": pd.array([3, 4], dtype="Int64")}), "int64"),
    ],
)
def test_whole_numbers_and_booleans_of_pandas_stay_what_they_are(given, kind):
    found = plain_labels(given)

    assert found.dtype == kind
    assert np.array_equal(found.ravel(), np.asarray(given).ravel())


@pytest.mark.parametrize(
    "given", [["a", "b"], pd.Series([3, None], dtype="Int64"), pd.Series(["a", "b"], dtype="string"), np.array([1, 2])]
)
def test_other_labels_are_left_as_they_are(given):
    assert plain_labels(given) is given


def test_nullable_labels_of_validation_rows_have_codes():
    assert codes_of(pd.Series([True, False], dtype="boolean"), np.array([False, True])).tolist() == [1, 0]
