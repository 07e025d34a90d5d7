"""A deflated DICOM file is unpacked up to a limit, and no further."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from appliedml.sources._dicom_file import open_dicom
from appliedml.sources._image_checks import BadFileError

STORED = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32)


def film(path, syntax=DeflatedExplicitVRLittleEndian, stored=STORED, side=None):
    """A small film; returned with the place where the content starts behind the file's own head."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = SecondaryCaptureImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = "1.2.3"
    made.Rows = made.Columns = side or len(stored)
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit = 15
    made.add_new("PixelData", "OW", stored.tobytes())
    made.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    return content, 144 + int.from_bytes(content[140:144], "little")


def bomb(path, n_mib, side=None):
    """Put so many MiB of zeros behind the pixels of a deflated film."""
    content, start = film(path, side=side)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeezer.compress(zlib.decompress(content[start:], -zlib.MAX_WBITS))
    packed += squeezer.compress(struct.pack("<HH2sHI", 0x7FE1, 0x1010, b"OB", 0, n_mib * 2**20))
    for _ in range(n_mib):
        packed += squeezer.compress(bytes(2**20))
    path.write_bytes(content[:start] + packed + squeezer.flush())


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_pixels_and_tags_come_back(tmp_path, syntax):
    film(tmp_path / "a.dcm", syntax)

    found = open_dicom(tmp_path / "a.dcm", 1024)

    assert (found.Rows, found.file_meta.TransferSyntaxUID) == (32, syntax)
    np.testing.assert_array_equal(found.pixel_array, STORED)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    """96 MiB in a file of 96 KiB; the picture needs 2 KiB, and 16 MiB are allowed beside it."""
    bomb(tmp_path / "a.dcm", 96)
    assert (tmp_path / "a.dcm").stat().st_size < 150_000

    tracemalloc.start()
    try:
        with pytest.raises(BadFileError) as caught:
            open_dicom(tmp_path / "a.dcm", 50_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert caught.value.kind == "too large"
    assert caught.value.reason.startswith("is deflated and unpacks to more than 16 MiB, all that its picture")
    assert peak < 80 * 2**20


def test_a_picture_larger_than_allowed_makes_no_room(tmp_path):
    """Else a head that claims a billion pixels would let a billion bytes pass."""
    bomb(tmp_path / "a.dcm", 24, side=60_000)

    with pytest.raises(BadFileError, match="unpacks to more than 20 MiB"):
        open_dicom(tmp_path / "a.dcm", 2**20)


def test_a_large_picture_is_read_whole(tmp_path):
    large = np.zeros((3000, 3000), dtype=np.uint16)
    large[-1] = 7
    film(tmp_path / "a.dcm", stored=large)

    np.testing.assert_array_equal(open_dicom(tmp_path / "a.dcm", large.size).pixel_array, large)


def test_tags_beside_the_picture_have_room(tmp_path):
    bomb(tmp_path / "a.dcm", 3)

    assert open_dicom(tmp_path / "a.dcm", 1024).Rows == 32


def test_a_deflated_file_that_ends_too_early_is_truncated(tmp_path):
    content, _ = film(tmp_path / "a.dcm")
    (tmp_path / "a.dcm").write_bytes(content[:-40])

    with pytest.raises(BadFileError) as caught:
        open_dicom(tmp_path / "a.dcm", 1024)

    assert caught.value.kind == "truncated"


def test_what_lacks_the_mark_is_no_dicom(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"x" * 200)

    with pytest.raises(InvalidDicomError):
        open_dicom(tmp_path / "a.dcm", 1024)
