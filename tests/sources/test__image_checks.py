"""What is wrong with a file is found without decoding it, and said."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from appliedml.sources._image_checks import BadFileError, Seen, check_pixels, inspect_picture
from appliedml.sources._picture_folder import PictureFolder

MOST = 1_000_000


def content(format_, size=(60, 40), mode="L", **options):
    rng = np.random.default_rng(0)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], 3)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(buffer, format_, **options)
    return buffer.getvalue()


@pytest.fixture
def kind_of(tmp_path):
    """Kind of badness of some bytes."""

    def look(data, **options):
        path = tmp_path / "file"
        path.write_bytes(data)
        with pytest.raises(BadFileError) as caught:
            inspect_picture(path, MOST, **options)
        return caught.value.kind

    return look


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP", "PPM"])
@pytest.mark.parametrize("decode", [False, True])
def test_whole_files_pass_whatever_their_format(tmp_path, format_, decode):
    path = tmp_path / "file"
    path.write_bytes(content(format_))

    seen = inspect_picture(path, MOST, decode)

    assert (seen.height, seen.width) == (40, 60)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_progressive_jpeg_and_trailing_bytes_pass(tmp_path, progressive):
    path = tmp_path / "file"
    path.write_bytes(content("JPEG", progressive=progressive) + b"\0" * 100)

    assert inspect_picture(path, MOST) == Seen(40, 60, True)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "PPM"])
@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("decode", [False, True])
def test_truncated_files_are_found(kind_of, format_, share, decode):
    whole = content(format_, quality=95) if format_ in ("JPEG", "WEBP") else content(format_)

    assert kind_of(whole[: int(len(whole) * share)], decode=decode) in ("truncated", "damaged", "not an image")


def test_a_jpeg_with_a_thumbnail_is_truncated_all_the_same(kind_of):
    """The thumbnail in the EXIF block has an end marker of its own; it does not count."""
    exif = b"Exif\0\0" + content("JPEG", size=(16, 16))
    whole = content("JPEG", exif=exif)
    assert b"\xff\xd9" in whole[:-200]

    assert kind_of(whole[:-200]) == "truncated"


def test_a_png_with_a_flipped_bit_is_damaged(kind_of):
    data = bytearray(content("PNG"))
    data[len(data) // 2] ^= 1

    assert kind_of(bytes(data)) == "damaged"


def test_what_is_no_picture_is_said_to_be_none(kind_of, tmp_path):
    assert kind_of(b"patient,age\n1,2\n") == "not an image"
    assert kind_of(b"%PDF-1.7 and so on") == "not an image"
    assert kind_of(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n") == "not an image"
    assert kind_of(b"") == "empty"
    for path, kind in ((tmp_path / "absent.png", "missing"), (tmp_path, "not an image")):
        with pytest.raises(BadFileError) as caught:
            inspect_picture(path, MOST)
        assert caught.value.kind == kind


def test_a_dicom_file_is_recognised_by_its_mark(tmp_path):
    """Many have names without an ending."""
    (tmp_path / "IM0001").write_bytes(bytes(128) + b"DICM" + bytes(50))

    with pytest.raises(BadFileError) as caught:
        inspect_picture(tmp_path / "IM0001", MOST)

    assert (caught.value.kind, caught.value.reason) == (
        "not an image",
        "is a DICOM file; read the folder with dicom_folder",
    )


def test_a_jpeg_that_was_cut_and_closed_again_is_not_found_as_the_documentation_says(tmp_path):
    """Its decoder fills the rest; should it come to say so, the words of ``check`` can promise more."""
    whole = content("JPEG", quality=95)
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2] + b"\xff\xd9")

    assert inspect_picture(tmp_path / "a.jpg", MOST, decode=True) == Seen(40, 60, True)
    assert "A JPEG whose data are wrong or cut before an end marker may pass both" in PictureFolder.__doc__


def test_a_name_no_file_can_have_is_a_bad_file(tmp_path):
    for name in ("a\0b.png", "x" * 5000):
        with pytest.raises(BadFileError):
            inspect_picture(tmp_path / name, MOST)


def bomb(side):
    """A PNG of side x side black pixels in a few hundred bytes of head."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [2_000, 12_000, 30_000, 2_000_000])
def test_a_decompression_bomb_is_refused_by_its_head(kind_of, side):
    assert kind_of(bomb(side)) == "too large"


def test_the_limit_itself_is_allowed(tmp_path):
    check_pixels(1000, 1000, 1_000_000)
    with pytest.raises(BadFileError, match="1001 x 1000 pixels, more than max_pixels=1000000"):
        check_pixels(1000, 1001, 1_000_000)


def test_several_frames_are_refused(kind_of):
    frames = [Image.new("L", (8, 8), value) for value in (0, 100, 200)]
    for format_ in ("GIF", "TIFF"):
        buffer = io.BytesIO()
        frames[0].save(buffer, format_, save_all=True, append_images=frames[1:])
        assert kind_of(buffer.getvalue()) == "several frames"


def test_size_is_that_of_the_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    path = tmp_path / "a.jpg"
    path.write_bytes(content("JPEG", exif=exif))

    assert inspect_picture(path, MOST) == Seen(60, 40, True)


@pytest.mark.parametrize(("mode", "grey"), [("L", True), ("RGB", False)])
def test_grey_is_told_from_colour(tmp_path, mode, grey):
    path = tmp_path / "a.png"
    path.write_bytes(content("PNG", mode=mode))

    assert inspect_picture(path, MOST).grey is grey


def test_sixteen_bits_are_grey(tmp_path):
    Image.fromarray(np.full((4, 4), 4000, dtype=np.uint16)).save(tmp_path / "a.png")

    assert inspect_picture(tmp_path / "a.png", MOST).grey
