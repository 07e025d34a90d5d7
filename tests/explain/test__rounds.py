"""Which rows go on, and what their errors are said to be."""

import numpy as np
import pytest

from appliedml.explain import _rounds, _sampler
from appliedml.explain.exact import exact_shapley
from appliedml.explain.shapley import Budget, sampled_shapley
from appliedml.explain.table import TableMasker


def masker_of(n_rows, n_background=40):
    rng = np.random.default_rng(0)
    return TableMasker(rng.normal(size=(n_rows, 8)), rng.normal(size=(n_background, 8)))


def smooth(x):
    """Interactions of every order, like a network's."""
    signal = x[:, 0] - x[:, 1] * x[:, 2] + np.sin(2 * x[:, 3]) + 1.5 * x[:, 4] * (x[:, 5] > 0) * x[:, 6]
    return 1 / (1 + np.exp(-signal))


def rough(x):
    """A product of three: draws vary more against some background rows than against others, and errors of rows too."""
    return x[:, 0] * x[:, 1] + np.sin(x[:, 2]) * x[:, 3] * x[:, 4]


@pytest.mark.parametrize(("score", "target"), [(smooth, 0.05), (smooth, 0.03), (rough, 0.05)])
def test_errors_of_rows_that_stop_by_them_are_as_large_as_stated(score, target):
    """Stopping by its own error alone picks the rows whose error is underestimated: 1.4 to 1.9 times is true then."""
    masker = masker_of(n_rows=20)
    exact = exact_shapley(masker, score).values
    size = np.sqrt((exact**2).mean())

    runs = [sampled_shapley(masker, score, budget=Budget(target, max_permutations=600), seed=s) for s in range(10)]

    true = np.sqrt([((run.values - exact) ** 2).mean(axis=(1, 2)) for run in runs]) / size
    stated = np.sqrt([(run.standard_errors**2).mean(axis=(1, 2)) for run in runs]) / size
    said = stated <= target
    assert np.sqrt((true**2).mean() / (stated**2).mean()) == pytest.approx(1, abs=0.15)
    assert said.mean() > 0.9
    assert (true[said] > 1.25 * target).mean() < 0.15


@pytest.mark.parametrize(("n_background", "target"), [(40, None), (1, 0.05)])
def test_errors_are_a_rows_own_without_a_target_and_against_one_background_row(n_background, target, monkeypatch):
    masker = masker_of(n_rows=10, n_background=n_background)
    budget = Budget(target, max_permutations=100)
    found = sampled_shapley(masker, smooth, budget=budget)

    monkeypatch.setattr(_rounds, "PRIOR_REPLICATES", 0.0)
    monkeypatch.setattr(_rounds, "MARGIN", 0.0)
    own = sampled_shapley(masker, smooth, budget=budget)

    for name in ("values", "standard_errors", "n_permutations"):
        np.testing.assert_array_equal(getattr(found, name), getattr(own, name), err_msg=name)


@pytest.mark.parametrize("in_blocks", [False, True])
def test_time_that_ends_sampling_before_the_target_is_said(in_blocks, clock, monkeypatch):
    if in_blocks:
        # Six rows would fit: so blocks are of one.
        monkeypatch.setattr(_sampler, "VALUES_PER_INPUT", 2)
        monkeypatch.setattr(_sampler, "FEWEST_INPUTS", 1)
    budget = Budget(target_error=1e-4, max_permutations=10_000, batch_rows=1_000, max_seconds=60)

    found = sampled_shapley(masker_of(n_rows=10), clock.slow(smooth), budget=budget)

    assert found.explained.all()
    assert not found.reached_target
    least, most = found.n_permutations.min(), found.n_permutations.max()
    assert 45 < least <= most < 10_000
    made = f"{least}" if least == most else f"{least} to {most}"
    assert found.notes == (
        "The time of 60 seconds was over before 10 of 10 rows were known to have the error asked for, after "
        f"{made} of 10000 draws.",
    )


@pytest.mark.parametrize(("target_error", "most"), [(None, 61), (0.5, 61), (1e-6, 61)])
def test_time_that_suffices_leaves_no_note(target_error, most, clock):
    budget = Budget(target_error=target_error, max_permutations=most, max_seconds=1_000)

    found = sampled_shapley(masker_of(n_rows=3), clock.slow(smooth), budget=budget)

    assert found.notes == ()
    assert found.reached_target == (target_error != 1e-6)
