"""Backbones: a network by name, with given weights, cut where asked."""

from __future__ import annotations

import numpy as np
import pytest

from appliedml.errors import DataError, MissingExtraError, StageError
from appliedml.pretrained import backbones
from appliedml.pretrained.backbones import load_backbone, weights_problem


@pytest.fixture(scope="module")
def lite0():
    return load_backbone("efficientnet_lite0", "random", (32, 32))


def test_a_loaded_backbone_is_kept_and_shared(lite0):
    # Loaded twice here: the few that are kept may have been others by now.
    first = load_backbone("efficientnet_lite0", "random", (32, 32))
    assert load_backbone("efficientnet_lite0", "random", (32, 32)) is first
    assert len(lite0.sha256) == 64
    assert lite0.facts["source"].startswith("random")


def test_the_frozen_layers_are_those_before_the_cut_in_every_way_through(lite0):
    below = lite0.lower("block7a")

    assert below[-1] == "block6d"
    assert lite0.cut_tensor("block7a") is lite0.model.get_layer("block6d").output
    assert lite0.lower(None) == [layer.name for layer in lite0.model.layers]


@pytest.mark.parametrize("cut", ["block6c_project_conv", "block6c"])
def test_a_cut_inside_a_skip_connection_is_refused_and_at_a_block_it_is_not(lite0, cut):
    if cut == "block6c":
        assert lite0.lower(cut)[-1] == "block6b"
        return
    with pytest.raises(StageError, match="layers before it reach past it"):
        lite0.lower(cut)


def test_levels_come_in_the_order_of_the_network_and_unknown_ones_are_named(lite0):
    assert lite0.levels(["head", "block3b", "head"]) == ["block3b", "head"]
    assert lite0.levels("last") == ["head"]
    assert lite0.levels("stages") == ["block3b", "block4c", "block5c", "block6d", "block7a", "head"]
    with pytest.raises(StageError, match=r"no layer 'block9z'.*its blocks are block1a"):
        lite0.levels(["block9z"])


def test_an_unknown_backbone_and_a_missing_file_are_refused():
    with pytest.raises(StageError, match=r"Did you mean 'efficientnet_lite0'\?"):
        load_backbone("efficientnet_lite", "random", (32, 32))
    with pytest.raises(DataError, match="no file 'gone.h5'"):
        load_backbone("mobilenet", "gone.h5", (32, 32))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras 3.15, on saving
def test_weights_from_a_file_are_read_and_recorded(lite0, tmp_path):
    path = tmp_path / "own.weights.h5"
    lite0.model.save_weights(path)

    found = load_backbone("efficientnet_lite0", str(path), (32, 32))

    assert found.sha256 == lite0.sha256
    assert found.facts["source"] == "the file own.weights.h5"
    path.write_bytes(b"not weights")
    with pytest.raises(DataError, match="does not hold weights of efficientnet_lite0"):
        load_backbone("efficientnet_lite0", str(path), (32, 32))


def test_random_weights_of_keras_applications_are_the_same_whatever_was_drawn_before():
    import keras

    first = load_backbone("vgg16", "random", (32, 32))
    backbones._loaded.clear()
    keras.utils.set_random_seed(5)
    second = load_backbone("vgg16", "random", (32, 32))

    assert first is not second and first.sha256 == second.sha256
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    assert second.model(pictures, training=False).shape == (2, 1, 1, 512)
    assert second.levels("stages") == ["block4_conv3", "block5_conv3", "block5_pool"]
    backbones._loaded.clear()


def test_weights_that_cannot_be_downloaded_are_an_error_that_offers_another_way(monkeypatch):
    import keras

    def offline(**options):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "MobileNet", offline)
    with pytest.raises(MissingExtraError, match=r"could not fetch them.*appliedml weights install efficientnet_lite0"):
        load_backbone("mobilenet", "imagenet", (32, 32))


def test_a_plan_learns_before_it_runs_that_weights_are_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))

    assert "appliedml weights install" in str(weights_problem("efficientnet_lite0", "imagenet"))
    assert "no file" in str(weights_problem("mobilenet", "gone.h5"))
    assert weights_problem("efficientnet_lite0", "random") is None
