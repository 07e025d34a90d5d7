"""The section on explanations of images, from artifacts."""

import io
from functools import cache

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.report.blocks import Callout, Document, Figure, KeyValues, Pictures, Section, Subheading, Table, Text
from appliedml.report.html import render_html
from appliedml.report.sections.image_explanations import ImageExplanations


def maps(view, small=False):
    place = np.arange(16)
    return pd.DataFrame(
        {"view": view, "output": "yes", "row": place // 4 + 1, "column": place % 4 + 1, "value": place / 10.0,
         "low": 0.0, "high": 2.0, "share": place / place.sum(), "mean": 0.1, "n": 12, "small": small}
    )  # fmt: skip


def by_group(small=False, levels=("f", "m")):
    parts = [maps("x").assign(sensitive="sex", level=level, feature="cell", small=small) for level in levels]
    table = pd.concat(parts, ignore_index=True)
    known = np.nan if small else 0.1
    return table.assign(difference=known * table["row"], difference_low=known - 0.05, difference_high=known + 0.05,
                        differs=not small)  # fmt: skip


def artifact(released=0, painted=False, masks=True, groups=None, randomised=True, preview=True, **changed):
    summary = {
        "players": "patches", "grid": 4, "hidden": "mean", "output": "probability",
        "classes": ["yes"], "several": False, "n_images": 12, "n_folds": 2, "n_regions": 16,
        "n_hidden": 1, "n_evaluations": 9000, "size": [8, 8], "target_error": 0.1, "relative_error": 0.04,
        "worst_image_error": 0.07, "additivity_residual": 2e-16, "distance": 0.03, "expected_distance": 0.02,
        "distance_grid": "3 x 4", "distance_images": 2, "fold_agreement": 0.8, "min_group_images": 30,
        "groups_left_out": {"sex": 1}, "randomisation_limit": 0.5, "part_factor": 1.5, "corner_cells": 1,
        "released": released, "notes": [],
        "randomisation_skipped": "none", "preview_skipped": "no gradient passes through the step pca",
        "preview_residual": 0.01, "painted_skipped": "not asked for",
    } | changed  # fmt: skip
    line = pd.DataFrame({"value": [0.3], "low": [0.2], "high": [0.4], "n": [12]})
    curves = pd.DataFrame(
        [(c, o, s, 1 - s, 0.8 - s, 1.1 - s) for c in ("deletion", "insertion") for o in ("explained", "random")
         for s in (0, 1)],
        columns=["curve", "order", "share", "value", "low", "high"],
    )  # fmt: skip
    tables = {
        "maps": pd.concat([maps("all images"), maps("class=yes", small=True), maps("gradients (quick preview)")]),
        "by_group": by_group() if groups is None else groups,
        "parts": pd.DataFrame(
            {"part": ["border", "upper left corner"], "share": [0.8, 0.1], "low": [0.7, 0.05], "high": [0.9, 0.2],
             "area": [0.5, 0.06], "higher": [True, False], "n": 12}
        ),
        "masks": pd.DataFrame(
            {"measure": ["share of positive attribution inside the mask"] * masks}
        ).assign(value=0.4, low=0.3, high=0.5, expected=0.1, difference=0.3, difference_low=0.2, difference_high=0.4,
                 highest=0.9, n=7, n_left_out=5),
        "agreement": pd.DataFrame({"fold_a": [0], "fold_b": [1], "overlap": 0.8, "spearman": 0.7, "kendall": 0.6}),
        "curves": curves,
        "advantages": pd.concat([line.assign(curve="deletion"), line.assign(curve="insertion")]),
        "randomisation": line.assign(how="drawn anew", verdict="x").head(int(randomised)),
        "preview": line.assign(how="integrated gradients").head(int(preview)),
        "errors": pd.DataFrame(
            {"fold": [0, 1], "n_images": 6, "base_value": 0.3, "additivity_residual": 2e-16,
             "mean_standard_error": 0.01, "relative_error": 0.04, "mean_permutations": 32.4, "n_evaluations": 4500}
        ),
        "stand_ins": pd.DataFrame(
            {"fold": [0, 1], "output": "yes", "n": 6, "hidden": 0.99, "hidden_low": [0.99, 0.98], "hidden_high": 0.99,
             "low": 0.06, "high": 0.9, "n_test": 50, "n_outside": [6, 0]}
        ),
        "painted": pd.DataFrame({"class": ["no", "yes"], "probability": [0.9, 0.8], "before": 0.5}).head(2 * painted),
    }  # fmt: skip
    arrays = {"painted_pixels": np.zeros((2, 8, 8, 1), np.uint8)} if painted else {}
    if released:
        tables["released"] = pd.DataFrame(
            {"place": range(released), "row_id": [f"film{k}" for k in range(released)], "fold": 0, "output": "yes",
             "score": 0.7, "base_value": 0.4, "additivity_residual": 0.0}
        )  # fmt: skip
        arrays |= {
            "released_pixels": np.full((released, 8, 8, 1), 90, np.uint8),
            "released_regions": np.tile(np.arange(64).reshape(8, 8) // 4, (released, 1, 1)).astype(np.uint16),
            "released_values": np.linspace(-1, 1, 16)[None].repeat(released, axis=0),
            "released_masks": np.eye(8, dtype=bool)[None].repeat(released, axis=0),
        }
    finding = Finding(Severity.WARNING, "The model looks at the border of the images", "80% of the attribution.")
    return Artifact("explain_images", summary=summary, tables=tables, arrays=arrays, findings=(finding,))


@cache
def plain():
    return blocks()


def blocks(**changed):
    return ImageExplanations().blocks({"explain_images": artifact(**changed)})


def titled(found, kind):
    return [block.caption if kind is Table else block.title for block in found if isinstance(block, kind)]


def test_association_not_cause_stands_first_and_the_error_is_printed():
    found = plain()

    assert found[0].title == "Association, not cause"
    facts = dict(next(block for block in found if isinstance(block, KeyValues)).items)
    assert facts["Relative error of sampling"].startswith("4.0 % (expected")
    assert facts["Measured distance to exact values on a grid of 3 x 4"].startswith("3.0 % on 2 images")
    assert facts["A wholly hidden picture scores (the base value)"] == (
        "0.980 to 0.990; 6 of 12 outside the range (1 % to 99 %) of the pictures' own out-of-fold scores"
    )
    assert facts["Regions"] == "16 patches of a grid an image"
    assert "The model looks at the border of the images" in titled(found, Callout)


def test_average_maps_are_charts_with_the_table_behind_them_and_gradients_are_called_a_preview():
    found = plain()

    figures = [block for block in found if isinstance(block, Figure)]
    titles = [figure.title for figure in figures]
    assert titles[:2] == [
        "Average map: all images (12 images)",
        "Average map: class=yes (12 images, a small group)",
    ]
    assert titles[-1] == "Quick preview by gradients, no Shapley values (12 images)"
    assert "row 4, column 4: 1.5" in figures[0].alt
    assert figures[0].alt.endswith("Spread evenly, each cell would hold 6.2 %.")
    assert "Mean absolute integrated gradient by cell" in figures[-1].alt
    assert any("not the patient's" in block.text for block in found if isinstance(block, Text))
    assert len(figures[0].data) == 16
    assert "Gradients (quick preview) beside the Shapley values" in titled(found, Table)


def test_without_a_release_there_is_no_picture_and_with_one_a_notice_stands_beside_it():
    private, released = plain(), blocks(released=2)

    assert not [block for block in private if isinstance(block, Pictures)]
    pictures = next(block for block in released if isinstance(block, Pictures))
    assert len(pictures.items) == 2
    assert "Association, not cause" in pictures.note
    # Sixteen regions of four pixels each, of -1 to 1.
    assert "the deepest colour is a region of 1. " in pictures.note
    assert "In 6 of 12 images the base value is no score that pictures have" in pictures.note
    notice = released[released.index(pictures) - 1]
    assert (notice.tone, notice.title) == ("warning", "Personal data")
    assert notice.text.endswith("Images of real people are personal data: handle them as such.")
    assert pictures.items[0].alt == (
        "Test image film0 (fold 0), and below it the heat map over it. The known region is outlined in yellow."
    )
    assert pictures.items[0].caption == "film0 (fold 0). Probability of class yes: 0.700; base value: 0.400"
    shown = np.asarray(Image.open(io.BytesIO(pictures.items[0].png)))
    # Enlarged by 26: eight rows of the image in grey, a white line, and eight rows in colour.
    assert shown.shape == (17 * 26, 8 * 26, 3)
    assert np.ptp(shown[: 8 * 26].astype(int), axis=2).max() == 0
    assert (shown[8 * 26 : 9 * 26] == 255).all()
    assert np.ptp(shown[9 * 26 :].astype(int), axis=2).max() > 50


def test_painted_images_are_said_to_be_synthetic_or_why_there_are_none():
    pictures = next(block for block in blocks(painted=True) if isinstance(block, Pictures))
    texts = [block.text for block in blocks(painted_skipped="no gradient passes") if isinstance(block, Text)]

    assert [item.caption for item in pictures.items] == ["no: probability 0.900", "yes: probability 0.800"]
    assert "no person's image" in pictures.note
    assert "Activation maximisation: not made; no gradient passes." in texts


def test_known_regions_and_parts_have_tables_and_are_left_out_where_there_are_none():
    shown, without = plain(), blocks(masks=False)

    table = next(block for block in shown if isinstance(block, Table) and "known regions" in block.caption)
    assert "5 images without a known region" in table.note
    parts = next(block for block in shown if isinstance(block, Table) and "part of the image" in block.caption)
    assert parts.data["result"].tolist() == ["more than its area", "not shown to be more than its area"]
    assert "A corner is 1 x 1 of the 4 x 4 cells; the parts overlap." in parts.note
    wide = next(b for b in blocks(grid=8, corner_cells=2) if isinstance(b, Table) and "part of the image" in b.caption)
    assert "A corner is 2 x 2 of the 8 x 8 cells" in wide.note
    assert "Does the model look at the known regions?" not in [b.text for b in without if isinstance(b, Subheading)]


@pytest.mark.parametrize(("levels", "n_maps"), [(("f", "m"), 1), (("f", "m", "x"), 3)])
def test_differences_between_groups_are_drawn_once(levels, n_maps):
    found = blocks(groups=by_group(levels=levels))

    assert len([title for title in titled(found, Figure) if "minus that of all others" in title]) == n_maps
    assert "All cells by sex" in titled(found, Table)


def test_small_groups_are_called_so_and_not_compared():
    found = blocks(groups=by_group(small=True))

    assert not [title for title in titled(found, Figure) if "minus" in title]
    table = next(block for block in found if isinstance(block, Table) and block.caption == "All cells by sex")
    assert set(table.data["note"]) == {"small group"}
    assert set(table.data["differs"]) == {"not compared"}
    none = blocks(groups=by_group().iloc[:0])
    assert any("1 group of sex with fewer than five" in block.text for block in none if isinstance(block, Text))


def test_tests_that_were_not_made_say_why():
    texts = [block.text for block in blocks(randomised=False, preview=False) if isinstance(block, Text)]

    assert "Model-randomisation test: not made. none." in texts
    assert "Gradients as a quick preview: none; no gradient passes through the step pca." in texts


def test_the_section_becomes_a_page_with_its_pictures_inside():
    section = Section("image_explanations", "Explanations of images", tuple(blocks(released=1, painted=True)))

    page = render_html(Document("D", "S", (section,)))

    assert page.count("data:image/png;base64,") == 3
    assert page.count("<img") == 3
    assert ImageExplanations().blocks({"explain_images": Artifact("explain_images")}) == []
