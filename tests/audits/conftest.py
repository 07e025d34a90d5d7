"""Fixtures of the audits' tests: folds of small simulated films."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression

from appliedml.compose.pipeline import Pipeline
from appliedml.core.fold import Fold
from appliedml.core.images import ArrayDecoder, Images
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema

SIDE = 16


class FlatPixels(TransformerMixin, BaseEstimator):
    """Pixels as columns of a table."""

    def fit(self, X, y=None):
        """Nothing to learn."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        """Return shares of full brightness."""
        return pd.DataFrame(X.pixels().reshape(len(X), -1) / 255.0).rename(columns=lambda name: f"p{name}")


def films(n_rows=120, marker=0.0, n_classes=2, masks=True, seed=0, channels=1):
    """Dark films with a bright lesion in the middle of those of class 1 and up, and a marker in the upper right corner.

    ``marker`` is how much more often the marker is on films with a lesion: 0 for chance, 1 for always and only.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n_rows) % n_classes
    pixels = rng.integers(0, 60, (n_rows, SIDE, SIDE, channels))
    regions = np.zeros((n_rows, SIDE, SIDE, 1), dtype=np.uint8)
    for row, code in enumerate(y):
        top, left = 5 + rng.integers(0, 2), (6, 6, 2)[code] + rng.integers(0, 2)
        if code:
            faint = 30 if marker else 120
            pixels[row, top : top + 4, left : left + 4] += faint
            regions[row, top : top + 4, left : left + 4] = 255
        if rng.random() < 0.5 + marker * (0.5 if code else -0.5):
            pixels[row, 1:3, 13:15] = 250
    made = np.clip(pixels, 0, 255).astype(np.uint8)
    known = Images.of(regions) if masks else None
    images = Images(range(n_rows), ArrayDecoder(made), (SIDE, SIDE), channels, masks=known)
    meta = pd.DataFrame(
        {
            "row_id": [f"film{row}" for row in range(n_rows)],
            "origin": "observed",
            "group": np.arange(n_rows) // 2,
            "sensitive.sex": rng.choice(["f", "m"], n_rows),
        }
    )
    return Samples(images, y, meta, Schema("y", sensitive=["sex"], group="group"))


@pytest.fixture(scope="session")
def make_films() -> Callable[..., Samples]:
    return films


@pytest.fixture(scope="session")
def make_film_folds() -> Callable[..., list[Fold]]:
    """Folds fitted on the other films."""

    def make(samples=None, n_folds=2, steps=None):
        samples = films() if samples is None else samples
        rows, found = np.arange(len(samples)), []
        for number in range(n_folds):
            train, test = samples[rows // 2 % n_folds != number], samples[rows // 2 % n_folds == number]
            chosen = [FlatPixels(), LogisticRegression(C=0.02, max_iter=500)] if steps is None else steps()
            pipeline = Pipeline(chosen, random_state=1).fit(train)
            p, names = pipeline.predict_proba(test), tuple(map(str, pipeline.classes_))
            codes = pipeline.codes(p)
            threshold = pipeline.threshold_
            found.append(
                Fold(number, n_folds, names, train, test, pipeline, p, codes, threshold, pd.DataFrame(), number)
            )
        return found

    return make
