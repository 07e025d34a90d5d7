from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import BorderlineSMOTE

from appliedml.errors import StageError
from appliedml.stages.balance.borderline_smote import BorderlineSmote


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": np.r_[rng.normal(size=60), rng.normal(1, 1, 20)], "b": rng.normal(size=80)})
    return X, np.repeat([0, 1], [60, 20])


@pytest.mark.parametrize("kind", ["borderline-1", "borderline-2"])
def test_the_rows_are_those_of_imbalanced_learn(rows, kind):
    stage = BorderlineSmote(neighbors=4, kind=kind, border_neighbors=6, random_state=2)

    more, labels = stage.fit_resample(*rows)

    expected, _ = BorderlineSMOTE(k_neighbors=4, m_neighbors=6, kind=kind, random_state=2).fit_resample(*rows)
    pd.testing.assert_frame_equal(more, expected)
    assert np.bincount(labels).tolist() == [60, 60]


def test_a_class_without_a_row_in_danger_gets_nothing_and_is_noted(rows):
    X, y = rows
    stage = BorderlineSmote(random_state=0)

    same = stage.fit_resample(X.assign(a=X["a"] + 1000 * y), y)[0]

    assert len(same) == 80
    assert stage.notes_ == ["Class 1 has no row in danger; nothing was added to it."]


def test_too_few_rows_for_either_neighbourhood_are_refused(rows):
    X, y = rows

    with pytest.raises(StageError, match="BorderlineSmote needs at least 21 training rows"):
        BorderlineSmote(neighbors=20).fit_resample(X, y)
    with pytest.raises(StageError, match="more than border_neighbors=80 training rows. There are 80"):
        BorderlineSmote(border_neighbors=80).fit_resample(X, y)
