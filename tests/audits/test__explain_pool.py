"""The rows of all folds and their bootstrap."""

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._explain_pool import interval, pool


def item(fold, names, values, unit):
    n = len(values)
    return {
        "fold": fold, "names": names, "values": np.asarray(values, dtype=float)[:, :, None], "classes": ("no", "yes"),
        "outputs": (1,), "unit": np.asarray(unit), "features": pd.DataFrame(index=range(n)),
        "sensitive": pd.DataFrame({"sex": ["f"] * n}), "bands": {},
    }  # fmt: skip


def test_features_are_matched_by_name_and_one_that_a_fold_does_not_read_is_0_there():
    found = pool([item(0, ("a", "b"), [[1, 2]], [0]), item(1, ("c", "a"), [[5, 7]], [1])], seed=0)

    assert found.names == ("a", "b", "c")
    assert found.values[:, :, 0].tolist() == [[1, 2, 0], [7, 0, 5]]
    assert found.fold.tolist() == [0, 1]
    assert found.outputs == ("yes",)


def test_rows_of_one_group_are_drawn_together_in_every_fold():
    found = pool([item(0, ("a",), [[1], [2]], ["p", "q"]), item(1, ("a",), [[3]], ["p"])], seed=0)

    assert (found.weights[:, 0] == found.weights[:, 2]).all()
    assert (found.weights[0] == 1).all()
    assert (found.weights[1:, :2].sum(axis=1) == 2).all()


def test_intervals_have_the_width_of_the_standard_error():
    values = np.random.default_rng(0).normal(size=(400, 1))
    found = pool([item(0, ("a",), values, np.arange(400))], seed=0)

    value, low, high = interval(found.means(found.values[:, :, 0]))

    assert value[0] == pytest.approx(values.mean())
    assert (high - low)[0] == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_a_resample_without_any_of_the_rows_is_unknown_not_0():
    found = pool([item(0, ("a",), [[1], [2], [3]], [0, 1, 2])], seed=0)

    means = found.means(found.values[:, :, 0], np.array([True, False, False]))

    assert np.isnan(means).any()
    assert np.nanmin(means) == 1
