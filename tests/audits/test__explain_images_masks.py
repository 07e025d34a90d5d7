"""Attribution inside masks, on values whose share is known."""

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._explain_images_masks import (
    POINTING,
    SHARE,
    inside_masks,
    mask_table,
    masked_cells,
    strongest_outside,
)
from appliedml.audits._explain_pool import pool
from appliedml.core.images import ArrayDecoder, Images
from appliedml.explain.superpixels import grid_regions

REGIONS = np.broadcast_to(grid_regions((4, 4), (2, 2)), (3, 4, 4))


def pictures(masks):
    pixels = np.zeros((len(masks), 4, 4, 1), dtype=np.uint8)
    return Images(range(len(masks)), ArrayDecoder(pixels), (4, 4), 1, masks=Images.of(masks))


def some_masks():
    masks = np.zeros((3, 4, 4))
    masks[0, :2, :2] = 255
    masks[1, 0, :] = 255
    return masks


def test_shares_and_what_they_could_be_are_measured_image_by_image():
    values = np.array([[3.0, 1.0, 0.0, -9.0], [1.0, 0.0, 1.0, 2.0], [1.0, 0.0, 0.0, 0.0]])[..., None]

    found = inside_masks(pictures(some_masks()), values, REGIONS, (1,), np.array([1, 1, 0]))

    assert found[0].tolist() == [0.75, 0.25, 1.0, 1.0, 0.25]
    assert found[1].tolist() == [0.125, 0.25, 0.5, 0.0, 0.5]
    assert np.isnan(found[2]).all()


def test_images_without_positive_values_are_left_out_and_without_masks_there_is_nothing():
    values = -np.ones((3, 4, 1))

    assert np.isnan(inside_masks(pictures(some_masks()), values, REGIONS, (1,), np.zeros(3, dtype=int))).all()
    plain = Images.of(np.zeros((3, 4, 4)))
    assert inside_masks(plain, values, REGIONS, (1,), np.zeros(3, dtype=int)) is None


def test_with_several_outputs_the_values_of_the_own_class_count():
    values = np.zeros((3, 4, 2))
    values[0, 0, 1], values[0, 3, 0] = 1.0, 1.0

    own = inside_masks(pictures(some_masks()), values, REGIONS, (0, 1), np.array([1, 1, 1]))
    other = inside_masks(pictures(some_masks()), values, REGIONS, (0, 1), np.array([0, 1, 1]))

    assert (own[0, 0], other[0, 0]) == (1.0, 0.0)


def test_strong_cells_that_no_known_region_touches_are_outside_and_weak_or_touched_ones_are_not():
    known = masked_cells(pictures(some_masks()), REGIONS[0])
    assert known.tolist() == [True, True, False, False]
    names = ("a", "b", "c", "d")

    def outside(shares, *folds):
        cells = pd.DataFrame({"share": shares})
        return strongest_outside([{"masked_cells": fold} for fold in folds], cells, names)

    assert outside([0.1, 0.1, 0.6, 0.2], known) == [{"cell": "c", "share": 0.6}]
    assert outside([0.0, 0.0, 0.4, 0.6], known, known) == [{"cell": "d", "share": 0.6}, {"cell": "c", "share": 0.4}]
    assert outside([0.6, 0.1, 0.1, 0.2], known) == []
    assert outside([0.25] * 4, known) == []
    assert outside([0.1, 0.1, 0.6, 0.2], known, np.array([False, False, True, False])) == []


def test_without_a_known_region_no_cell_is_called_outside_of_it():
    cells = pd.DataFrame({"share": [0.9, 0.1]})
    empty = masked_cells(pictures(np.zeros((3, 4, 4))), REGIONS[0])

    assert masked_cells(Images.of(np.zeros((3, 4, 4))), REGIONS[0]) is None
    for fold in (None, empty):
        assert strongest_outside([{"masked_cells": fold}], cells, ("a", "b")) == []


def pooled_of(units, masks):
    n = len(units)
    item = {
        "fold": 0, "classes": ("0", "1"), "outputs": (1,), "names": ("a",), "values": np.zeros((n, 1, 1)),
        "features": pd.DataFrame(index=range(n)), "sensitive": pd.DataFrame(index=range(n)), "bands": {},
        "unit": np.array(units), "masks": masks,
    }  # fmt: skip
    return [item], pool([item], 0)


def test_the_table_has_intervals_over_patients_and_the_difference_from_chance():
    shares = np.tile([[0.8, 0.2, 0.9, 1.0, 0.25], [0.4, 0.2, 0.7, 0.0, 0.25]], (10, 1))
    shares = np.vstack([shares, np.full((1, 5), np.nan)])

    one_a_row = mask_table(*pooled_of(list(range(21)), shares)).set_index("measure")
    together = mask_table(*pooled_of([0, 1] * 10 + [2], shares)).set_index("measure")

    row = one_a_row.loc[SHARE]
    assert row["value"] == pytest.approx(0.6)
    assert row["difference"] == pytest.approx(0.4)
    assert row["highest"] == pytest.approx(0.8)
    assert row[["n", "n_left_out"]].tolist() == [20, 1]
    assert one_a_row.loc[POINTING, "value"] == pytest.approx(0.5)
    assert one_a_row.loc[POINTING, "expected"] == pytest.approx(0.25)
    assert row["low"] < 0.6 < row["high"]
    assert together.loc[SHARE, "high"] - together.loc[SHARE, "low"] > 2 * (row["high"] - row["low"])


def test_of_fewer_than_five_images_there_is_no_interval():
    shares = np.tile([0.0, 0.2, 0.9, 1.0, 0.25], (5, 1))

    ends = ["low", "high", "difference_low", "difference_high"]
    for n, expected in ((4, False), (5, True)):
        table = mask_table(*pooled_of(list(range(n)), shares[:n]))
        assert table["value"].notna().all()
        assert (table[ends].notna().all(axis=None)) == expected
        assert table[ends].isna().all(axis=None) != expected


def test_where_no_image_has_a_mask_the_table_is_empty():
    assert not len(mask_table(*pooled_of([0, 1], np.full((2, 5), np.nan))))
    assert not len(mask_table(*pooled_of([0, 1], None)))
