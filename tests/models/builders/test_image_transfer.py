"""A head over a pre-trained image network."""

from __future__ import annotations

import numpy as np
import pytest

from appliedml.core.images import Images
from appliedml.core.registry import problems_of
from appliedml.errors import ParameterError, StageError
from appliedml.models._feature_inputs import FeatureEncoder, PixelEncoder
from appliedml.models.builders._builder import Phase
from appliedml.models.builders.image_transfer import ImageTransfer
from appliedml.models.keras_classifier import KerasClassifier

SMALL = {"weights": "random", "size": 32}
TUNED = {**SMALL, "levels": ["block3b", "head"], "fine_tune_from": "head", "head_epochs": 2}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    y = np.arange(48) % 2
    pixels = rng.integers(0, 120, (48, 24, 24, 1)).astype(np.uint8)
    pixels[y == 1, :12] += 80
    return Images.of(pixels), y


def fitted(builder, rows, **settings):
    settings = {"epochs": 4, "batch_size": 16, "learning_rate": 1e-2, "random_state": 1, **settings}
    return KerasClassifier({"image_transfer": builder}, **settings).fit(*rows)


def test_a_frozen_network_is_a_regression_on_standardised_features(rows):
    images, _ = rows
    builder = ImageTransfer(**SMALL, levels="stages", l2=0.1)
    encoder = builder.learn_inputs(images)
    model = builder.build(encoder.spec, 1, 0)
    arrays = encoder.encode(images)
    builder.adapt(model, arrays)

    import keras

    scaled = keras.Model(model.input, model.get_layer("standardise").output)(arrays, training=True).numpy()

    assert [layer.name for layer in model.layers] == ["features", "standardise", "logits"]
    varying = arrays["features"].std(axis=0) > 1e-4
    np.testing.assert_allclose(scaled.mean(axis=0)[varying], 0, atol=1e-2)
    np.testing.assert_allclose(scaled.std(axis=0)[varying], 1, atol=1e-2)
    assert [variable.name for variable in model.trainable_variables] == ["kernel", "bias"]


def test_constant_features_stay_zero_and_are_not_blown_up(rows):
    builder = ImageTransfer(**SMALL)
    encoder = builder.learn_inputs(rows[0])
    model = builder.build(encoder.spec, 1, 0)
    features = np.full((10, 1280), 3.0, dtype=np.float32)

    builder.adapt(model, {"features": features})

    assert model.get_layer("standardise").moving_variance.numpy().tolist() == [1.0] * 1280


def test_equal_seeds_give_equal_bytes_and_other_seeds_others(rows):
    images, _ = rows
    builder = ImageTransfer(**SMALL, hidden=[4], dropout=0.2)
    spec = builder.learn_inputs(images).spec

    first, second, other = (
        [value.tolist() for value in builder.build(spec, 3, seed).get_weights()] for seed in (1, 1, 2)
    )

    assert first == second != other


def test_it_learns_and_each_picture_is_computed_once(rows):
    images, y = rows
    estimator = fitted({**SMALL, "levels": ["block2b", "block3b"]}, rows)

    assert (estimator.predict(images) == y).mean() > 0.9
    counts = estimator.encoder_.part.counts(images.shape[1:])
    assert counts.computed <= len(images) < counts.asked
    assert estimator.describe()["backbone"]["computed"] == "once a picture"


def test_fine_tuning_begins_after_the_head_at_a_lower_rate():
    builder = ImageTransfer(**TUNED, fine_tune_rate=0.2)

    assert builder.phases(6) == (Phase(2, 1.0), Phase(4, 0.2))
    assert ImageTransfer(**{**TUNED, "head_epochs": 0}).phases(6) == (Phase(6, 0.1),)
    assert ImageTransfer(**SMALL).phases(6) == (Phase(6, 1.0),)
    with pytest.raises(StageError, match="head_epochs=2 of 2 epochs leave none"):
        builder.phases(2)


def test_only_the_upper_part_is_tuned_and_its_batch_normalisation_never(rows):
    builder = ImageTransfer(**TUNED)
    encoder = builder.learn_inputs(rows[0])
    model = builder.build(encoder.spec, 1, 0)

    frozen = [variable.path for variable in model.trainable_variables]
    builder.set_phase(model, 1)
    tuned = [variable.path for variable in model.trainable_variables]

    assert [path for path in frozen if "conv" in path] == []
    assert [path.split("/")[-2] for path in tuned if "logits" not in path] == ["head_conv"]
    arrays = encoder.encode(rows[0])
    inside = model.get_layer("backbone")
    before = [value.copy() for value in inside.get_weights()]
    calm, training = (model(arrays, training=on).numpy() for on in (False, True))
    assert np.array_equal(calm, training)
    assert all(np.array_equal(a, b) for a, b in zip(before, inside.get_weights(), strict=True))


def test_a_fine_tuned_network_is_trained_saved_and_differentiated(rows, tmp_path):
    import tensorflow as tf

    images, _ = rows
    estimator = fitted({**TUNED, "fine_tune_rate": 0.01}, rows)
    chances = estimator.predict_proba(images)

    assert estimator.history_.learning_rate.round(6).tolist() == [0.01, 0.01, 0.0001, 0.0001]
    estimator.save(tmp_path / "kept")
    assert np.array_equal(KerasClassifier.load(tmp_path / "kept").predict_proba(images), chances)
    pixels = tf.constant(images.pixels().astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        found = estimator.pixel_model()(pixels, training=False)
        positive = tf.reduce_sum(found[:, 1])
    np.testing.assert_allclose(found.numpy(), chances, atol=1e-3)
    assert np.abs(tape.gradient(positive, pixels).numpy()).max() > 0


def test_tuning_behind_every_level_is_refused(rows):
    builder = ImageTransfer(**{**TUNED, "levels": ["block3b"]})
    with pytest.raises(StageError, match="changes nothing"):
        builder.build(builder.learn_inputs(rows[0]).spec, 1, 0)


def test_augmentation_puts_the_whole_network_inside(rows):
    images, _ = rows
    builder = ImageTransfer(**SMALL, levels=["block1a", "block2a"], augment={"noise": 0.2})
    encoder = builder.learn_inputs(images)
    model = builder.build(encoder.spec, 1, 0)
    arrays = encoder.encode(images.take(np.arange(4)))

    assert isinstance(encoder, PixelEncoder)
    assert set(arrays) == {"pixels"} and arrays["pixels"].dtype == np.uint8
    assert np.array_equal(model(arrays, training=False), model(arrays, training=False))
    assert not np.array_equal(model(arrays, training=False), model(arrays, training=True))
    builder.adapt(model, arrays)
    plain = ImageTransfer(**SMALL, levels=["block1a", "block2a"])
    features = plain.learn_inputs(images).encode(images.take(np.arange(4)))["features"]
    np.testing.assert_allclose(
        model.get_layer("standardise").moving_mean.numpy(), features.mean(axis=0), rtol=1e-2, atol=1e-3
    )


def test_augmentations_that_are_all_off_leave_the_frozen_path(rows):
    builder = ImageTransfer(**SMALL, augment={"flip_left_right": False, "shift": 0.0})

    assert isinstance(builder.learn_inputs(rows[0]), FeatureEncoder)


def test_a_plan_without_installed_weights_is_a_problem_before_anything_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))

    (problem,) = problems_of("builders", "image_transfer", "pipeline[0].builder")

    assert "appliedml weights install efficientnet_lite0" in problem.what
    assert problems_of("builders", {"image_transfer": {"weights": "random"}}, "") == []


@pytest.mark.parametrize(
    "wrong", [{"backbone": "resnet"}, {"levels": []}, {"levels": "first"}, {"fine_tune_rate": 0}, {"pooling": "sum"}]
)
def test_parameters_keep_their_rules(rows, wrong):
    with pytest.raises(ParameterError, match=f"ImageTransfer: {next(iter(wrong))} must be"):
        ImageTransfer(**{"weights": "random", **wrong}).learn_inputs(rows[0])
