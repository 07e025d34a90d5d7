"""DICOM pixels come out as a screen would show them; what cannot be read is said."""

import io

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from appliedml.core.images import Decoder
from appliedml.errors import DataError
from appliedml.sources._dicom import TAGS, DicomDecoder, dicom_grey, dicom_values, inspect_dicom
from appliedml.sources._image_checks import BadFileError

MOST = 1_000_000


def dataset(stored, syntax=ExplicitVRLittleEndian, **tags):
    """A film with these stored values."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = SecondaryCaptureImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid(entropy_srcs=["film"])
    stored = np.asarray(stored)
    made.Rows, made.Columns = stored.shape[-2:]
    made.BitsAllocated = 8 * stored.dtype.itemsize
    made.BitsStored, made.HighBit = made.BitsAllocated, made.BitsAllocated - 1
    made.PixelRepresentation = int(stored.dtype.kind == "i")
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    made.add_new(
        "PixelData",
        "OB" if stored.dtype.itemsize == 1 else "OW",
        stored.astype(stored.dtype.newbyteorder(order)).tobytes(),
    )
    for name, value in tags.items():
        setattr(made, name, value)
    return made


def save(path, made):
    made.save_as(path, enforce_file_format=True)
    return path


RAMP = np.linspace(0, 4000, 8 * 10).astype(np.int16).reshape(8, 10)


def test_slope_and_intercept_come_before_the_window():
    """Stored 0, 1000, 2000 are -1024, -24, 976 Hounsfield units; the window 40 +- 200 shows -160 to 240."""
    made = dataset(np.array([[0, 1000, 1064, 2000]], dtype=np.int16), RescaleSlope=1, RescaleIntercept=-1024)

    grey = dicom_grey(made, {"center": 40, "width": 400})[0].tolist()

    assert grey[0] == 0
    assert grey[3] == 255
    assert abs(grey[1] - 255 * (-24 + 160) / 400) <= 1
    assert abs(grey[2] - 128) <= 1


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_the_windows_of_the_file_agree_with_pydicom(function):
    made = dataset(RAMP, WindowCenter=[1500, 40], WindowWidth=[2000, 400], VOILUTFunction=function)
    theirs = pydicom.pixels.apply_windowing(RAMP.astype(float), made)

    ours = dicom_grey(made, "tags").astype(float)

    expected = (theirs - -32768) / 65535 * 255
    assert np.abs(ours - expected).max() <= 0.51


def test_without_a_window_the_range_is_shown():
    for made, window in ((dataset(RAMP), "tags"), (dataset(RAMP, WindowCenter=0, WindowWidth=10), "range")):
        grey = dicom_grey(made, window)
        assert (grey.min(), grey.max()) == (0, 255)
        assert grey[4, 0] == round(255 * int(RAMP[4, 0]) / 4000)


def test_monochrome1_is_inverted():
    stored = np.array([[0, 255]], dtype=np.uint8)

    assert dicom_grey(dataset(stored)).tolist() == [[0, 255]]
    assert dicom_grey(dataset(stored, PhotometricInterpretation="MONOCHROME1")).tolist() == [[255, 0]]


def test_padding_is_black_and_out_of_the_range():
    made = dataset(np.array([[-2000, 0, 100]], dtype=np.int16), PixelPaddingValue=-2000)
    made.PhotometricInterpretation = "MONOCHROME1"

    assert dicom_grey(made, "range").tolist() == [[0, 255, 0]]


@pytest.mark.parametrize(("value", "limit"), [(-2000, -1900), (-1900, -2000)])
def test_padding_may_be_a_range_of_values(value, limit):
    made = dataset(np.array([[-2001, -2000, -1950, -1900, 0, 100]], dtype=np.int16), PixelPaddingValue=value)
    made.PixelPaddingRangeLimit = limit

    values = dicom_values(made)

    assert np.isnan(values).tolist() == [[False, True, True, True, False, False]]


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("width", [0, -400])
def test_a_window_that_shows_nothing_is_refused_where_it_would_be_used(tmp_path, function, width):
    made = dataset(RAMP, WindowCenter=40, WindowWidth=width, VOILUTFunction=function)

    error = unreadable(tmp_path, made)

    assert error.kind == "unsupported"
    assert f"center 40 and width {width}, and a width must be above 0; give window='range'" in error.reason
    with pytest.raises(DataError, match="a width must be above 0"):
        DicomDecoder(str(tmp_path)).decode("a.dcm", 8, 10, 1)
    for window in ("range", {"center": 2000, "width": 4000}):
        assert inspect_dicom(tmp_path / "a.dcm", MOST, window=window).height == 8
        assert DicomDecoder(str(tmp_path), window).decode("a.dcm", 8, 10, 1).max() > 200


def test_a_lookup_table_of_the_file_is_used():
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [4, 0, 16], [0, 65535, 0, 65535]
    made = dataset(np.array([[0, 1, 2, 3]], dtype=np.uint8))
    made.VOILUTSequence = [table]
    table["LUTDescriptor"].VR, table["LUTData"].VR = "US", "US"

    assert dicom_grey(made).tolist() == [[0, 255, 0, 255]]


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
@pytest.mark.parametrize("decode", [False, True])
def test_uncompressed_files_of_every_kind_are_read(tmp_path, syntax, decode):
    made = dataset(RAMP, syntax)
    path = tmp_path / "a.dcm"
    made.save_as(path, enforce_file_format=True)

    seen = inspect_dicom(path, MOST, decode=decode)

    assert (seen.height, seen.width, seen.grey) == (8, 10, True)
    decoder = DicomDecoder(str(tmp_path))
    assert isinstance(decoder, Decoder)
    np.testing.assert_array_equal(decoder.decode("a.dcm", 8, 10, 1)[..., 0], dicom_grey(dataset(RAMP)))


def test_run_length_encoded_files_are_read(tmp_path):
    made = dataset(RAMP)
    made.compress(RLELossless, generate_instance_uid=False)
    save(tmp_path / "a.dcm", made)

    assert inspect_dicom(tmp_path / "a.dcm", MOST, decode=True).height == 8
    np.testing.assert_array_equal(
        DicomDecoder(str(tmp_path)).decode("a.dcm", 8, 10, 1)[..., 0], dicom_grey(dataset(RAMP))
    )


@pytest.mark.parametrize(("side", "fits"), [(64, False), (16, True)])
def test_a_jpeg_of_another_size_than_the_tags_say_is_not_unpacked(tmp_path, monkeypatch, side, fits):
    """A few kilobytes could hold a picture of gigabytes."""
    frame = io.BytesIO()
    Image.new("L", (side, side), 100).save(frame, "JPEG")
    made = dataset(np.zeros((16, 16), dtype=np.uint8), JPEGBaseline8Bit)
    made.PixelData = pydicom.encaps.encapsulate([frame.getvalue()])
    made["PixelData"].is_undefined_length = True
    path = save(tmp_path / "a.dcm", made)

    if fits:
        assert inspect_dicom(path, MOST, decode=True).height == 16
        return
    monkeypatch.setattr(Dataset, "pixel_array", property(lambda self: pytest.fail("unpacked")))
    with pytest.raises(BadFileError, match="says that it is 16 x 16 pixels large, but the picture inside has 64 x 64"):
        inspect_dicom(path, MOST, decode=True)
    with pytest.raises(DataError, match="the picture inside has 64 x 64"):
        DicomDecoder(str(tmp_path)).decode("a.dcm", 8, 8, 1)


def unreadable(tmp_path, made):
    with pytest.raises(BadFileError) as caught:
        inspect_dicom(save(tmp_path / "a.dcm", made), MOST)
    return caught.value


def test_several_frames_are_refused_clearly(tmp_path):
    made = dataset(np.zeros((3, 8, 10), dtype=np.uint8), NumberOfFrames=3)

    error = unreadable(tmp_path, made)

    assert error.kind == "several frames"
    assert "holds 3 frames; export the frame" in error.reason


def test_colour_is_refused(tmp_path):
    made = dataset(np.zeros((8, 30), dtype=np.uint8))
    made.Columns, made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 10, 3, "RGB", 0

    assert unreadable(tmp_path, made).reason == "is RGB; only grey pictures (MONOCHROME1 and MONOCHROME2) are read"


def test_a_compression_nobody_here_unpacks_is_named(tmp_path):
    made = dataset(RAMP)
    made.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    made.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
    made["PixelData"].is_undefined_length = True

    error = unreadable(tmp_path, made)

    assert error.kind == "unsupported"
    assert "is compressed as JPEG Lossless" in error.reason
    assert "1.2.840.10008.1.2.4.70" in error.reason


def test_a_bomb_is_refused_by_its_head(tmp_path):
    made = dataset(RAMP)
    made.Rows = made.Columns = 60_000

    assert unreadable(tmp_path, made).kind == "too large"


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize("missing", [1, 50, 159, 3_000])
def test_a_truncated_file_is_found_without_decoding_it(tmp_path, syntax, missing):
    big = np.tile(RAMP, (8, 8))
    path = save(tmp_path / "a.dcm", dataset(big, syntax))
    path.write_bytes(path.read_bytes()[:-missing])

    with pytest.raises(BadFileError) as caught:
        inspect_dicom(path, MOST)
    assert caught.value.kind == "truncated"


def test_what_is_no_dicom_or_no_picture_is_said(tmp_path):
    (tmp_path / "a.txt").write_text("patient,age\n" * 50)
    with pytest.raises(BadFileError) as caught:
        inspect_dicom(tmp_path / "a.txt", MOST)
    assert caught.value.kind == "not DICOM"
    made = dataset(RAMP)
    del made.PixelData
    assert unreadable(tmp_path, made).kind == "not an image"


def test_tags_are_read_only_on_request_and_ages_are_years(tmp_path):
    made = dataset(RAMP, PatientName="Doe^Jane", PatientSex="F", PatientAge="018M", StudyDate="20240229", KVP="120")
    path = save(tmp_path / "a.dcm", made)

    assert inspect_dicom(path, MOST).facts == {}
    facts = inspect_dicom(path, MOST, ["PatientSex", "PatientAge", "StudyDate", "KVP", "ViewPosition"]).facts
    assert facts == {
        "PatientSex": "F",
        "PatientAge": 1.5,
        "StudyDate": "2024-02-29",
        "KVP": 120.0,
        "ViewPosition": None,
    }


@pytest.mark.parametrize("name", ["PatientName", "PatientBirthDate", "PatientAddress", "OtherPatientIDs"])
def test_what_names_people_cannot_be_asked_for(name):
    assert name not in TAGS


def test_a_broken_file_is_named_at_decoding(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"x" * 200)

    with pytest.raises(DataError, match=r"DicomFolder: a\.dcm cannot be decoded"):
        DicomDecoder(str(tmp_path)).decode("a.dcm", 4, 4, 1)
