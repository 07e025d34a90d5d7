"""Every kind of pixel comes down to 8 bits, grey or RGB, upright."""

import hashlib
import pickle

import numpy as np
import pytest
from PIL import Image

from appliedml.core.images import Decoder
from appliedml.errors import DataError
from appliedml.sources._image_decoders import PictureDecoder, picture_pixels, to_grey


def gradient(height=20, width=30):
    return np.tile(np.linspace(0, 255, width).round().astype(np.uint8), (height, 1))


@pytest.fixture
def save(tmp_path):
    """Save a picture and decode it again."""

    def decode(picture, name, height, width, channels, *, save_as=None, **options):
        picture.save(tmp_path / name, **(save_as or {}))
        return PictureDecoder(str(tmp_path), **options).decode(name, height, width, channels)

    return decode


def test_a_grey_png_comes_back_as_it_was(save):
    np.testing.assert_array_equal(save(Image.fromarray(gradient()), "a.png", 20, 30, 1)[..., 0], gradient())


@pytest.mark.parametrize(("value_range", "expected"), [(None, [0, 64, 255]), ((0, 65535), [0, 4, 16])])
def test_sixteen_bits_are_scaled_not_cut(save, value_range, expected):
    """Many 16-bit files use 12 bits; the default shows them from black to white."""
    values = np.repeat(np.array([0, 1024, 4095], dtype=np.uint16), 4).reshape(3, 4)

    pixels = save(Image.fromarray(values), "a.png", 3, 4, 1, value_range=value_range)

    np.testing.assert_array_equal(pixels[:, 0, 0], expected)


def test_real_values_and_gaps_in_them_are_shown():
    assert to_grey(np.array([np.nan, -1.0, 0.0, 1.0])).tolist() == [0, 0, 128, 255]
    assert to_grey(np.full(3, 7.0)).tolist() == [0, 0, 0]


def test_float_tiffs_are_read(save):
    values = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)

    pixels = save(Image.fromarray(values), "a.tif", 3, 4, 1)

    assert (pixels.min(), pixels.max()) == (0, 255)


def test_a_palette_is_resolved_to_its_colours(save):
    picture = Image.fromarray(np.full((4, 4, 3), (200, 30, 30), dtype=np.uint8)).convert("P")

    pixels = save(picture, "a.png", 4, 4, 3)

    assert np.abs(pixels[0, 0].astype(int) - (200, 30, 30)).max() < 30


def test_transparency_is_black(save):
    rgba = np.full((4, 4, 4), 255, dtype=np.uint8)
    rgba[:2, :, 3] = 0

    pixels = save(Image.fromarray(rgba), "a.png", 4, 4, 3)

    assert pixels[0].max() == 0
    assert pixels[3].min() == 255


def test_a_transparent_palette_entry_is_black(save):
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((0, 0), 0)

    pixels = save(picture, "a.png", 4, 4, 3, save_as={"transparency": 0})

    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[2, 2].tolist() == [0, 255, 0]


def test_cmyk_becomes_rgb(save):
    picture = Image.new("CMYK", (8, 8), (0, 255, 255, 0))

    red = save(picture, "a.jpg", 8, 8, 3)[4, 4]

    assert red[0] > 200
    assert red[1] < 60


def test_black_and_white_is_grey(save):
    picture = Image.fromarray(gradient() > 127)

    assert set(np.unique(save(picture, "a.png", 20, 30, 1))) == {0, 255}


def test_the_exif_turn_is_applied(save):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright

    pixels = save(Image.fromarray(gradient()), "a.jpg", 30, 20, 1, save_as={"exif": exif, "quality": 95})

    assert pixels[0].mean() < 20  # dark at the left before, above now
    assert pixels[-1].mean() > 235


def test_rgb_can_be_read_as_grey_and_grey_as_rgb(save):
    colour = Image.new("RGB", (4, 4), (0, 255, 0))

    assert save(colour, "a.png", 4, 4, 1)[0, 0, 0] == 150
    assert save(Image.new("L", (4, 4), 80), "b.png", 4, 4, 3)[0, 0].tolist() == [80, 80, 80]


@pytest.mark.parametrize(("fit", "corner", "border"), [("stretch", 255, 255), ("pad", 0, 0), ("crop", 255, 255)])
def test_other_proportions_are_stretched_padded_or_cropped(fit, corner, border):
    white = Image.new("L", (40, 20), 255)

    pixels = picture_pixels(white, 16, 16, 1, fit=fit)[..., 0]

    assert (pixels[0, 0], pixels[-1, 8], pixels[8, 8]) == (corner, border, 255)


def test_cropping_keeps_the_middle_and_its_proportions():
    pixels = picture_pixels(Image.fromarray(gradient(20, 60)), 20, 20, 1, fit="crop")[..., 0]

    np.testing.assert_array_equal(pixels, gradient(20, 60)[:, 20:40])


def test_a_large_jpeg_is_shrunk_without_aliasing(save):
    """Stripes finer than the wanted size become grey, whichever way the decoder takes."""
    stripes = np.tile(np.array([0, 0, 255, 255], dtype=np.uint8), (1024, 256))

    pixels = save(Image.fromarray(stripes), "a.jpg", 32, 32, 1, save_as={"quality": 95})

    assert np.all(np.abs(pixels[2:-2, 2:-2].astype(int) - 128) < 30)


def test_decoding_twice_gives_the_same_bytes(save, tmp_path):
    first = save(Image.fromarray(gradient(300, 200)), "a.jpg", 64, 64, 3)

    np.testing.assert_array_equal(PictureDecoder(str(tmp_path)).decode("a.jpg", 64, 64, 3), first)


def test_the_digest_is_of_the_file_and_follows_its_changes(tmp_path):
    file = tmp_path / "a.png"
    Image.new("L", (4, 4), 1).save(file)
    decoder = PictureDecoder(str(tmp_path))
    first = decoder.digest("a.png")

    assert first == decoder.digest("a.png") == hashlib.sha256(file.read_bytes()).hexdigest()
    Image.new("L", (8, 8), 2).save(file)
    assert decoder.digest("a.png") == hashlib.sha256(file.read_bytes()).hexdigest() != first


def test_it_travels_to_a_worker_without_its_memory(tmp_path):
    Image.new("L", (4, 4), 9).save(tmp_path / "a.png")
    decoder = PictureDecoder(str(tmp_path))
    decoder.digest("a.png")

    there = pickle.loads(pickle.dumps(decoder))

    assert isinstance(there, Decoder)
    assert there.decode("a.png", 4, 4, 1)[0, 0, 0] == 9
    assert there.digest("a.png") == decoder.digest("a.png")
    assert len(pickle.dumps(decoder)) < 500


def test_a_file_that_vanished_or_broke_is_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    decoder = PictureDecoder(str(tmp_path))

    with pytest.raises(DataError, match=r"broken\.png cannot be decoded"):
        decoder.decode("broken.png", 4, 4, 1)
    with pytest.raises(DataError, match=r"gone\.png cannot be decoded"):
        decoder.decode("gone.png", 4, 4, 1)
    with pytest.raises(DataError, match=r"gone\.png cannot be read any more"):
        decoder.digest("gone.png")
