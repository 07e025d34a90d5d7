from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.under_sampling import RandomUnderSampler

from appliedml.stages.balance.random_under import RandomUnder


@pytest.fixture
def rows():
    return pd.DataFrame({"a": [*range(11), None], "sex": list("FM" * 6)}), np.repeat([0, 1, 2], [7, 2, 3])


def test_the_rows_are_those_of_imbalanced_learn_in_their_given_order(rows):
    stage = RandomUnder(random_state=4)

    labels = stage.fit_resample(*rows)[1]

    sampler = RandomUnderSampler(random_state=4)
    sampler.fit_resample(np.arange(12)[:, None], rows[1])
    assert stage.sample_indices_.tolist() == sorted(sampler.sample_indices_)
    assert np.bincount(labels).tolist() == [2, 2, 2]


@pytest.mark.parametrize(("ratio", "sizes"), [(0.5, [4, 2, 3]), (0.2, [7, 2, 3])])
def test_the_ratio_limits_the_larger_classes(rows, ratio, sizes):
    stage = RandomUnder(ratio=ratio, random_state=0)

    labels = stage.fit_resample(*rows)[1]

    assert np.bincount(labels).tolist() == sizes
    assert bool(stage.notes_) == (sizes == [7, 2, 3])
