from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler

from appliedml.stages.balance.random_over import RandomOver


@pytest.fixture
def rows():
    X = pd.DataFrame(
        {"a": [*range(9), None], "sex": pd.Categorical(list("FMFMFMFMFM")), "t": pd.Timestamp("2024-01-01")}
    )
    return X, np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1])


def test_the_rows_are_those_of_imbalanced_learn_whatever_the_columns(rows):
    stage = RandomOver(random_state=4)

    more, labels = stage.fit_resample(*rows)

    sampler = RandomOverSampler(random_state=4)
    sampler.fit_resample(np.arange(10)[:, None], rows[1])
    assert stage.sample_indices_.tolist() == sampler.sample_indices_.tolist()
    assert stage.sample_indices_[:10].tolist() == list(range(10))
    assert np.bincount(labels).tolist() == [7, 7]
    assert more.dtypes.tolist() == rows[0].dtypes.tolist()


def test_the_ratio_is_met_and_larger_classes_keep_their_rows(rows):
    X, _ = rows

    labels = RandomOver(ratio=0.5, random_state=0).fit_resample(X, np.repeat([0, 1, 2], [6, 1, 3]))[1]

    assert np.bincount(labels).tolist() == [6, 3, 3]


def test_a_class_of_one_row_is_repeated(rows):
    X, _ = rows
    stage = RandomOver(random_state=0)

    stage.fit_resample(X, np.repeat([0, 1], [9, 1]))

    assert set(stage.sample_indices_[10:]) == {9}


def test_rows_that_are_balanced_already_come_back_with_a_note(rows):
    stage = RandomOver(ratio=0.4)

    assert len(stage.fit_resample(*rows)[0]) == 10
    assert "nothing added" in stage.notes_[0]
