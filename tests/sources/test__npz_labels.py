"""Labels are one whole number a picture, from 0 on."""

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import DataError
from appliedml.sources._npz_labels import check_labels_head, named_classes, whole_labels

INT = np.dtype(np.int64)


@pytest.mark.parametrize(
    ("shape", "dtype", "sentence"),
    [
        ((6, 14), INT, "T: y has 14 labels a picture.*multi-label"),
        ((400_000_000,), INT, "x has 6 pictures, but y has 400000000 labels"),
        ((), INT, "x has 6 pictures, but y has 1 labels"),
        ((6,), np.dtype("<U3"), "y must hold whole numbers. It holds <U3. Write 0"),
    ],
)
def test_the_head_alone_shows_what_does_not_fit(shape, dtype, sentence):
    with pytest.raises(DataError, match=sentence):
        check_labels_head("T", "y", shape, dtype, "x", 6)


@pytest.mark.parametrize("shape", [(6,), (6, 1)])
def test_one_label_a_picture_fits(shape):
    check_labels_head("T", "y", shape, INT, "x", 6)


def test_whole_numbers_of_any_kind_are_labels():
    for labels in (np.array([[1], [0]]), np.array([1.0, 0.0]), np.array([True, False])):
        assert whole_labels("T", "y", labels).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "held"),
    [
        (np.array([0, np.nan]), "nan .float64"),
        (np.array([0, 0.5]), "0.5 .float64"),
        (np.array([0, np.inf]), "inf .float64"),
        (np.array([0, 2**63], dtype=np.uint64), "9223372036854775808 .uint64"),
    ],
)
def test_the_first_label_that_is_no_whole_number_is_named(labels, held):
    with pytest.raises(DataError, match=f"T: y must hold whole numbers. It holds {held}"):
        whole_labels("T", "y", labels)


def test_every_label_needs_a_name():
    table = pd.DataFrame({"label": [0, 2]})

    assert named_classes("T", table, None) is table
    assert named_classes("T", table, ["a", "b", "c"])["label"].tolist() == ["a", "c"]
    with pytest.raises(DataError, match=r"2 names, and labels from 0 to 2; without a name: 2\. Give 3 names"):
        named_classes("T", table, ["a", "b"])


def test_a_label_below_zero_is_named_with_what_to_do():
    table = pd.DataFrame({"label": [0, -1, 1, -1]})

    with pytest.raises(DataError, match=r"2 of 4 pictures have the label -1, which.* Leave these pictures out, or"):
        named_classes("T", table, ["a", "b"])


def test_many_labels_without_a_name_are_cut_short():
    table = pd.DataFrame({"label": range(10)})

    with pytest.raises(DataError, match=r"without a name: 2, 3, 4, 5, 6 and 3 more\. Give 10 names"):
        named_classes("T", table, ["a", "b"])
