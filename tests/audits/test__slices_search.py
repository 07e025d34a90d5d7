from __future__ import annotations

import numpy as np

from appliedml.audits._slices_columns import Column
from appliedml.audits._slices_errors import Errors
from appliedml.audits._slices_search import FEWEST, Slice, search


def setting(bad, n=6000, seed=0):
    rng = np.random.default_rng(seed)
    columns = [Column(f"c{k}", ("a", "b", "c", "d"), rng.integers(0, 4, n)) for k in range(5)]
    p = rng.beta(2, 3, n)
    y = (rng.random(n) < np.where(bad(columns), 1 - p, p)).astype(np.int64)
    return Errors.of(y, np.column_stack([1 - p, p]), (p > 0.5).astype(np.int64), np.arange(n)), columns


def found(bad, **changes):
    settings = {"always": 1, "min_rows": 50, "margin": 0.1, "max_slices": 4, "pairs": True} | changes
    errors, columns = setting(bad)
    return search(errors, "log_loss", columns, **settings), columns


def test_a_bad_level_is_told_by_itself_and_not_once_with_each_other_feature():
    result, columns = found(lambda columns: columns[1].codes == 2)

    assert result.slices[0].said(columns) == "c1=c"
    assert all((1, 2) not in item.parts for item in result.slices[1:])


def test_a_bad_pair_is_found_only_where_pairs_are_looked_at():
    def both(columns):
        return (columns[1].codes == 2) & (columns[3].codes == 0)

    result, columns = found(both)
    single, _ = found(both, pairs=False)

    assert result.slices[0].said(columns) == "c1=c & c3=a"
    assert result.n_looked_at == 5 * 4 + 10 * 16
    assert single.n_looked_at == 20
    assert all(len(item.parts) == 1 for item in single.slices)


def test_where_nothing_is_conspicuous_the_closest_few_are_put_to_the_test():
    result, _ = found(lambda columns: np.zeros(6000, dtype=bool))

    assert len(result.slices) == FEWEST
    assert all(item.bound <= 0 for item in result.slices)


def test_rows_without_a_level_are_in_no_slice():
    column = Column("c", ("a", "b"), np.array([0, -1, 1]))

    assert Slice(((0, 1),), 0.0).rows([column]).tolist() == [False, False, True]
