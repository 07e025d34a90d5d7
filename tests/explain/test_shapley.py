"""Sampled Shapley values."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from appliedml.errors import ParameterError, StageError
from appliedml.explain import _sampler
from appliedml.explain.exact import exact_shapley
from appliedml.explain.players import Players
from appliedml.explain.shapley import Budget, sampled_shapley, shapley_values, smallest_budget
from appliedml.explain.table import TableMasker


def masker_of(n_rows=30, n_columns=8, n_background=40, seed=0):
    rng = np.random.default_rng(seed)
    return TableMasker(rng.normal(size=(n_rows, n_columns)), rng.normal(size=(n_background, n_columns)))


def smooth(x):
    """Interactions of every order, like a network's."""
    signal = x[:, 0] - x[:, 1] * x[:, 2] + np.sin(2 * x[:, 3]) + 1.5 * x[:, 4] * (x[:, 5] > 0) * x[:, 6]
    return 1 / (1 + np.exp(-signal))


def smooth_of_3(x):
    return 1 / (1 + np.exp(-x[:, 0] - x[:, 1] * x[:, 2]))


def test_values_add_up_exactly_whatever_the_budget():
    found = sampled_shapley(masker_of(), smooth, budget=Budget(target_error=0.1))

    assert found.additivity_residual < 1e-12


def test_interactions_of_two_are_exact_after_the_first_round():
    masker = masker_of(n_columns=4)

    def pairs(x):
        return 3 * x[:, 0] + x[:, 1] * x[:, 2] - x[:, 3] ** 2 * x[:, 0]

    found = sampled_shapley(masker, pairs)

    np.testing.assert_allclose(found.values, exact_shapley(masker, pairs).values, atol=1e-9)
    assert found.reached_target
    assert (found.n_permutations == smallest_budget(40)).all()


@pytest.mark.parametrize("n_background", [1, 5, 40])
def test_values_are_unbiased_and_standard_errors_tell_the_true_error(n_background):
    masker = masker_of(n_rows=6, n_background=n_background)
    exact = exact_shapley(masker, smooth).values
    budget = Budget(target_error=None, max_permutations=2 * smallest_budget(n_background))

    runs = [sampled_shapley(masker, smooth, budget=budget, seed=seed) for seed in range(60)]

    misses = np.stack([run.values - exact for run in runs])
    stated = np.mean([run.standard_errors**2 for run in runs], axis=0)
    pulls = misses.mean(axis=0) / np.sqrt(stated / len(runs) + 1e-30)
    moved = stated > 1e-12
    assert abs(pulls[moved]).max() < 4.5
    assert np.sqrt((misses**2).mean() / stated.mean()) == pytest.approx(1, abs=0.12)


def test_sampling_goes_on_until_the_error_asked_for_and_no_further():
    masker = masker_of()
    exact = exact_shapley(masker, smooth)

    coarse = sampled_shapley(masker, smooth, budget=Budget(target_error=0.1))
    fine = sampled_shapley(masker, smooth, budget=Budget(target_error=0.02, max_permutations=5000))

    assert coarse.reached_target
    assert fine.reached_target
    assert fine.relative_error == pytest.approx(0.02, rel=0.05)
    assert fine.distance_to(exact.values) < 0.03 < coarse.distance_to(exact.values)
    assert fine.n_evaluations > 2 * coarse.n_evaluations
    assert len(set(fine.n_permutations.tolist())) > 1


def test_an_absolute_error_is_kept_for_every_row():
    found = sampled_shapley(
        masker_of(), smooth, budget=Budget(target_error=0.004, error="absolute", max_permutations=5000)
    )

    per_row = np.sqrt((found.standard_errors**2).mean(axis=1))
    assert per_row.max() <= 0.004


def test_a_budget_that_ends_first_is_said():
    found = sampled_shapley(masker_of(), smooth, budget=Budget(target_error=1e-6, max_permutations=100))

    assert not found.reached_target
    assert (found.n_permutations == 100).all()


def test_the_same_seed_gives_the_same_values_at_any_batch_size_and_another_seed_others():
    masker = masker_of(n_rows=7)

    first = sampled_shapley(masker, smooth, budget=Budget(batch_rows=32_768), seed=3)
    second = sampled_shapley(masker, smooth, budget=Budget(batch_rows=500), seed=3)
    other = sampled_shapley(masker, smooth, seed=4)

    np.testing.assert_allclose(first.values, second.values, atol=1e-14)
    assert abs(first.values - other.values).max() > 1e-4


@pytest.fixture
def small_memory(monkeypatch):
    """Sums of a few rows only fit beside each other."""
    monkeypatch.setattr(_sampler, "VALUES_PER_INPUT", 20)
    monkeypatch.setattr(_sampler, "FEWEST_INPUTS", 1)


SETTINGS = [
    {"target_error": 0.03},
    {"target_error": 0.01, "max_seconds": 600},
    {"target_error": 0.004, "error": "absolute"},
    {"target_error": None, "max_permutations": 70},
    {"target_error": None, "max_permutations": 45},
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_rows_that_do_not_fit_into_memory_get_the_same_values_in_blocks(setting, request):
    masker = masker_of(n_rows=40)
    whole = sampled_shapley(masker, smooth, budget=Budget(**setting), seed=3)

    request.getfixturevalue("small_memory")
    blocks = sampled_shapley(masker, smooth, budget=Budget(**setting, batch_rows=300), seed=3)

    for name in ("values", "standard_errors", "n_permutations", "scores", "base_values"):
        np.testing.assert_array_equal(getattr(blocks, name), getattr(whole, name), err_msg=name)
    assert blocks.reached_target == whole.reached_target
    # Which rows go on is known after the first round of all of them only; blocks given up by then are scored again.
    assert (blocks.n_evaluations > whole.n_evaluations) == (setting["target_error"] is not None)


def test_the_inputs_scored_are_counted_and_no_call_is_larger_than_asked(small_memory):
    calls = []

    def counting(x):
        calls.append(len(x))
        return smooth(x)

    found = sampled_shapley(masker_of(n_rows=40), counting, budget=Budget(target_error=0.03, batch_rows=300))

    assert sum(calls) == found.n_evaluations
    assert max(calls) <= 300


@pytest.mark.parametrize("target_error", [0.03, None])
def test_memory_grows_with_the_values_not_with_the_sums_by_background_row(small_memory, target_error):
    masker = masker_of(n_rows=300, n_background=60)
    budget = Budget(target_error=target_error, max_permutations=70, batch_rows=300)

    tracemalloc.start()
    found = sampled_shapley(masker, smooth, budget=budget)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 0.5 * 60 * found.values.nbytes


def test_time_is_shared_by_blocks_after_the_first_round(small_memory, clock):
    """Blocks are of one row; without a target the last would otherwise get nothing of the time that is left."""
    budget = Budget(target_error=None, max_permutations=10_000, max_seconds=400, batch_rows=300)

    found = sampled_shapley(masker_of(n_rows=10), clock.slow(smooth), budget=budget)

    assert found.explained.all()
    assert clock.now <= 401
    assert found.n_permutations.min() > smallest_budget(40)


def test_time_ends_the_first_round_of_many_blocks_too(small_memory, clock):
    found = sampled_shapley(masker_of(), clock.slow(smooth), budget=Budget(max_seconds=20, batch_rows=300))

    assert 0 < found.explained.sum() < 30
    assert clock.calls == 21


def test_errors_of_different_rows_do_not_move_together():
    masker = masker_of(n_rows=2)
    exact = exact_shapley(masker, smooth).values

    budget = Budget(target_error=None, max_permutations=45)
    misses = np.stack(
        [(sampled_shapley(masker, smooth, budget=budget, seed=s).values - exact)[:, :, 0] for s in range(80)]
    )

    together = (misses[:, 0] * misses[:, 1]).mean() / np.sqrt((misses[:, 0] ** 2).mean() * (misses[:, 1] ** 2).mean())
    assert abs(together) < 0.12


def test_several_outputs_are_explained_together():
    masker = masker_of(n_rows=4)

    def two(x):
        return np.column_stack([smooth(x), 1 - smooth(x)])

    found = sampled_shapley(masker, two, seed=1)

    assert found.values.shape == (4, 8, 2)
    np.testing.assert_allclose(found.values[:, :, 0], -found.values[:, :, 1], atol=1e-12)


def test_a_constant_score_has_no_values_and_no_error():
    found = sampled_shapley(masker_of(n_rows=3), lambda x: np.full(len(x), 0.3))

    assert not found.values.any()
    assert found.relative_error == 0
    assert found.reached_target


def test_groups_of_columns_enter_together():
    masker = masker_of(n_rows=3, n_columns=4)
    grouped = TableMasker(
        *[np.random.default_rng(0).normal(size=s) for s in ((3, 4), (6, 4))], Players(("a", "b"), ((0, 2), (1, 3)))
    )

    found = sampled_shapley(grouped, lambda x: x[:, 0] * x[:, 2] + x[:, 1])

    assert masker.names == ("x0", "x1", "x2", "x3")
    assert found.names == ("a", "b")
    exact = exact_shapley(grouped, lambda x: x[:, 0] * x[:, 2] + x[:, 1])
    np.testing.assert_allclose(found.values, exact.values, atol=1e-9)


def test_one_player_gets_everything():
    masker = TableMasker(np.array([[2.0]]), np.array([[0.0], [1.0]]))

    assert sampled_shapley(masker, lambda x: x[:, 0]).values[0, 0, 0] == pytest.approx(1.5)


def test_auto_enumerates_few_players_and_samples_many():
    assert shapley_values(masker_of(2, 8), smooth).method == "exact"
    assert shapley_values(masker_of(2, 9), smooth).method == "sampled"
    assert shapley_values(masker_of(2, 8), smooth, method="sampled").method == "sampled"


@pytest.mark.parametrize("target_error", [None, 0.05])
def test_time_ends_the_first_round_between_calls_and_rows_that_were_reached_are_kept(target_error, clock):
    """A call of 1,000 inputs holds one row: 45 draws of 16 coalitions. The first two calls score both tables."""
    budget = Budget(target_error=target_error, max_permutations=45, batch_rows=1_000)
    masker = masker_of()

    found = sampled_shapley(masker, clock.slow(smooth), budget=replace(budget, max_seconds=6.5), seed=3)

    whole = sampled_shapley(masker, smooth, budget=budget, seed=3)
    assert clock.calls == 7
    assert found.explained.tolist() == [True] * 5 + [False] * 25
    np.testing.assert_allclose(found.values[:5], whole.values[:5])
    if target_error is None:
        np.testing.assert_allclose(found.standard_errors[:5], whole.standard_errors[:5])
    assert np.isnan(found.standard_errors[5:]).all()
    assert found.n_permutations.tolist() == [45] * 5 + [0] * 25
    assert found.n_evaluations == 40 + 30 + 5 * 45 * 16
    assert not found.reached_target
    assert found.notes == ("The time of 6.5 seconds was over after 5 of 30 rows. The others have no values (NaN).",)
    assert found.additivity_residual < 1e-12
    assert 0 < found.relative_error < 1


def test_time_ends_later_rounds_between_calls_and_every_row_keeps_its_values(clock):
    budget = Budget(target_error=None, batch_rows=1_000, max_seconds=34.5)

    found = sampled_shapley(masker_of(), clock.slow(smooth), budget=budget)

    assert clock.calls == 35
    assert sorted(set(found.n_permutations.tolist())) == [45, 61]
    assert found.additivity_residual < 1e-12
    assert (found.standard_errors > 0).all()
    assert not found.reached_target
    assert found.notes == (
        "The time of 34.5 seconds was over before 30 of 30 rows had all draws: they have 45 to 61 of 320.",
    )


@pytest.mark.parametrize("seconds", [0.5, 1.5, 2.5])
def test_time_that_is_over_before_one_row_is_explained_is_an_error(seconds, clock):
    budget = Budget(max_seconds=seconds, batch_rows=100)

    with pytest.raises(StageError, match=f"no row was explained within max_seconds={seconds}; .* Give more time"):
        sampled_shapley(masker_of(), clock.slow(smooth), budget=budget)


def test_time_holds_for_an_enumeration_too(clock):
    found = shapley_values(masker_of(4, 3), clock.slow(smooth_of_3), budget=Budget(max_seconds=1.5, batch_rows=320))

    assert found.method == "exact"
    assert found.explained.tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("target_error", 0, "null, or a number above 0. It is 0 (int)"),
        ("target_error", "a", "null, or a number above 0. It is 'a' (str)"),
        ("error", "rel", "one of 'relative', 'absolute'. It is 'rel'"),
        ("batch_rows", 0, "a whole number of at least 1. It is 0"),
        ("batch_rows", 2.5, "a whole number of at least 1. It is 2.5 (float)"),
        ("batch_rows", None, "a whole number of at least 1. It is None"),
        ("max_permutations", -1, "null, or a whole number of at least 1. It is -1"),
        ("max_seconds", float("nan"), "null, or a number above 0. It is nan"),
        ("min_permutations", 3, "a whole number of at least 4. It is 3"),
        ("design", "balancd", "Did you mean 'balanced'?"),
    ],
)
def test_a_budget_of_the_wrong_kind_or_out_of_range_is_refused(name, value, rule):
    with pytest.raises(StageError) as caught:
        Budget(**{name: value})

    assert str(caught.value).startswith(f"Budget: {name} must be ")
    assert rule in str(caught.value)


def test_everything_wrong_with_a_budget_is_said_at_once():
    with pytest.raises(StageError) as caught:
        Budget(target_error="a", batch_rows=2.5)

    assert len(str(caught.value).splitlines()) == 2


def test_no_rows_to_explain_are_refused():
    with pytest.raises(StageError, match="sampled_shapley: rows must name at least one row"):
        sampled_shapley(masker_of(), smooth, rows=[])


def test_a_budget_below_one_sweep_is_refused_with_the_number_needed():
    with pytest.raises(StageError, match="at least 45 permutations"):
        sampled_shapley(masker_of(), smooth, budget=Budget(max_permutations=44))


def test_an_unknown_method_is_refused():
    with pytest.raises(StageError, match="'auto', 'exact' or 'sampled'"):
        shapley_values(masker_of(), smooth, method="kernel")


@pytest.mark.parametrize("seed", [-1, 1.5, None, True])
@pytest.mark.parametrize("explain", [shapley_values, sampled_shapley])
def test_a_seed_is_a_whole_number_of_at_least_0(explain, seed):
    """Where all coalitions are counted too: the call that samples is the same."""
    with pytest.raises(ParameterError) as caught:
        explain(masker_of(n_columns=4), smooth_of_3, seed=seed)

    rule = f"{explain.__name__}: seed must be a whole number of at least 0."
    assert str(caught.value) == f"{rule} It is {seed!r} ({type(seed).__name__})."


def test_a_seed_of_numpy_is_one():
    masker = masker_of(n_rows=2)

    one, other = (sampled_shapley(masker, smooth, seed=seed) for seed in (3, np.int64(3)))

    assert (one.values == other.values).all()
