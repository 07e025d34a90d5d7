"""Findings about explained images, from tables."""

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._explain_images_findings import image_findings
from appliedml.audits._explain_images_masks import POINTING, SHARE
from appliedml.core.artifact import Severity

SUMMARY = {
    "target_error": 0.1, "relative_error": 0.05, "distance": 0.05, "expected_distance": 0.05, "distance_grid": "3 x 4",
    "distance_images": 2, "additivity_residual": 1e-12, "fold_agreement": 0.9, "hidden": "mean",
    "output": "probability", "strongest_outside": [],
}  # fmt: skip


def stand_ins(hidden=0.5, n_outside=0):
    return pd.DataFrame(
        {"fold": [0], "output": "yes", "n": 10, "hidden": hidden, "hidden_low": hidden, "hidden_high": hidden,
         "low": 0.1, "high": 0.9, "n_test": 50, "n_outside": n_outside}
    )  # fmt: skip


def parts(**shares):
    area = {"border": 0.5, "all four corners": 0.08, "upper left corner": 0.02, "upper right corner": 0.02}
    table = pd.DataFrame({"part": list(area), "area": list(area.values())})
    table["share"] = [shares.get(name.replace(" ", "_"), area[name]) for name in area]
    return table.assign(low=table["share"] - 0.01, high=table["share"] + 0.01, n=20).assign(
        higher=lambda t: t["low"] > t["area"]
    )


def tables(**changed):
    line = pd.DataFrame({"value": [0.3], "low": [0.2], "high": [0.4], "n": [20]})
    return {
        "parts": parts(),
        "masks": pd.DataFrame({"measure": pd.Series(dtype=str)}),
        "errors": pd.DataFrame({"reached_target": [True], "worst_image_error": [0.08]}),
        "maps": pd.DataFrame({"view": "all images", "value": [0.1] * 4}),
        "randomisation": line.assign(how="the network with its weights drawn anew"),
        "advantages": pd.concat([line.assign(curve="deletion"), line.assign(curve="insertion")]),
        "by_group": pd.DataFrame(),
        "stand_ins": stand_ins(),
    } | changed  # fmt: skip


def said(summary=None, **changed):
    found = image_findings(tables(**changed), SUMMARY | (summary or {}))
    return {item.title: item for item in found}


def test_an_explanation_in_order_raises_nothing():
    assert said() == {}


def test_one_corner_is_named_instead_of_all_and_a_small_share_is_no_warning():
    strong = said(parts=parts(upper_right_corner=0.4, all_four_corners=0.46, border=0.8))
    weak = said(parts=parts(upper_right_corner=0.1))
    ring = said(parts=parts(border=0.9, all_four_corners=0.09))

    assert list(strong) == ["The model looks at the upper right corner of the images"]
    assert "40% of the attribution (39% to 41%, 20 images)" in strong.popitem()[1].text
    assert next(iter(weak.values())).severity is Severity.INFO
    assert {title: item.severity for title, item in ring.items()} == {
        "The model looks at the border of the images": Severity.WARNING
    }


def masks(low):
    row = {"value": 0.4, "low": 0.3, "high": 0.5, "expected": 0.1, "difference": 0.3, "difference_low": low,
           "difference_high": 0.4, "highest": 0.9, "n": 12, "n_left_out": 3}  # fmt: skip
    return pd.DataFrame([row | {"measure": SHARE}, row | {"measure": POINTING}])


def test_known_regions_are_looked_at_or_that_is_not_shown():
    looks, not_shown = said(masks=masks(0.1)), said(masks=masks(-0.1))

    ((title, finding),) = looks.items()
    assert title == "More attribution lies inside the known regions than spread evenly, yet most lies outside"
    assert finding.severity is Severity.INFO
    assert "40 % of the positive attribution (30 % to 50 %) lies inside it and 60 % outside" in finding.text
    assert "strongest cells" not in finding.text
    assert list(said(masks=masks(0.1).assign(value=0.6))) == [
        "More attribution lies inside the known regions than spread evenly"
    ]
    assert next(iter(not_shown.values())).severity is Severity.WARNING


@pytest.mark.parametrize("low", [0.1, -0.1])
def test_strong_cells_outside_of_every_known_region_are_named_and_point_to_the_shortcuts(low):
    outside = [{"cell": "row 1, column 7", "share": 0.085}, {"cell": "row 2, column 8", "share": 0.068}]
    two, one = (said({"strongest_outside": outside[:n]}, masks=masks(low)).popitem()[1].text for n in (2, 1))

    assert (
        "Of the 3 strongest cells of the average map, 2 lie outside the known region of every explained image: "
        "row 1, column 7 (8 % of the attribution); row 2, column 8 (7 % of the attribution)." in two
    )
    assert "shortcut_probe" in two
    assert "1 lies outside" in one


def test_of_few_images_with_a_known_region_no_interval_is_told():
    ends = dict.fromkeys(["low", "high", "difference_low", "difference_high"], float("nan"))
    (finding,) = said(masks=masks(0.1).assign(n=3, value=0.004, **ends)).values()

    assert finding.title == "It is not shown that the model looks at the known regions"
    assert "0.40 % of the positive attribution (too few images for an interval) lies inside it" in finding.text


@pytest.mark.parametrize(
    ("title", "summary", "changed"),
    [
        (
            "The error of the heat maps is above the one asked for",
            {},
            {"errors": pd.DataFrame({"reached_target": [False], "worst_image_error": [0.3]})},
        ),
        ("The heat maps are further from exact values than their stated error", {"distance": 0.2}, {}),
        (
            "The stand-in of hidden regions does not look like a picture to the network",
            {},
            {"stand_ins": stand_ins(1.0, 10)},
        ),
        ("Values do not add up to the score", {"additivity_residual": 0.1}, {}),
        ("Folds disagree on where the model looks", {"fold_agreement": 0.3}, {}),
        (
            "The heat maps hardly depend on what the model learned",
            {},
            {"randomisation": pd.DataFrame({"how": ["x"], "value": [0.9], "low": [0.8], "high": [0.95], "n": [9]})},
        ),
        (
            "The deletion curve is no better than a random order",
            {},
            {"advantages": pd.DataFrame({"curve": ["deletion"], "value": [-0.1], "low": [-0.2], "high": [0.0]})},
        ),
    ],
)
def test_what_cannot_be_relied_on_is_a_warning(title, summary, changed):
    assert {name: item.severity for name, item in said(summary, **changed).items()} == {title: Severity.WARNING}


def test_a_difference_between_groups_names_the_cell():
    groups = pd.DataFrame(
        {"sensitive": "sex", "level": ["f", "m"], "feature": ["row 1, column 2"] * 2, "value": [0.2, 0.1],
         "difference": [0.1, np.nan], "difference_low": [0.05, np.nan], "difference_high": [0.15, np.nan],
         "differs": [True, False]}
    )  # fmt: skip

    found = said(by_group=groups)["The model looks at other parts of the image by sex"]

    assert found.severity is Severity.INFO
    assert "row 1, column 2 weighs 0.2 for f and 0.1 for all others" in found.text
