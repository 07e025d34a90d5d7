"""A folder of DICOM files: joined to a table, tags on request, patients only as groups."""

import sys

import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from appliedml.core.schema import Schema
from appliedml.errors import DataError, MissingExtraError, ParameterError
from appliedml.sources.dicom_folder import DicomFolder

SCHEMA = Schema("ill", ["PatientSex", {"age_band": {"column": "PatientAge", "edges": [40]}}], group="PatientID")
TAGS = ["PatientSex", "PatientAge", "PatientID"]


def film(path, value, frames=1, **tags):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = SecondaryCaptureImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = f"1.2.3.{value + 1}"
    made.Rows, made.Columns, made.SamplesPerPixel, made.PhotometricInterpretation = 6, 8, 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.WindowCenter, made.WindowWidth = 128, 256
    pixels = np.full((frames, 6, 8), value, dtype=np.uint16)
    made.add_new("PixelData", "OW", pixels.tobytes())
    if frames > 1:
        made.NumberOfFrames = frames
    for name, content in tags.items():
        setattr(made, name, content)
    made.save_as(path, enforce_file_format=True)


@pytest.fixture
def folder(tmp_path):
    """Eight films of four patients, with a table of labels."""
    for i in range(8):
        tags = {"PatientID": f"007-{i // 2}", "PatientSex": "FM"[i // 2 % 2], "PatientAge": f"0{20 + 8 * i}Y"}
        film(tmp_path / f"{i}.dcm", 20 * i, PatientName="Doe^Jane", **tags)
    table = pd.DataFrame({"file": [f"{i}.dcm" for i in range(8)], "ill": [0, 1] * 4})
    table.to_csv(tmp_path / "metadata.csv", index=False)
    return tmp_path


def test_films_tags_and_labels_come_together(folder):
    samples = DicomFolder(str(folder), tags=TAGS).read(SCHEMA)

    assert samples.X.shape == (8, 6, 8, 1)
    assert np.abs(samples.X.pixels()[:, 0, 0, 0].astype(int) - 20 * np.arange(8)).max() <= 1
    assert samples.sensitive["PatientSex"].tolist() == ["F", "F", "M", "M", "F", "F", "M", "M"]
    assert samples.sensitive["age_band"].tolist() == ["under 40"] * 3 + ["40 and over"] * 5


def test_patients_are_told_apart_but_not_named(folder):
    samples = DicomFolder(str(folder), tags=TAGS).read(SCHEMA)

    assert samples.group.tolist() == [f"patient {n}" for n in (1, 1, 2, 2, 3, 3, 4, 4)]
    everything = samples.meta.to_csv() + str(samples.read_report) + repr(samples)
    assert "007-" not in everything
    assert "Doe" not in everything


@pytest.mark.parametrize(
    "schema",
    [
        Schema("PatientID"),
        Schema("ill", ["PatientID"]),
        Schema("ill", row_id="PatientID"),
        Schema("ill", time="PatientID"),
    ],
)
def test_patient_ids_may_be_the_group_only(folder, schema):
    with pytest.raises(DataError, match="PatientID may be the group only"):
        DicomFolder(str(folder), tags=TAGS).read(schema)


def test_names_of_people_break_the_rule_of_tags(folder):
    with pytest.raises(ParameterError, match="tags must be a list"):
        DicomFolder(str(folder), tags=["PatientName"]).read(SCHEMA)


def test_a_tag_that_the_table_has_too_is_refused(folder):
    table = pd.read_csv(folder / "metadata.csv").assign(PatientSex="F")
    table.to_csv(folder / "metadata.csv", index=False)

    with pytest.raises(DataError, match="PatientSex stand both in the table and in tags"):
        DicomFolder(str(folder), tags=TAGS).read(SCHEMA)


def test_a_film_of_several_frames_is_refused_or_skipped(folder):
    film(folder / "3.dcm", 9, frames=2, PatientID="007-1", PatientSex="M", PatientAge="044Y")

    with pytest.raises(DataError, match=r"1 of 8 files(.|\n)*3\.dcm holds 2 frames"):
        DicomFolder(str(folder), tags=TAGS).read(SCHEMA)
    samples = DicomFolder(str(folder), tags=TAGS, bad_files="skip").read(SCHEMA)
    assert samples.read_report["kinds"] == {"several frames": 1}
    assert len(samples) == 7


def test_window_and_size_are_as_the_plan_says(folder):
    samples = DicomFolder(str(folder), window={"center": 70, "width": 20}, size=[12, 16]).read(Schema("ill"))

    assert samples.X.pixels().shape == (8, 12, 16, 1)
    assert samples.X.pixels()[[0, 7], 0, 0, 0].tolist() == [0, 255]


def test_the_columns_a_schema_may_name_include_the_tags(folder):
    assert DicomFolder(str(folder), tags=TAGS).column_names() == ["file", "ill", *TAGS]


def test_a_look_names_the_tags_too_and_refuses_names_in_any_role_but_the_group(folder):
    assert DicomFolder(str(folder), tags=TAGS).look(SCHEMA) == ["file", "ill", *TAGS]
    with pytest.raises(DataError, match="PatientID may be the group only"):
        DicomFolder(str(folder), tags=["PatientID"]).look(Schema("ill", row_id="PatientID"))
    pd.read_csv(folder / "metadata.csv").assign(PatientSex="F").to_csv(folder / "metadata.csv", index=False)
    with pytest.raises(DataError, match="stand both in the table and in tags"):
        DicomFolder(str(folder), tags=["PatientSex"]).look(Schema("ill"))


def test_without_pydicom_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'appliedml\[dicom\]'"):
        DicomFolder(str(folder)).read(Schema("ill"))
