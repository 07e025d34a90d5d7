"""Pictures and labels in a NumPy ``.npz`` file, read one picture at a time where the file allows it."""

from __future__ import annotations

import hashlib
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.lib import format as npy
from numpy.typing import NDArray

from appliedml.core.images import Images
from appliedml.errors import DataError
from appliedml.sources._image_tables import SPLIT
from appliedml.sources._npz_labels import check_labels_head, whole_labels
from appliedml.sources._pixels import resized

# A compressed array must be unpacked as a whole; beyond this it would not fit beside a model on most machines.
MOST_UNPACKED_BYTES = 4 * 2**30
# What the name and the place of a picture take: a few bytes of zeros unpack to many tiny ones.
_ROW_BYTES = 200
_LOCAL_HEAD = struct.Struct("<4s22xHH")


@dataclass(frozen=True)
class Member:
    """One array of the file, as its head describes it.

    Parameters
    ----------
    name : str
    shape : tuple of int
    dtype : numpy.dtype
    offset : int or None
        Where its values start in the file; None if they are compressed or stored in columns, and must be loaded.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int | None


def members(owner: str, path: Path) -> dict[str, Member]:
    """Return what arrays a file holds; no values are read.

    Parameters
    ----------
    owner : str
        The source, for sentences.
    path : Path

    Returns
    -------
    dict of str to Member

    Raises
    ------
    DataError
        If the file is no ``.npz``, is damaged, or an array holds Python objects (which could run code).
    """
    found = {}
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            for info in archive.infolist():
                if not info.filename.endswith(".npy"):
                    continue
                name = info.filename.removesuffix(".npy")
                with archive.open(info) as handle:
                    version = npy.read_magic(handle)
                    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                    shape, by_columns, dtype = read(handle)
                    head = handle.tell()
                if dtype.hasobject:
                    raise DataError(
                        f"{owner}: array {name!r} of {path} holds Python objects, which can run code when they are "
                        "read. Save it as numbers."
                    )
                if head + math.prod(int(side) for side in shape) * dtype.itemsize != info.file_size:
                    raise DataError(f"{owner}: array {name!r} of {path} is not as long as its head says. Get it again.")
                offset = None
                if info.compress_type == zipfile.ZIP_STORED and not by_columns:
                    raw.seek(info.header_offset)
                    mark, n_name, n_extra = _LOCAL_HEAD.unpack(raw.read(_LOCAL_HEAD.size))
                    if mark != b"PK\x03\x04":
                        raise zipfile.BadZipFile(f"no entry where {name!r} should start")
                    offset = info.header_offset + _LOCAL_HEAD.size + n_name + n_extra + head
                found[name] = Member(name, tuple(int(side) for side in shape), dtype, offset)
    except (
        zipfile.BadZipFile,
        ValueError,
        EOFError,
        OSError,
        struct.error,
        NotImplementedError,
        RuntimeError,
    ) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{owner}: {path} cannot be read as a .npz file ({error}). Give a file that numpy.savez wrote."
        ) from error
    return found


class NpzDecoder:
    """Reads one picture from its place in the file, or from an array that had to be loaded.

    Parameters
    ----------
    path : str
        Absolute path.
    stored : mapping of str to Member
    loaded : mapping of str to array
        Arrays that are compressed.
    owner : str
        The source, for sentences.
    """

    digests_pixels: ClassVar[bool] = True

    def __init__(
        self, path: str, stored: Mapping[str, Member], loaded: Mapping[str, NDArray[np.uint8]], owner: str
    ) -> None:
        self.path = path
        self.stored = dict(stored)
        self.loaded = dict(loaded)
        self.owner = owner

    def _picture(self, item: tuple[str, int]) -> NDArray[np.uint8]:
        name, row = item
        picture: NDArray[np.uint8]
        if name in self.loaded:
            picture = self.loaded[name][row]
        else:
            member = self.stored[name]
            n_bytes = int(np.prod(member.shape[1:]))
            try:
                with Path(self.path).open("rb") as handle:
                    handle.seek((member.offset or 0) + row * n_bytes)
                    content = handle.read(n_bytes)
            except OSError as error:
                raise DataError(f"{self.owner}: {self.path} cannot be read any more: {error.strerror}.") from error
            if len(content) != n_bytes:
                raise DataError(f"{self.owner}: {self.path} is shorter than it was. Leave it as it is while plans run.")
            picture = np.frombuffer(content, dtype=np.uint8).reshape(member.shape[1:])
        return picture[..., None] if picture.ndim == 2 else picture

    def decode(self, item: tuple[str, int], height: int, width: int, channels: int) -> NDArray[np.uint8]:
        """Read one picture.

        Parameters
        ----------
        item : (str, int)
            Array and position in it.
        height, width, channels : int

        Returns
        -------
        array of shape (height, width, channels), uint8

        Raises
        ------
        DataError
            If the file changed since it was looked at.
        """
        return resized(self._picture(item), height, width, channels)

    def digest(self, item: tuple[str, int]) -> str:
        """Return the SHA-256 of one picture's pixels as hex."""
        picture = np.ascontiguousarray(self._picture(item))
        return hashlib.sha256(f"{picture.shape}".encode() + picture.tobytes()).hexdigest()


@dataclass(frozen=True)
class Part:
    """One part of a data set: training, validation or test.

    Parameters
    ----------
    name : str
        "train", "val" or "test".
    images, labels : str
        Names of its arrays.
    """

    name: str
    images: str
    labels: str


@dataclass(frozen=True)
class KnownParts:
    """What the heads and the labels of a file say; no picture is read.

    Parameters
    ----------
    owner : str
    path : Path
    pictures : tuple of Member
        Array of pictures of each part.
    table : DataFrame
        image (name), label (whole number), split.
    shape : (int, int, int)
        Height, width and channels of the pictures as stored.
    """

    owner: str
    path: Path
    pictures: tuple[Member, ...]
    table: pd.DataFrame
    shape: tuple[int, int, int]

    def images(
        self, loaded: Mapping[str, NDArray[Any]], size: tuple[int, int] | None = None, channels: int | None = None
    ) -> Images:
        """Return the pictures, read from the file or from arrays when they are asked for.

        Parameters
        ----------
        loaded : mapping of str to array
            Arrays that are compressed.
        size : (int, int), optional
        channels : {1, 3}, optional
            Default, as of ``size``: as stored.

        Returns
        -------
        Images
        """
        items = [(member.name, row) for member in self.pictures for row in range(member.shape[0])]
        stored = {member.name: member for member in self.pictures if member.offset is not None}
        decoder = NpzDecoder(str(self.path.resolve()), stored, loaded, self.owner)
        return Images(items, decoder, size or self.shape[:2], channels or self.shape[2], list(self.table["image"]))


def known_parts(owner: str, path: Path, parts: Sequence[Part]) -> KnownParts:
    """Return what a file holds, by its heads and labels.

    Parameters
    ----------
    owner : str
    path : Path
    parts : sequence of Part
        Those whose arrays the file lacks are left out, except "train" and "test".

    Returns
    -------
    KnownParts

    Raises
    ------
    DataError
        If arrays are absent, are no pictures, are too large to unpack, do not fit each other, or have several labels a
        picture.
    """
    known = members(owner, path)
    used = [part for part in parts if part.name != "val" or {part.images, part.labels} & set(known)]
    absent = [name for part in used for name in (part.images, part.labels) if name not in known]
    if absent:
        raise DataError(
            f"{owner}: {path} lacks the arrays {', '.join(absent)}. It holds {', '.join(known) or 'none'}. "
            "medmnist reads train_images, train_labels and so on; keras_npz reads x_train, y_train, x_test and y_test."
        )
    shapes = [_picture_shape(owner, known[part.images]) for part in used]
    if len(set(shapes)) > 1:
        raise DataError(f"{owner}: all parts of {path} must hold pictures of one shape. They have {shapes}.")
    pictures = tuple(known[part.images] for part in used)
    # All that the heads say is judged first: nothing is loaded that could not be used.
    for part, member in zip(used, pictures, strict=True):
        _check_unpacked(owner, member)
        labels = known[part.labels]
        check_labels_head(owner, part.labels, labels.shape, labels.dtype, part.images, member.shape[0])
    tables = []
    with np.load(path, allow_pickle=False) as arrays:
        for part, member in zip(used, pictures, strict=True):
            whole = whole_labels(owner, part.labels, _array(owner, arrays, part.labels))
            names = [f"{part.name}/{row}" for row in range(member.shape[0])]
            tables.append(pd.DataFrame({"image": names, "label": whole, SPLIT: part.name}))
    return KnownParts(owner, path, pictures, pd.concat(tables, ignore_index=True), shapes[0])


def read_parts(
    owner: str, path: Path, parts: Sequence[Part], size: tuple[int, int] | None, channels: int | None = None
) -> tuple[Images, pd.DataFrame, list[str]]:
    """Return the pictures of all parts and a table of their labels.

    Parameters
    ----------
    owner : str
    path : Path
    parts : sequence of Part
        Those whose arrays the file lacks are left out, except "train" and "test".
    size : (int, int), optional
        Height and width to bring the pictures to. Default: as stored.
    channels : {1, 3}, optional
        Default: as stored.

    Returns
    -------
    images : Images
    table : DataFrame
        image (name), label (whole number), split.
    notes : list of str
        Which arrays had to be loaded.

    Raises
    ------
    DataError
    """
    known = known_parts(owner, path, parts)
    loaded, notes = {}, []
    with np.load(path, allow_pickle=False) as arrays:
        for member in known.pictures:
            if member.offset is None:
                loaded[member.name] = _array(owner, arrays, member.name)
                notes.append(f"{member.name} is compressed: its {member.shape[0]} pictures were loaded into memory.")
    return known.images(loaded, size, channels), known.table, notes


def _picture_shape(owner: str, member: Member) -> tuple[int, int, int]:
    shape = member.shape
    if member.dtype != np.uint8:
        raise DataError(f"{owner}: {member.name} must hold uint8, 0 to 255. It holds {member.dtype}. Save it as uint8.")
    if not (len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))) or not all(shape[1:]):
        raise DataError(
            f"{owner}: {member.name} must have the shape (n, height, width) or (n, height, width, 1 or 3). It has "
            f"{shape}. Volumes are not read."
        )
    return (shape[1], shape[2], 1 if len(shape) == 3 else shape[3])


def _check_unpacked(owner: str, member: Member) -> None:
    n_bytes = math.prod(member.shape) + member.shape[0] * _ROW_BYTES
    if member.offset is None and n_bytes > MOST_UNPACKED_BYTES:
        raise DataError(
            f"{owner}: {member.name} is compressed and takes {n_bytes / 2**30:.1f} GiB of memory, more than "
            f"{MOST_UNPACKED_BYTES / 2**30:g}. Write the file again with numpy.savez, which does not compress: it is "
            "then read one picture at a time."
        )


def _array(owner: str, arrays: Any, name: str) -> NDArray[Any]:
    try:
        # With its ending: an entry without one would go first, and nobody looked at its head.
        return np.ascontiguousarray(arrays[f"{name}.npy"])
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError) as error:
        raise DataError(f"{owner}: {name} is damaged ({error}). Get the file again.") from error
