"""scikit-learn's digits as pictures."""

import numpy as np
from sklearn.datasets import load_digits

from appliedml.sources.digits import Digits


def test_the_digits_are_those_of_scikit_learn_from_black_to_white():
    samples = Digits().read()

    assert samples.X.shape == (1797, 8, 8, 1)
    pixels = samples.X.pixels()[..., 0]
    assert (pixels.min(), pixels.max()) == (0, 255)
    np.testing.assert_allclose(pixels.astype(float) * 16 / 255, load_digits().images, atol=0.04)
    assert sorted(set(samples.y)) == list(range(10))
    assert samples.row_id[3] == "digit 3"


def test_they_can_be_enlarged():
    assert Digits(size=28).read().X.pixels(slice(0, 3)).shape == (3, 28, 28, 1)


def test_the_schema_names_the_target():
    assert Digits().default_schema.target == "digit"
    assert Digits().column_names() == ["image", "digit"]
