"""Read a folder of DICOM files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from appliedml.core.images import Decoder
from appliedml.core.params import AnyOf, Choice, ListOf, Real, Record, Rule
from appliedml.core.schema import Schema
from appliedml.errors import DataError
from appliedml.sources._dicom import PATIENT_ID, TAGS, DicomDecoder, inspect_dicom
from appliedml.sources._image_checks import Seen
from appliedml.sources._picture_folder import PictureFolder


class DicomFolder(PictureFolder):
    """Read a folder of single-frame grey DICOM files, decoded when they are asked for. Needs pydicom.

    Parameters
    ----------
    path, metadata, file, suffix, images, labels, size, fit, bad_files, check, max_pixels, expected_size
        As in ``PictureFolder``: the folder, the table with its column of file names, the size pictures are brought to,
        and what to do with bad files.
    window : "tags", "range", or mapping with ``center`` and ``width``
        Which values are shown as black and white, after rescale slope and intercept. "tags": as the file says (VOI
        lookup table or first window), else its range. "range": smallest to largest value.
    tags : list of str
        Tags that become columns of the table, for the schema to name, such as ``[PatientSex, PatientAge,
        ViewPosition]``. None is read without being asked for. Ages are years.

    Raises
    ------
    DataError
        From :meth:`read`: if files are bad and refused, the table does not fit, or the schema names PatientID as
        anything but the group. The sentence names them.
    MissingExtraError
        If pydicom is not installed.

    Notes
    -----
    Uncompressed, deflated and RLE files are read, and those whose compression the installed packages can unpack
    (JPEG baseline and JPEG 2000 through Pillow); others are named with their transfer syntax. Multi-frame and colour
    files are bad files, and so are deflated ones that unpack to far more than their picture, and with ``window="tags"``
    those whose own window has no width. MONOCHROME1 is inverted, so that bone is white; padding pixels are black.

    Names, dates of birth and addresses cannot be asked for. ``PatientID`` may be the group only, and is replaced by a
    number in order of first appearance: a plain hash of a short number is found by trying all numbers.

    Examples
    --------
    >>> DicomFolder("films", size=224, tags=["PatientSex", "PatientAge"], window={"center": 40, "width": 400})
    DicomFolder(path='films', size=224, tags=['PatientSex', 'PatientAge'],
                window={'center': 40, 'width': 400})
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        **PictureFolder.parameter_rules,
        "window": AnyOf(Choice("tags", "range"), Record({"center": Real(), "width": Real(0, open_low=True)})),
        "tags": ListOf(Choice(*TAGS)),
    }

    def __init__(
        self,
        path: str,
        metadata: str | None = None,
        file: str | None = None,
        suffix: str | None = None,
        images: str | None = None,
        labels: str = "metadata",
        size: int | Sequence[int] | None = None,
        fit: str = "stretch",
        window: str | Mapping[str, float] = "tags",
        tags: Sequence[str] = (),
        bad_files: str = "refuse",
        check: str = "structure",
        max_pixels: int = 50_000_000,
        expected_size: int | Sequence[int] | None = None,
    ) -> None:
        self.path = path
        self.metadata = metadata
        self.file = file
        self.suffix = suffix
        self.images = images
        self.labels = labels
        self.size = size
        self.fit = fit
        self.window = window
        self.tags = tags
        self.bad_files = bad_files
        self.check = check
        self.max_pixels = max_pixels
        self.expected_size = expected_size

    def column_names(self, folder: Path | None = None) -> list[str]:
        """Return the names of the columns that a schema may name: the table's and the tags.

        Parameters
        ----------
        folder : Path, optional
            Where relative paths are looked for first.

        Returns
        -------
        list of str
        """
        return [*super().column_names(folder), *self.tags]

    def _needed(self, schema: Schema | None) -> Schema:
        named = super()._needed(schema)
        if PATIENT_ID in self.tags:
            roles = {"target": named.target, "time": named.time, "weight": named.weight, "row_id": named.row_id}
            roles |= dict.fromkeys(("sensitive",), PATIENT_ID if PATIENT_ID in named.sensitive_columns else None)
            wrong = [role for role, column in roles.items() if column == PATIENT_ID]
            if wrong:
                raise DataError(
                    f"DicomFolder: PatientID may be the group only, for it names people. The schema names it as "
                    f"{' and '.join(wrong)}. Use group: PatientID."
                )
        return named

    def _inspect(self, path: Path) -> Seen:
        return inspect_dicom(path, self.max_pixels, self.tags, self.check == "decode", self.window)

    def _decoder(self, root: str) -> Decoder:
        return DicomDecoder(root, self.window, self.fit, self.max_pixels)

    def _with_facts(self, table: pd.DataFrame, seen: Sequence[Seen | None]) -> pd.DataFrame:
        both = [tag for tag in self.tags if tag in table]
        if both:
            raise DataError(
                f"DicomFolder: {', '.join(both)} stand both in the table and in tags. Take them out of tags, or rename "
                "the columns."
            )
        columns: dict[str, list[Any]] = {
            tag: [None if one is None else one.facts[tag] for one in seen] for tag in self.tags
        }
        if PATIENT_ID in columns:
            numbers = {value: f"patient {n}" for n, value in enumerate(_in_order(columns[PATIENT_ID]), start=1)}
            columns[PATIENT_ID] = [numbers.get(value) for value in columns[PATIENT_ID]]
        return table.assign(**columns)


def _in_order(values: Sequence[Any]) -> list[Any]:
    return [value for value in dict.fromkeys(values) if value is not None]
