"""Pictures to a table of frozen features."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from appliedml.core.images import Images
from appliedml.core.registry import problems_of
from appliedml.core.stage import Verb, verb_of
from appliedml.errors import ParameterError, StageError
from appliedml.stages.prepare.image_features import ImageFeatures


@pytest.fixture(scope="module")
def images():
    return Images.of(np.random.default_rng(0).integers(0, 255, (5, 24, 24, 1)).astype(np.uint8))


@pytest.fixture
def stage():
    return ImageFeatures(weights="random", size=32, levels=["block2b", "block3b"], pooling="both")


def test_pictures_become_a_table_of_float32_columns(stage, images):
    table = stage.fit(images).transform(images)

    assert isinstance(table, pd.DataFrame) and table.shape == (5, 128)
    assert list(table.columns) == [f"f{number}" for number in range(128)] == list(stage.get_feature_names_out())
    assert set(table.dtypes) == {np.dtype(np.float32)}
    assert set(stage.feature_sources_.values()) == {"image"}
    assert verb_of(stage) is Verb.TRANSFORM


def test_it_learns_nothing_from_the_rows(stage, images):
    few = clone(stage).fit(images.take(np.array([0])), [1]).transform(images)

    pd.testing.assert_frame_equal(few, stage.fit(images).transform(images))


def test_an_array_of_pictures_gives_the_same(stage, images):
    pd.testing.assert_frame_equal(stage.fit_transform(images.pixels()[..., 0]), stage.fit_transform(images))


def test_a_run_records_where_the_weights_came_from(stage, images):
    facts = stage.fit(images).describe()

    assert json.loads(json.dumps(facts)) == facts
    assert facts["backbone"]["levels"] == ["block2b", "block3b"]
    assert len(facts["backbone"]["weights"]["values_sha256"]) == 64


def test_tables_and_broken_rules_are_refused(stage, images):
    with pytest.raises(StageError, match="ImageFeatures takes pictures"):
        stage.fit(pd.DataFrame({"a": [1]}))
    with pytest.raises(ParameterError, match="ImageFeatures: pooling must be one of"):
        ImageFeatures(weights="random", pooling="sum").fit(images)


def test_a_plan_without_installed_weights_is_a_problem_before_anything_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))

    (problem,) = problems_of("stages", "image_features", "pipeline[0]")

    assert "appliedml weights install efficientnet_lite0" in problem.what
