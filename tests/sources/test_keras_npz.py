"""Files as Keras' own mnist.npz, and CIFAR-10 saved alike."""

import numpy as np

from appliedml.core.registry import build, entry_of
from appliedml.sources.keras_npz import KerasNpz
from appliedml.splits.predefined import Predefined


def test_a_file_like_mnist_is_read(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (50, 28, 28), dtype=np.uint8)
    y = (np.arange(50) % 10).astype(np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])

    samples = KerasNpz(str(tmp_path / "mnist.npz")).read()

    np.testing.assert_array_equal(samples.X.pixels()[..., 0], x)
    np.testing.assert_array_equal(samples.y, y)
    ((train, test),) = Predefined().split(samples)
    assert (train.tolist(), test.tolist()) == (list(range(40)), list(range(40, 50)))


def test_a_file_like_cifar_is_read_with_its_column_of_labels(tmp_path):
    x = np.zeros((12, 32, 32, 3), dtype=np.uint8)
    y = (np.arange(12) % 3)[:, None]
    np.savez_compressed(tmp_path / "cifar.npz", x_train=x, y_train=y, x_test=x[:6], y_test=y[:6])

    samples = KerasNpz(str(tmp_path / "cifar.npz"), classes=["plane", "car", "bird"], size=16, channels=1).read()

    assert samples.X.pixels().shape == (18, 16, 16, 1)
    assert set(samples.y) == {"plane", "car", "bird"}


def test_a_plan_can_hold_it():
    source = build("sources", {"keras_npz": {"path": "mnist.npz", "size": 32}})

    assert entry_of(source) == {"keras_npz": {"path": "mnist.npz", "size": 32}}
