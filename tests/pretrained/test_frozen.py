"""The frozen part of a network."""

from __future__ import annotations

import json

import numpy as np
import pytest

from appliedml.core.images import Images
from appliedml.errors import DataError
from appliedml.pretrained import frozen
from appliedml.pretrained.frozen import FrozenPart
from appliedml.pretrained.memo import Memo

PART = FrozenPart("efficientnet_lite0", "random", (32, 32), ("block6d", "head"), "both", cut="head")


@pytest.fixture(autouse=True)
def memo(monkeypatch):
    fresh = Memo()
    monkeypatch.setattr(frozen, "shared_memo", lambda: fresh)
    return fresh


@pytest.fixture
def images():
    return Images.of(np.random.default_rng(0).integers(0, 255, (20, 24, 24, 1)).astype(np.uint8))


def test_levels_below_the_cut_are_pooled_and_the_map_at_the_cut_is_kept(images):
    found = PART.rows(images)

    assert {name: rows.shape for name, rows in found.items()} == {"features": (20, 384), "maps": (20, 1, 1, 320)}
    assert PART.shapes() == {"features": (384,), "maps": (1, 1, 320)}
    assert (PART.frozen_levels(), PART.tuned_levels()) == (["block6d"], ["head"])
    assert PART.names()[:2] == ["block6d.average.0", "block6d.average.1"] and len(PART.names()) == 384


def test_every_picture_is_computed_once_and_gives_the_same_alone_as_in_company(images):
    together = PART.rows(images)["features"]
    again = PART.rows(images.take(np.array([7, 3])))["features"]
    assert np.array_equal(again, together[[7, 3]])
    assert PART.counts(images.shape[1:]).computed == 20
    assert PART.counts(images.shape[1:]).asked == 22

    frozen.shared_memo().clear()
    assert np.array_equal(PART.rows(images.take(np.array([7])))["features"], together[[7]])


def test_the_front_gives_what_the_rows_are_and_has_a_gradient(images):
    import tensorflow as tf

    rows = PART.rows(images)
    front = PART.front(24, 24, 1)
    pixels = tf.constant(images.pixels().astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        out = front(pixels, training=False)
        total = tf.reduce_sum(out["features"])

    for name, values in rows.items():
        np.testing.assert_allclose(out[name].numpy(), values, rtol=1e-3, atol=1e-3)
    assert np.abs(tape.gradient(total, pixels).numpy()).max() > 0


def test_the_key_tells_apart_weights_layers_and_sizes(images):
    keys = {
        PART.key((24, 24, 1)),
        PART.key((32, 32, 1)),
        FrozenPart("efficientnet_lite0", "random", (32, 32), ("block6d", "head"), "max").key((24, 24, 1)),
        FrozenPart("efficientnet_lite0", "random", (32, 32)).key((24, 24, 1)),
    }
    assert len(keys) == 4


def test_it_goes_through_json_with_the_hash_of_its_weights():
    data = json.loads(json.dumps(PART.to_json()))

    assert FrozenPart.from_json(data) == PART.pinned()
    data["sha256"] = "0" * 64
    with pytest.raises(DataError, match="not those that the network was trained on"):
        FrozenPart.from_json(data).load()


def test_facts_say_what_is_frozen(images):
    facts = PART.facts()

    assert json.loads(json.dumps(facts)) == facts
    assert 0 < facts["n_parameters_frozen"] < facts["n_parameters"]
    assert facts["fine_tuned_from"] == "head" and facts["weights"]["source"].startswith("random")


def test_no_pictures_give_no_rows(images):
    assert PART.rows(images.take(np.array([], dtype=int)))["features"].shape == (0, 384)
