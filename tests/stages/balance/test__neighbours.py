import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from appliedml.stages.balance import _neighbours
from appliedml.stages.balance._neighbours import FEWEST_ROWS, Neighbours

N = FEWEST_ROWS + 37  # no whole number of blocks


def rows_of(kind):
    rng = np.random.default_rng(3)
    plain = rng.normal(size=(N, 20))
    return {
        "as they come": plain,
        "far from zero": plain + 1e6,
        "columns of very different scale": plain * np.logspace(-4, 4, 20),
        "outliers": plain * np.where(rng.random((N, 1)) < 0.01, 1e4, 1.0),
        "whole numbers": np.round(plain),
        "many equal rows": plain[rng.integers(0, 300, N)],
        "one row N times": np.repeat(plain[:1], N, axis=0),
        "beyond 32 bits": plain * 1e25,
        "too small for 32 bits": plain * 1e-22,
        "some far too small": plain * np.where(rng.random((N, 1)) < 0.5, 1e-22, 1.0),
        "a sentinel": np.where((rng.random((N, 1)) < 0.05) & (np.arange(20) == 3), 999_999_999.0, plain),
        "one huge value": np.where((np.arange(N) == 5)[:, None] & (np.arange(20) == 0), 1e12, plain),
        "as large as numbers are": np.where((np.arange(N) == 5)[:, None], 1.7e308, plain),
    }[kind]


def distances(rows, queries, found):
    return np.linalg.norm(rows[found] - queries[:, None, :], axis=2)


@pytest.mark.parametrize(
    "kind",
    [
        "as they come",
        "far from zero",
        "columns of very different scale",
        "outliers",
        "whole numbers",
        "many equal rows",
        "one row N times",
        "beyond 32 bits",
        "too small for 32 bits",
        "some far too small",
    ],
)
def test_the_nearest_rows_are_those_of_scikit_learn(kind):
    rows = rows_of(kind)
    queries = rows[::7]
    found = Neighbours(n_neighbors=6).fit(rows).kneighbors(queries, return_distance=False)

    # "kd_tree" subtracts before it squares; of rows equally near any may be named, so distances are compared.
    expected = NearestNeighbors(n_neighbors=6, algorithm="kd_tree").fit(rows).kneighbors(queries, return_distance=False)
    near, nearest = distances(rows, queries, found), distances(rows, queries, expected)
    np.testing.assert_allclose(near, nearest, rtol=1e-9, atol=1e-9 * np.abs(rows).max())
    assert all(len(set(row)) == 6 for row in found.tolist())
    if kind in ("as they come", "far from zero", "columns of very different scale", "outliers"):
        assert (found == expected).all()


@pytest.mark.parametrize("width", [7, 8, 15, 16])
def test_it_is_asked_from_eight_columns_on_whatever_scikit_learn_would_do(width, monkeypatch):
    rows = rows_of("as they come")[:, :width]
    asked = []
    nearest = _neighbours._nearest
    monkeypatch.setattr(_neighbours, "_nearest", lambda *given: asked.append(width) or nearest(*given))

    found = Neighbours(n_neighbors=6).fit(rows).kneighbors(rows[:300], return_distance=False)

    assert asked == [width] * (width >= 8)
    assert (found == NearestNeighbors(n_neighbors=6).fit(rows).kneighbors(rows[:300], return_distance=False)).all()


def test_what_is_not_certain_is_left_to_scikit_learn(monkeypatch):
    rows = rows_of("as they come")
    found, sure = _neighbours._nearest(rows, rows, 6)
    assert sure.mean() > 0.99

    for left in (slice(None), slice(100)):
        kept = np.ones_like(sure)
        kept[left] = False
        wrong = np.where(kept[:, None], found, 0)
        monkeypatch.setattr(_neighbours, "_nearest", lambda *_, its=(wrong, kept): its)
        again = Neighbours(n_neighbors=6).fit(rows).kneighbors(rows, return_distance=False)
        assert (again == found).all()


@pytest.mark.parametrize("kind", ["a sentinel", "one huge value", "as large as numbers are"])
def test_one_huge_value_does_not_cost_the_other_rows_their_neighbours(kind):
    rows = rows_of(kind)
    with np.errstate(over="ignore", invalid="ignore"):
        found, expected = (
            its(n_neighbors=6).fit(rows).kneighbors(rows, return_distance=False)
            for its in (Neighbours, NearestNeighbors)
        )

    assert (found == expected).mean() > 0.9999


def test_whatever_the_threads_equal_rows_have_the_same_neighbours():
    rows = np.round(rows_of("as they come"))
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(Neighbours(n_neighbors=6).fit(rows).kneighbors(rows, return_distance=False))

    assert 0.5 < _neighbours._nearest(rows, rows, 6)[1].mean() < 1
    assert (found[0] == found[1]).all()


def test_equal_rows_are_never_certain():
    assert not _neighbours._nearest(rows_of("one row N times"), rows_of("one row N times")[:40], 6)[1].any()


@pytest.mark.parametrize("rows", [rows_of("as they come")[:200], sparse.csr_array(rows_of("as they come"))])
def test_few_or_sparse_rows_and_distances_are_scikit_learns(rows):
    own, wanted = (kind(n_neighbors=4).fit(rows) for kind in (Neighbours, NearestNeighbors))

    assert (
        own.kneighbors(rows[:50], return_distance=False) == wanted.kneighbors(rows[:50], return_distance=False)
    ).all()
    assert all((a == b).all() for a, b in zip(own.kneighbors(rows[:50]), wanted.kneighbors(rows[:50]), strict=True))


def test_imbalanced_learn_may_clone_it():
    assert clone(Neighbours(n_neighbors=3)).n_neighbors == 3
