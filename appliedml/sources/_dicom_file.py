"""Open a DICOM file; one that is deflated is unpacked up to a limit only, for a small file can hold gigabytes."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from appliedml.core.optional import require
from appliedml.sources._image_checks import BadFileError

# What a file may hold beside its pixels: the tags, overlays, an icon.
MOST_BESIDE_BYTES = 16 * 2**20
# Grey values have 32 bits at most.
_PIXEL_BYTES = 4
_DEFLATED = "1.2.840.10008.1.2.1.99"
_META_GROUP = 2
_PIXELS = 0x7FE0


def open_dicom(path: Path, max_pixels: int, defer_bytes: int | None = None) -> Any:
    """Return what a DICOM file holds.

    Parameters
    ----------
    path : Path
    max_pixels : int
        A deflated file may unpack to what its own picture needs, at most so many pixels of 32 bits, and 16 MiB.
    defer_bytes : int, optional
        Values above this size stay in the file until they are asked for. Deflated files are in memory as a whole.

    Returns
    -------
    pydicom.FileDataset

    Raises
    ------
    BadFileError
        If a deflated file unpacks to more or ends too early.
    pydicom.errors.InvalidDicomError
        If the file lacks the mark of DICOM.
    MissingExtraError
        If pydicom is not installed.

    Source
    ------
    DICOM PS3.5, A.5 (deflated explicit VR little endian).
    """
    pydicom = require("pydicom", "dicom", "DicomFolder")
    with path.open("rb") as handle:
        preamble = pydicom.filereader.read_preamble(handle, force=False)
        meta = pydicom.filereader.read_dataset(
            handle, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group != _META_GROUP
        )
        if meta.get("TransferSyntaxUID") != _DEFLATED:
            return pydicom.dcmread(path, defer_size=defer_bytes)
        content = _inflated(pydicom, handle.read(), max_pixels)
    tags = pydicom.filereader.read_dataset(BytesIO(content), is_implicit_VR=False, is_little_endian=True)
    return pydicom.FileDataset(
        str(path),
        tags,
        preamble,
        pydicom.dataset.FileMetaDataset(meta),
        is_implicit_VR=False,
        is_little_endian=True,
    )


def _inflated(pydicom: Any, packed: bytes, max_pixels: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inflater.decompress(packed, MOST_BESIDE_BYTES)
    small = inflater.eof
    if small:
        return content
    # Tags come in order: what says how large the picture is stands before it.
    head = pydicom.filereader.read_dataset(
        BytesIO(content), is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group >= _PIXELS
    )
    n_pixels = int(head.get("Rows") or 0) * int(head.get("Columns") or 0) * int(head.get("NumberOfFrames") or 1)
    n_picture = n_pixels * int(head.get("SamplesPerPixel") or 1) * int(head.get("BitsAllocated") or 0) // 8
    most = min(n_picture, _PIXEL_BYTES * max_pixels) + MOST_BESIDE_BYTES
    content += inflater.decompress(inflater.unconsumed_tail, most + 1 - len(content))
    if len(content) > most:
        raise BadFileError(
            "too large",
            f"is deflated and unpacks to more than {most // 2**20} MiB, all that its picture and its tags can need; it "
            "may be a bomb",
        )
    if not inflater.eof:
        raise BadFileError("truncated", "ends before its deflated content does")
    return content
