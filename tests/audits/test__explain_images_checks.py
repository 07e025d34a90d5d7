"""Checks of the explainer on a fold."""

from types import SimpleNamespace

import numpy as np
import pytest

from appliedml.audits._explain_images_checks import gradient_preview, nearness, painted, randomised
from appliedml.audits._explain_images_fold import explain_fold
from appliedml.audits.explain_images import ExplainImages
from appliedml.core.images import Images

OPTIONS = ExplainImages(grid=4, n_permutations=16)


class Bright:
    """A model on pixels: a bright upper left quarter raises the score. It offers what a network does."""

    history_ = None

    def predict_proba(self, images):
        chance = 1 / (1 + np.exp(-(images.pixels()[:, :8, :8].mean(axis=(1, 2, 3)) - 60) / 10))
        return np.column_stack([1 - chance, chance])

    def randomised_scorer(self, seed):
        weights = np.random.default_rng(seed).normal(size=256)

        def score(images):
            chance = 1 / (1 + np.exp(-(images.pixels().reshape(len(images), -1) / 255.0) @ weights))
            return np.column_stack([1 - chance, chance])

        return score

    def pixel_model(self):
        import tensorflow as tf

        def network(pixels):
            pixels = tf.convert_to_tensor(pixels, tf.float32)
            chance = tf.sigmoid((tf.reduce_mean(pixels[:, :8, :8], axis=(1, 2, 3)) - 60) / 10)
            return tf.stack([1 - chance, chance], axis=1)

        return network


@pytest.fixture(scope="module")
def fold(make_film_folds):
    from dataclasses import replace

    found = make_film_folds()[0]
    model = Bright()
    pipeline = SimpleNamespace(
        model_=model,
        steps_=[("bright", model)],
        transform_inputs=lambda inputs: inputs,
        score_transformed=model.predict_proba,
        predict_proba=model.predict_proba,
    )
    return replace(found, pipeline=pipeline)


@pytest.fixture(scope="module")
def explained(fold):
    return explain_fold(fold, OPTIONS, 6, 1)


def test_the_distance_to_exact_values_is_about_what_errors_lead_to_expect(explained):
    found = nearness(explained, 3)

    assert (found["grid"], found["n"]) == ("3 x 4", 3)
    assert found["distance"] < 4 * found["expected"] + 1e-3
    assert nearness(explained, 0) is None


def test_a_randomised_network_ranks_the_regions_in_another_way(fold, explained):
    found = randomised(fold, explained, "probability")

    assert found["correlations"].shape == (6,)
    assert np.nanmean(found["correlations"]) < 0.6


def test_a_model_without_random_weights_or_gradients_says_so(fold, explained):
    from dataclasses import replace

    plain = SimpleNamespace(**vars(fold.pipeline) | {"model_": object()})
    without = replace(fold, pipeline=plain)

    assert randomised(without, explained, "probability")["correlations"] is None
    assert "offers no way for gradients" in gradient_preview(without, explained)["skipped"]
    assert "offers no way for gradients" in painted(without, 0)["skipped"]


def test_gradients_agree_with_the_shapley_values_of_a_smooth_model(fold, explained):
    found = gradient_preview(fold, explained)

    assert found["skipped"] == ""
    assert np.nanmean(found["correlations"]) > 0.7
    assert found["cells"].shape == (6, 16)
    assert found["cells"].reshape(6, 4, 4)[:, 2:, 2:].max() == 0
    assert found["residual"] < 0.02


def test_classes_are_painted_where_the_model_looks(fold):
    found = painted(fold, 3)

    assert found["classes"] == ["0", "1"]
    assert min(found["probability"]) > 0.9
    assert found["pixels"][1, :6, :6].mean() > found["pixels"][0, :6, :6].mean() + 100
    chances = fold.pipeline.predict_proba(Images.of(found["pixels"]))
    assert found["probability"] == [pytest.approx(chances[0, 0]), pytest.approx(chances[1, 1])]
