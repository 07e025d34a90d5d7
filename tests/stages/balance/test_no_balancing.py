from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.stages.balance.no_balancing import NoBalancing


def test_rows_come_back_as_they_are_whatever_the_labels():
    X = pd.DataFrame({"a": [1, 2, None]})
    stage = NoBalancing()

    for y in ([0, 0, 1], [1, 1, 1], [0.5, 0.7, 1.9]):
        same, labels = stage.fit_resample(X, y)
        pd.testing.assert_frame_equal(same, X)
        assert labels.tolist() == y
        assert stage.sample_indices_.tolist() == [0, 1, 2]


def test_an_array_comes_back_as_an_array():
    X = np.array([[1, 2], [3, 4]])

    np.testing.assert_array_equal(NoBalancing().fit_resample(X, [0, 1])[0], X)
