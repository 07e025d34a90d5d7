from __future__ import annotations

import numpy as np
import pytest

from appliedml.stages.balance._fast_one_hot import FastOneHot


@pytest.mark.parametrize("n_features", [1, 3])
def test_rows_come_back_as_scikit_learn_would_decode_them(n_features):
    X = np.random.default_rng(0).integers(0, 5, (50, n_features)).astype(float)
    encoder = FastOneHot(handle_unknown="ignore", dtype=np.float64)

    encoded = encoder.fit_transform(X)
    encoded = encoded[:, ::-1][:, ::-1].tolil().tocsr()

    np.testing.assert_array_equal(encoder.inverse_transform(encoded), X)
    np.testing.assert_array_equal(super(FastOneHot, encoder).inverse_transform(encoded), X)


def test_stored_zeros_are_passed_over():
    encoder = FastOneHot(handle_unknown="ignore", dtype=np.float64)
    encoded = encoder.fit_transform(np.array([["a"], ["b"]], dtype=object)).tolil().tocsr()
    wide = encoded + encoded[::-1] * 0

    assert encoder.inverse_transform(wide).ravel().tolist() == ["a", "b"]
