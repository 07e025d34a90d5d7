"""Which rows are explained."""

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._explain_rows import outputs_of, stratified_rows
from appliedml.core.samples import make_samples
from appliedml.core.schema import Schema


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=1000), "sex": np.where(np.arange(1000) % 5, "f", "m")})
    return make_samples(table.assign(y=(np.arange(1000) % 10 == 0).astype(int)), Schema("y", ["sex"]))


def test_classes_and_sensitive_levels_have_their_share(samples):
    chosen = samples.take(stratified_rows(samples, 100, seed=3))

    assert chosen.y.sum() == pytest.approx(10, abs=1)
    assert (chosen.sensitive["sex"] == "m").sum() == pytest.approx(20, abs=2)
    assert len(set(chosen.row_id.tolist())) == 100


def test_every_row_is_as_likely(samples):
    drawn = np.concatenate([stratified_rows(samples, 100, seed) for seed in range(200)])

    counts = np.bincount(drawn, minlength=1000)
    assert counts.mean() == 20
    assert counts.std() == pytest.approx(np.sqrt(20 * 0.9), rel=0.15)


def test_few_rows_are_all_taken_and_the_seed_decides_otherwise(samples):
    assert stratified_rows(samples, 5000, 0).tolist() == list(range(1000))
    assert stratified_rows(samples, 50, 1).tolist() == stratified_rows(samples, 50, 1).tolist()
    assert stratified_rows(samples, 50, 1).tolist() != stratified_rows(samples, 50, 2).tolist()


@pytest.mark.parametrize(("classes", "expected"), [(("no", "yes"), (1,)), (("a", "b", "c"), (0, 1, 2))])
def test_the_class_of_interest_or_every_class_is_explained(classes, expected):
    class Two:
        binary = len(classes) == 2

    Two.classes = classes
    assert outputs_of(Two()) == expected
