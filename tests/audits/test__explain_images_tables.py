"""Average maps, border and corners, and released images."""

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._explain_images_fold import cell_names
from appliedml.audits._explain_images_tables import (
    cell_frame,
    corner_cells,
    error_table,
    map_table,
    part_table,
    released,
)
from appliedml.audits._explain_pool import pool
from appliedml.explain.superpixels import grid_regions


def pooled_of(values):
    n = len(values)
    item = {
        "fold": 0, "classes": ("no", "yes"), "outputs": (1,), "names": cell_names(round(values.shape[1] ** 0.5)),
        "values": values[..., None], "features": pd.DataFrame(index=range(n)),
        "sensitive": pd.DataFrame(index=range(n)), "bands": {}, "unit": np.arange(n),
    }  # fmt: skip
    return pool([item], 0)


def test_maps_are_means_over_all_images_and_over_those_of_each_class_with_enough():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(12, 9))
    labels = np.array([0] * 9 + [1] * 3)

    found = map_table(pooled_of(values), labels, ("no", "yes"), 10)

    assert list(dict.fromkeys(found["view"])) == ["all images", "class=no"]
    overall = found[found["view"] == "all images"].set_index(["row", "column"])
    assert overall.loc[(2, 3), "value"] == pytest.approx(np.abs(values[:, 5]).mean())
    assert overall.loc[(2, 3), "mean"] == pytest.approx(values[:, 5].mean())
    assert not overall["small"].any()
    own = found[found["view"] == "class=no"]
    assert own["small"].all()
    assert own["value"].to_numpy() == pytest.approx(np.abs(values[:9]).mean(axis=0))
    assert found["output"].eq("yes").all()


def test_a_corner_that_holds_more_than_its_area_is_found_and_an_even_map_has_none():
    rng = np.random.default_rng(1)
    even = 1 + rng.uniform(-0.2, 0.2, size=(30, 25))
    heavy = even.copy()
    heavy[:, 4] += 10
    cells = grid_regions((20, 20), (5, 5))

    calm, found = (part_table(pooled_of(values), cells).set_index("part") for values in (even, heavy))

    assert calm.loc["border", "area"] == pytest.approx(16 / 25)
    assert calm.loc["border", "share"] + calm.loc["centre", "share"] == pytest.approx(1)
    assert (calm["share"] - calm["area"]).abs().max() < 0.02
    assert found.loc["upper right corner", "share"] == pytest.approx(11 / 35, abs=0.01)
    assert found["higher"].to_dict() == {
        "border": True, "centre": False, "all four corners": True, "upper left corner": False,
        "upper right corner": True, "lower left corner": False, "lower right corner": False,
    }  # fmt: skip


def test_a_corner_is_a_quarter_of_each_side_so_that_a_marker_beside_the_corner_cell_is_found():
    rng = np.random.default_rng(2)
    values = 1 + rng.uniform(-0.2, 0.2, size=(10, 64))
    # Row 1, column 7; row 2, columns 7 and 8: the cell in the very corner is as any other.
    values[:, [6, 14, 15]] += 4

    found = part_table(pooled_of(values), grid_regions((64, 64), (8, 8))).set_index("part")

    corner = found.loc["upper right corner"]
    assert (corner["share"], corner["area"]) == (pytest.approx(16 / 76, abs=0.01), pytest.approx(4 / 64))
    assert found.loc["all four corners", "area"] == pytest.approx(16 / 64)
    assert found.loc["border", "area"] == pytest.approx(28 / 64)
    assert found["higher"][lambda flags: flags].index.tolist() == ["border", "all four corners", "upper right corner"]


@pytest.mark.parametrize(("side", "n"), [(4, 1), (5, 1), (6, 1), (7, 2), (8, 2), (10, 2), (11, 3), (12, 3), (16, 4)])
def test_corners_never_meet(side, n):
    found = part_table(pooled_of(np.ones((6, side * side))), grid_regions((16, 16), (side, side))).set_index("part")

    assert corner_cells(side) == n
    corners = found[found.index.str.match(".* (left|right) corner")]["area"]
    assert corners.sum() == pytest.approx(found.loc["all four corners", "area"])
    assert found.loc["all four corners", "area"] < 0.35


def test_a_coarse_grid_has_no_parts():
    assert not len(part_table(pooled_of(np.ones((6, 9))), grid_regions((9, 9), (3, 3))))


def test_places_of_cells_count_from_one_and_nothing_has_no_share():
    assert cell_frame(np.array([1.0, 2.0, 0.0, 1.0])).to_dict("list") == {
        "row": [1, 1, 2, 2], "column": [1, 2, 1, 2], "value": [1.0, 2.0, 0.0, 1.0], "share": [0.25, 0.5, 0.0, 0.25],
    }  # fmt: skip
    assert cell_frame(np.zeros(4))["share"].tolist() == [0.0] * 4


def evidence(masks=True):
    return {
        "fold": 2, "classes": ("a", "b", "c"), "outputs": (0, 1, 2),
        "scores": np.array([[0.1, 0.9, 0.0], [0.5, 0.2, 0.3]]),
        "base_values": np.full((2, 3), 0.3), "standard_errors": np.full((2, 4, 3), 0.1), "norm": 2.0, "n_hidden": 1,
        "additivity_residual": 1e-9, "worst_error": 0.2, "reached_target": True, "mean_permutations": 32.0,
        "n_evaluations": 99,
        "released": {
            "row_id": ["p", "q"], "pixels": np.stack([np.zeros((2, 2, 1)), np.ones((2, 2, 1))]).astype(np.uint8),
            "regions": np.tile(np.arange(4).reshape(2, 2), (2, 1, 1)),
            "values": np.arange(24.0).reshape(2, 4, 3), "masks": np.ones((2, 2, 2), dtype=bool) if masks else None,
        },
    }  # fmt: skip


def test_released_images_go_from_the_lowest_to_the_highest_score_with_the_values_of_their_class():
    table, arrays = released([evidence()], 5)

    assert table[["row_id", "output", "score"]].to_numpy().tolist() == [["q", "a", 0.5], ["p", "b", 0.9]]
    assert arrays["released_pixels"][:, 0, 0, 0].tolist() == [1, 0]
    assert arrays["released_values"].tolist() == [[12.0, 15.0, 18.0, 21.0], [1.0, 4.0, 7.0, 10.0]]
    assert arrays["released_masks"].shape == (2, 2, 2)
    assert "released_masks" not in released([evidence(masks=False)], 1)[1]
    assert len(released([evidence()], 1)[0]) == 1


def test_errors_are_shares_of_the_size_of_the_values():
    row = error_table([evidence()]).iloc[0]

    assert row["relative_error"] == pytest.approx(np.sqrt(24) * 0.1 / 2)
    assert row["mean_standard_error"] == pytest.approx(0.1)
    assert row["n_regions"] == 4
