from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits import _input_measures
from appliedml.audits._input_measures import (
    MEASURE_TYPES,
    SAID,
    kind_of_inputs,
    measure_frame,
    measure_table,
    measured_rows,
)
from appliedml.core.images import Images
from appliedml.core.texts import Texts


def test_texts_are_measured_and_missing_ones_are_missing():
    frame = measure_frame(Texts(["Good TEA, 2 for 1!?", "", "Чай", None]))

    assert frame["words"].tolist()[:3] == [5, 0, 1]
    assert frame["characters"].tolist()[:3] == [19, 0, 3]
    assert frame["capitals"].tolist()[:3] == [4 / 10, 0, 1 / 3]
    assert frame["exclamations"].tolist()[:3] == [2, 0, 0]
    assert frame["digits"].tolist()[:3] == [2, 0, 0]
    assert frame["other letters"].tolist()[:3] == [0, 0, 1]
    assert frame.loc[3].isna().all()


def test_pictures_are_measured_in_grey_and_colour():
    grey = np.zeros((2, 4, 4, 1), dtype=np.uint8)
    grey[1, :, 2:] = 255
    colour = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    colour[..., 0] = 90

    frame = measure_frame(Images.of(grey))
    red = measure_frame(Images.of(colour))

    assert frame["brightness"].tolist() == [0, 127.5]
    assert frame["contrast"].tolist() == [0, 127.5]
    assert frame["black"].tolist() == [1, 0.5]
    assert frame["white"].tolist() == [0, 0.5]
    assert frame["detail"].tolist() == [0, 255 / 3 / 2]
    assert red[["brightness", "colour"]].to_numpy().tolist() == [[30, 90]]
    assert set(red.columns) <= set(SAID)


def test_of_many_pictures_a_sample_is_decoded(monkeypatch):
    monkeypatch.setattr(_input_measures, "MAX_IMAGES", 100)
    images = Images.of(np.zeros((150, 2, 2), dtype=np.uint8))

    frame = measure_frame(images, seed=1)

    assert len(frame) == 150
    assert len(measured_rows(images, frame)) == 100
    pd.testing.assert_frame_equal(frame, measure_frame(images, seed=1))
    assert not frame.equals(measure_frame(images, seed=2))


def test_inputs_have_a_kind_and_others_are_not_measured():
    assert kind_of_inputs(Texts(["a"])) == "texts"
    assert kind_of_inputs(Images.of(np.zeros((1, 2, 2)))) == "images"
    assert kind_of_inputs(pd.DataFrame({"a": [1]})) == kind_of_inputs(np.zeros((2, 2))) == "table"
    assert kind_of_inputs(np.zeros((2, 2, 2))) == "other"
    assert measure_frame(pd.DataFrame({"a": [1]})) is None


def test_the_table_gives_quantiles_by_class_part_and_group_without_small_cells():
    frame = pd.DataFrame({"words": [1.0, 2, 3, 4, 5, 6, 7, 8, np.nan, 100]})
    labels = pd.Series(["a"] * 5 + ["b"] * 5)
    sensitive = pd.DataFrame({"sex": ["f"] * 7 + ["m"] * 3})

    table = measure_table(frame, labels, {"test rows of fold 0": np.arange(10) < 6}, sensitive, 12)

    assert list(table.columns) == list(MEASURE_TYPES)
    rows = table.set_index(["by", "level"])
    assert rows.loc[("overall", "all"), ["min", "median", "max"]].tolist() == [1, 5, 100]
    assert rows.loc[("class", "a"), "shown"] == "3 (2 to 4)"
    assert np.isnan(rows.loc[("class", "a"), "max"])
    assert rows.loc[("part", "test rows of fold 0"), "rows"] == "6"
    assert rows.loc[("class", "b"), ["missing", "shown"]].tolist() == ["<5", "<5 rows"]
    assert rows.loc[("sex", "m"), ["rows", "shown"]].tolist() == ["<5", "<5 rows"]
    assert np.isnan(rows.loc[("sex", "m"), "median"])
