"""Images explained together, against enumeration."""

import numpy as np
import pytest

from appliedml.explain.faithfulness import faithfulness
from appliedml.explain.pixel_game import ImageValues, PixelGame
from appliedml.explain.shapley import Budget
from appliedml.explain.superpixels import grid_regions

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (4, 6, 6, 1)).astype(np.uint8)
REGIONS = np.broadcast_to(grid_regions((6, 6), (3, 3)), (4, 6, 6))


def scorer(batch):
    """Two outputs, with products of neighbouring patches."""
    means = batch.reshape(-1, 3, 2, 3, 2).mean(axis=(2, 4)).reshape(-1, 9) / 255
    first = np.tanh(means[:, 0] * means[:, 1] * 4) + means[:, 4] * means[:, 8]
    return np.column_stack([first, means.sum(axis=1)])


def shared():
    return PixelGame(IMAGES, REGIONS, np.full((1, 6, 6, 1), 40, dtype=np.uint8))


def own():
    return PixelGame(IMAGES, REGIONS, (IMAGES // 2), own=True)


@pytest.mark.parametrize("game", [shared(), own()], ids=["one stand-in for all", "one an image"])
def test_sampled_values_are_close_to_exact_ones_and_add_up(game):
    exact = game.exact(scorer)
    found = game.sampled(scorer, Budget(None, max_permutations=64), seed=3)

    size = np.sqrt(np.mean(exact.values**2))
    assert np.sqrt(np.mean((found.values - exact.values) ** 2)) < 0.05 * size
    assert found.additivity_residual < 1e-12
    assert exact.additivity_residual < 1e-12
    assert found.base_values == pytest.approx(scorer(np.broadcast_to(game.hidden, IMAGES.shape)))
    assert found.scores == pytest.approx(scorer(IMAGES))


def test_a_linear_output_is_explained_without_error_by_every_stand_in():
    for game in (shared(), own()):
        hidden = np.broadcast_to(game.hidden, IMAGES.shape).astype(float)
        wanted = (IMAGES - hidden).reshape(-1, 3, 2, 3, 2).mean(axis=(2, 4)).reshape(-1, 9) / 255
        found = game.sampled(scorer, Budget(None, max_permutations=8, min_permutations=8), seed=0)
        assert found.values[:, :, 1] == pytest.approx(wanted)


def test_some_images_are_the_same_game():
    rows = np.array([2, 0])

    for game in (shared(), own()):
        assert game.take(rows).exact(scorer).values == pytest.approx(game.exact(scorer).values[rows])
    assert shared().n_regions == 9


@pytest.mark.parametrize("game", [shared(), own()], ids=["one stand-in for all", "one an image"])
def test_walks_go_from_the_score_to_the_base_value_and_beat_a_random_order(game):
    exact = game.exact(scorer)

    walks = game.walks(scorer, exact, np.zeros(4, dtype=np.intp), n_random=3, seed=0)

    assert walks.length == pytest.approx(np.abs(exact.scores - exact.base_values)[:, 0])
    assert walks.way[0, 0, :, 0] == pytest.approx(walks.length)
    assert walks.way[0, 0, :, -1] == pytest.approx(0)
    assert (faithfulness(walks).advantages["value"] > 0).all()


def test_joined_parts_keep_their_base_values():
    game = own()
    parts = [game.take(np.array([row])).exact(scorer) for row in range(4)]

    assert isinstance(parts[0], ImageValues)
    assert np.concatenate([part.base_values for part in parts]) == pytest.approx(game.exact(scorer).base_values)
    assert len(np.unique(game.exact(scorer).base_values[:, 0])) == 4


def test_images_that_are_games_of_their_own_share_the_time(clock):
    budget = Budget(None, max_permutations=10_000, max_seconds=40)

    found = own().sampled(clock.slow(scorer), budget, seed=0)

    assert 40 <= clock.now <= 44
    assert (found.n_permutations > 32).all()
    assert found.additivity_residual < 1e-12
