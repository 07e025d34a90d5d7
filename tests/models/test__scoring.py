import pickle

import numpy as np
import pytest

from appliedml.models._inputs import InputSpec
from appliedml.models._programs import values_of
from appliedml.models._scoring import Scorer
from appliedml.models._settings import Network
from appliedml.models.builders.mlp import Mlp

NETWORK = Network(Mlp(hidden=[8]), InputSpec(("a", "b"), ("k",), (4,)), 1)


@pytest.fixture(scope="module")
def members():
    return [values_of(NETWORK.build(seed).variables) for seed in (1, 2)]


@pytest.fixture
def x():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(70, 2)).astype(np.float32)
    return {"numbers": numbers, "codes": rng.integers(0, 4, (70, 1)).astype(np.int32)}


def test_probabilities_are_float64_and_those_of_the_keras_model(members, x):
    chances = Scorer(NETWORK, members[:1])(x)
    logits = NETWORK.build(1)(x).numpy()[:, 0]

    assert chances.dtype == np.float64
    assert chances[:, 1] == pytest.approx(1 / (1 + np.exp(-logits)), rel=1e-5)
    assert chances.sum(axis=1) == pytest.approx(1.0)


def test_members_are_averaged(members, x):
    one, other, both = (Scorer(NETWORK, some)(x) for some in (members[:1], members[1:], members))

    assert both == pytest.approx((one + other) / 2)
    assert (one != other).any()


def test_several_classes_sum_to_one(x):
    network = Network(Mlp(hidden=[8]), NETWORK.spec, 3)
    chances = Scorer(network, [values_of(network.build(1).variables)])(x)

    assert chances.shape == (70, 3)
    assert chances.sum(axis=1) == pytest.approx(1.0, abs=1e-12)


def test_a_row_scores_the_same_alone_and_in_company(members, x):
    scorer = Scorer(NETWORK, members)
    alone = np.concatenate([scorer({name: array[row : row + 1] for name, array in x.items()}) for row in range(70)])

    assert alone == pytest.approx(scorer(x), rel=1e-6)


def test_no_rows_give_no_probabilities(members, x):
    assert Scorer(NETWORK, members)({name: array[:0] for name, array in x.items()}).shape == (0, 2)


def test_a_large_table_goes_through_in_parts(members, x, monkeypatch):
    whole = Scorer(NETWORK, members)(x)
    monkeypatch.setattr("appliedml.models._scoring._MOST_ROWS", 32)

    assert Scorer(NETWORK, members)(x) == pytest.approx(whole, rel=1e-6)


def test_a_scorer_pickles_without_tensorflow_objects(members, x):
    scorer = Scorer(NETWORK, members)
    chances = scorer(x)
    data = pickle.dumps(scorer)

    assert b"tensorflow" not in data
    assert (pickle.loads(data)(x) == chances).all()
