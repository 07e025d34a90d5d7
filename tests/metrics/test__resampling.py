import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.metrics import _resampling
from appliedml.metrics._resampling import resample_weights


def test_every_resample_draws_as_many_rows_as_there_are():
    weights = np.concatenate(list(resample_weights(7, 20, seed=0)))

    assert weights.shape == (20, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.std() > 0


def test_groups_are_drawn_whole():
    groups = np.array(["a", "b", "a", "c", "b", "a"])

    weights = np.concatenate(list(resample_weights(6, 30, seed=0, groups=groups)))

    for name, n_rows in (("a", 3), ("b", 2)):
        own = weights[:, groups == name]
        assert own.shape[1] == n_rows
        assert (own == own[:, :1]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_weights_do_not_depend_on_the_size_of_a_batch(monkeypatch):
    whole = np.concatenate(list(resample_weights(10, 12, seed=3)))
    monkeypatch.setattr(_resampling, "BATCH_VALUES", 10)

    one_by_one = list(resample_weights(10, 12, seed=3))

    assert len(one_by_one) == 12
    assert np.array_equal(np.concatenate(one_by_one), whole)


def test_nothing_to_draw_from_is_refused():
    with pytest.raises(DataError, match="needs rows"):
        next(resample_weights(0, 5, seed=0))
    with pytest.raises(DataError, match="at least two groups"):
        next(resample_weights(2, 5, seed=0, groups=["a", "a"]))
    with pytest.raises(DataError, match="one group per row"):
        next(resample_weights(3, 5, seed=0, groups=["a", "b"]))
