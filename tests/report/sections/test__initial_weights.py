"""What a network began from, as the report says it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from appliedml.models import builders
from appliedml.report.blocks import KeyValues
from appliedml.report.sections._initial_weights import _AROUND, _RANDOM, initial_weights
from appliedml.report.sections.method import Method


def info(builder="cnn", random_state=None, **model):
    step = {"name": "keras_classifier", "verb": "predict", "parameters": {"random_state": random_state}}
    return {
        "seed": 7, "pipeline": [step], "model": {"model": "keras_classifier", "builder": {builder: {}}, **model}
    }  # fmt: skip


def test_a_network_from_scratch_names_its_seed():
    assert initial_weights(info()) == "random; the seed of every fold is derived from the root seed 7"
    assert initial_weights(info(random_state=0)) == "random; seed 0 in every fold"


def test_pre_trained_weights_inside_and_in_front_are_told_from_random_ones():
    weights = {"asked": "imagenet", "values_sha256": "0"}
    network = {"name": "efficientnet_lite0", "weights": weights}

    inside = initial_weights(info("image_transfer", backbone=network))
    in_front = initial_weights(info("mlp", image_features={"backbone": network}))
    texts = initial_weights(info("text_transfer", pretrained={"name": "all-MiniLM-L6-v2"}))
    unlearned = initial_weights(info("image_transfer", backbone=network | {"weights": {"asked": "random"}}))

    assert inside.startswith("random for the layers trained here; ")
    assert "The network inside (efficientnet_lite0) begins from pre-trained weights" in inside
    assert in_front.startswith("random; the seed")
    assert "The network in front (efficientnet_lite0) has pre-trained weights" in in_front
    assert "The network inside (all-MiniLM-L6-v2)" in texts
    assert unlearned == "random; the seed of every fold is derived from the root seed 7"


def test_what_the_report_cannot_know_it_does_not_claim():
    assert initial_weights(info("somebody_elses")) == "not known to this report: the builder somebody_elses sets them"
    assert initial_weights({"seed": 7, "model": {"coefficients": [1.0]}}) == ""
    assert initial_weights({"seed": 7}) == ""


def test_every_builder_of_the_package_is_one_or_the_other():
    files = Path(builders.__path__[0]).glob("*.py")

    assert {path.stem for path in files if not path.stem.startswith("_")} == _RANDOM | _AROUND


class Run(dict):
    """What the section reads of a run."""

    plan, ledger, info = {}, pd.DataFrame(), info()


def test_the_method_lists_them_with_the_model():
    run = Run()
    (listed,) = [b for b in Method().blocks(run) if isinstance(b, KeyValues) and b.title.startswith("As fitted")]

    assert dict(listed.items)["Initial weights"].startswith("random; ")
