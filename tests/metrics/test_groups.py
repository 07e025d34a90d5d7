from __future__ import annotations

import numpy as np

from appliedml.metrics import groups


def test_everything_named_is_there():
    assert all(hasattr(groups, name) for name in groups.__all__)


def test_a_million_rows_cost_what_their_counts_cost():
    """The table of a million rows in 50 groups has 200 cells, and that is all the bootstrap sees."""
    rng = np.random.default_rng(0)
    n = 1_000_000
    table = groups.group_table(
        rng.integers(0, 50, n), rng.integers(0, 2, n), rng.integers(0, 2, n), groups=[str(g) for g in range(50)]
    )

    draws = groups.bootstrap_rates(table, ["true_positive_rate"], n_resamples=1000)
    gap = groups.pairwise_gaps(draws, np.ones((1, 50), dtype=bool)).largest_gap(0)

    assert table.patterns.shape == (200, 200)
    assert gap.low == 0
    assert gap.high < 0.07
