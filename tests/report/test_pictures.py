"""Pixels as PNG files."""

import io

import numpy as np
import pytest
from PIL import Image

from appliedml.report import blocks
from appliedml.report.json_form import to_json
from appliedml.report.markdown import render_markdown
from appliedml.report.pictures import OUTLINE, heat_over, outlined, png


def read(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_pixels_come_back_enlarged_by_whole_pixels_and_the_same_pixels_give_the_same_bytes():
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)

    data = png(pixels, side_px=21)

    assert np.array_equal(read(data), np.kron(pixels, np.ones((3, 3, 1), dtype=np.uint8)))
    assert data == png(pixels.copy(), side_px=21)


def test_a_large_picture_is_shrunk_and_keeps_its_proportions():
    assert read(png(np.zeros((400, 200), dtype=np.uint8))).shape == (224, 112)
    assert read(png(np.zeros((2000, 3, 1)))).shape == (224, 1)


def test_values_out_of_range_are_clipped_and_other_shapes_are_refused():
    assert read(png(np.array([[-5.0, 300.0, 99.6]]), side_px=3)).tolist() == [[0, 255, 100]]
    with pytest.raises(ValueError, match="shape"):
        png(np.zeros((2, 2, 4)))
    with pytest.raises(ValueError, match="shape"):
        png(np.zeros((0, 2)))


def test_a_heat_map_is_red_above_zero_blue_below_and_leaves_the_rest():
    found = heat_over(np.full((1, 3, 1), 100, dtype=np.uint8), np.array([[-2.0, 0.0, 1.0]]), 1.0)[0].astype(int)

    assert found[1].tolist() == [100, 100, 100]
    assert found[0, 2] > found[0, 0]
    assert found[2, 0] > found[2, 2]
    assert heat_over(np.full((1, 1), 7.0), np.zeros((1, 1)), 0.0).tolist() == [[[7, 7, 7]]]


def test_an_outline_surrounds_its_region_and_does_not_change_the_picture_given():
    pixels, region = np.zeros((5, 5), dtype=np.uint8), np.zeros((5, 5), dtype=bool)
    region[1:4, 1:4] = True

    found = outlined(pixels, region)

    drawn = (found == OUTLINE).all(axis=2)
    assert drawn.sum() == 8
    assert not drawn[2, 2]
    assert not pixels.any()


def test_only_a_png_file_is_a_picture():
    with pytest.raises(ValueError, match="PNG"):
        blocks.Picture(b"GIF89a" + b" " * 20, "alt")
    assert blocks.Picture(png(np.zeros((2, 4)), side_px=4), "alt").size == (4, 2)


def test_markdown_and_json_carry_the_text_alternative_and_no_bytes():
    items = (blocks.Picture(png(np.zeros((2, 2))), "A *black* square.", "case 1"),)
    document = blocks.Document("D", "S", (blocks.Section("s", "S", (blocks.Pictures("Cases", items, "Small."),)),))

    text = render_markdown(document)
    block = to_json(document)["sections"][0]["blocks"][0]

    assert "Figure 1. Cases" in text
    assert "- case 1: A \\*black\\* square." in text
    assert "base64" not in text
    assert block == {
        "type": "Pictures",
        "title": "Cases",
        "note": "Small.",
        "items": [{"alt": "A *black* square.", "caption": "case 1"}],
    }
