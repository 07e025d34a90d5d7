import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from appliedml.core.images import Images
from appliedml.core.stage import Verb, verb_of
from appliedml.errors import ParameterError, StageError
from appliedml.stages.prepare.flatten_images import FlattenImages

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 6, 4)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (5, 6, 4, 3)).astype(np.uint8)


def test_every_pixel_is_a_column_between_0_and_1():
    table = FlattenImages().fit_transform(Images.of(GREY))

    assert verb_of(FlattenImages()) is Verb.TRANSFORM
    assert table.shape == (5, 24)
    assert table["p_2_3"].to_numpy() == pytest.approx(GREY[:, 2, 3] / 255)
    assert set(table.dtypes.astype(str)) == {"float32"}


def test_channels_have_columns_of_their_own_and_an_array_will_do():
    stage = FlattenImages().fit(COLOUR)

    assert stage.transform(COLOUR)["p_5_0_2"].to_numpy() == pytest.approx(COLOUR[:, 5, 0, 2] / 255)
    assert stage.get_feature_names_out().tolist() == list(stage.feature_sources_) == list(stage.transform(COLOUR))


def test_a_size_makes_thumbnails():
    table = FlattenImages(size=2).fit_transform(Images.of(GREY))

    assert list(table) == ["p_0_0", "p_0_1", "p_1_0", "p_1_1"]
    assert table["p_1_0"].to_numpy() == pytest.approx(GREY[:, 3:, :2].mean(axis=(1, 2)) / 255, rel=1e-5)


def test_pictures_of_another_size_and_tables_are_refused():
    stage = clone(FlattenImages()).fit(GREY)

    with pytest.raises(StageError, match="Read them at the same size"):
        stage.transform(GREY[:, :5])
    with pytest.raises(StageError, match="given a DataFrame of shape"):
        stage.fit(pd.DataFrame({"a": [1]}))
    with pytest.raises(StageError, match="Give size=16"):
        stage.fit(np.zeros((1, 200, 200), dtype=np.uint8))
    with pytest.raises(ParameterError, match="size must be"):
        FlattenImages(size=0).fit(GREY)
