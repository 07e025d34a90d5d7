import numpy as np

from appliedml.models.keras_classifier import KerasClassifier

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 60)
PIXELS = RNG.integers(0, 100, (60, 8, 8, 1)).astype(np.uint8)
PIXELS[LABELS == 1, 2:5, 2:5] += 100


def test_it_gives_the_probabilities_and_a_gradient_where_the_signal_is():
    import tensorflow as tf

    classifier = KerasClassifier(
        builder={"cnn": {"filters": [8], "batch_norm": False, "augment": {"noise": 0.3}}},
        epochs=30,
        batch_size=16,
        learning_rate=0.01,
        random_state=0,
    ).fit(PIXELS, LABELS)
    model = classifier.pixel_model()
    pixels = tf.constant(PIXELS, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        chances = model(pixels)
        total = tf.reduce_sum(chances[:, 1])
    np.testing.assert_allclose(chances, classifier.predict_proba(PIXELS), atol=1e-5)
    assert np.abs(tape.gradient(total, pixels).numpy()).sum() > 0


def test_several_classes_have_a_column_each():
    classifier = KerasClassifier(builder={"cnn": {"filters": [4]}}, epochs=1, random_state=0)
    classifier.fit(PIXELS, np.arange(60) % 3)
    np.testing.assert_allclose(classifier.pixel_model()(PIXELS), classifier.predict_proba(PIXELS), atol=1e-5)


def test_a_table_has_no_pixels():
    classifier = KerasClassifier(builder={"mlp": {"hidden": [4]}}, epochs=1, random_state=0)
    assert classifier.fit(PIXELS.reshape(60, -1), LABELS).pixel_model() is None
