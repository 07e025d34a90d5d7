"""What the clean stages for texts share."""

import numpy as np

from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.stages.clean._text_cleaning import different_labels


def test_labels_are_compared_with_those_of_the_row_that_is_repeated():
    samples = Samples(Texts(["a"] * 5), np.array(["x", "y", None, float("nan"), "x"], dtype=object))

    assert different_labels(samples, np.array([0, 0, 2, 2, 0])).tolist() == [False, True, False, False, False]
    assert not different_labels(Samples(Texts(["a"])), np.array([0])).any()
