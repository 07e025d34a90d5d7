from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._leakage_inputs import IN_TEXT, measure_separation, pure_words
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts


def fold(X, y, n_train=200):
    samples = Samples(X, np.asarray(y))
    train, test = samples.take(np.arange(n_train)), samples.take(np.arange(n_train, len(y)))
    return Fold(0, 1, ("no", "yes"), train, test, None, np.zeros((len(test), 2)), np.zeros(len(test)), 0.5, None, 0)


Y = np.arange(300) % 5 == 0


def test_a_length_that_tells_the_class_is_measured():
    texts = ["word " * (3 + 10 * label + i % 2) for i, label in enumerate(Y)]

    found = measure_separation(fold(Texts(texts), Y.astype(int)), 0).set_index("column")["auroc"]

    assert found["words"] == found["characters"] == 1
    assert found["digits"] == pytest.approx(0.5)


def test_a_brightness_that_tells_the_class_is_measured():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 100, (300, 4, 4)) + 120 * Y[:, None, None]

    found = measure_separation(fold(Images.of(pixels), Y.astype(int)), 0).set_index("column")["auroc"]

    assert found["brightness"] == 1
    assert found["contrast"] < 0.8


def test_a_word_that_comes_with_one_class_only_is_found():
    texts = [f"some words number {i} and {'REFUNDED' if label else 'more'}" for i, label in enumerate(Y)]

    found = pure_words(fold(Texts(texts), Y.astype(int), n_train=280))

    assert found.to_dict("records") == [
        {"column": IN_TEXT, "level": "refunded", "class": "yes", "rows": 56, "share": 1.0}
    ]


def test_a_word_of_a_common_class_or_of_few_texts_is_not():
    texts = [f"{'rare' if label and i < 100 else 'usual' if not label else 'odd'} {i % 3}" for i, label in enumerate(Y)]

    assert pure_words(fold(Texts(texts), Y.astype(int), n_train=200)).empty


def test_tables_are_left_to_the_other_checks():
    table = fold(pd.DataFrame({"a": np.arange(300)}), Y.astype(int))

    assert measure_separation(table, 0) is None
    assert pure_words(table) is None
