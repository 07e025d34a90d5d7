"""What reading a folder of pictures and reading a folder of DICOM files have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from appliedml.core.images import Decoder, Images
from appliedml.core.params import AnyOf, Choice, Integer, Null, Rule, Text
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema
from appliedml.core.stage import Configured
from appliedml.errors import DataError
from appliedml.sources._checks import names_all
from appliedml.sources._image_checks import BadFileError, Seen, check_file
from appliedml.sources._image_decoders import FITS
from appliedml.sources._image_files import (
    LABEL,
    Listing,
    find_folder,
    find_metadata,
    list_classes,
    list_table,
)
from appliedml.sources._image_rules import MOST_PIXELS, SIZE_RULE, as_size
from appliedml.sources._image_tables import image_samples, read_report
from appliedml.sources.table import Table

_SHOWN = 20
# Files that are looked into before a plan is run.
_LOOKED_INTO = 20


class PictureFolder(Configured):
    """A folder of picture files, described by a table or sorted into one folder a class.

    Parameters
    ----------
    path : str
        The folder. A relative path is looked for beside the plan first, then in the working directory. Every file must
        lie inside it: a table that names one outside is refused.
    metadata : str, optional
        CSV or Parquet with one row a picture, looked for beside the plan, then in ``path``. Default: ``metadata.csv``
        or ``metadata.parquet`` in ``path``.
    file : str, optional
        Its column with the file names. Default: the first column of text whose values are files; columns called
        "file", "image" and the like are tried first.
    suffix : str, optional
        Added to every name, as in ".png", where the table leaves it out.
    images : str, optional
        Folder inside ``path`` that the names start from; one outside is refused. Default: ``path`` itself, or its
        folder "images".
    labels : {"metadata", "folder"}
        "folder": no table; the class (column ``label``) is the name of the folder a file lies in. If the topmost
        folders are called train, val and test, they become the column ``split``. Links to folders are not followed:
        they, and folders without a file, are bad files.
    size : int or [int, int], optional
        Height and width in pixels that every picture is brought to. Default: as found, if all are alike.
    fit : {"stretch", "pad", "crop"}
        How a picture of other proportions is brought to the size: each side by itself; whole, with black borders; or
        filling it, with what stands over cut off.
    bad_files : {"refuse", "skip"}
        Files that are missing, empty, truncated, damaged, no pictures, too large or of the wrong size are named and
        refused; or skipped, counted by what is wrong and by sensitive group.
    check : {"structure", "decode"}
        How to look for damage at reading: in the head and the structure of every file, which is quick; or by decoding
        every pixel once, which also finds damage inside that the decoder reports. A damaged file that is found later
        stops the plan where it is decoded. A JPEG whose data are wrong or cut before an end marker may pass both: its
        decoder fills the rest, by design.
    max_pixels : int
        Larger pictures are taken for decompression bombs, by what their head says.
    expected_size : int or [int, int], optional
        Height and width that every file must have.
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "path": Text(),
        "metadata": AnyOf(Text(), Null()),
        "file": AnyOf(Text(), Null()),
        "suffix": AnyOf(Text(), Null()),
        "images": AnyOf(Text(), Null()),
        "labels": Choice("metadata", "folder"),
        "size": SIZE_RULE,
        "fit": Choice(*FITS),
        "bad_files": Choice("refuse", "skip"),
        "check": Choice("structure", "decode"),
        "max_pixels": Integer(1, MOST_PIXELS),
        "expected_size": SIZE_RULE,
    }
    path: str
    metadata: str | None
    file: str | None
    suffix: str | None
    images: str | None
    labels: str
    size: int | Sequence[int] | None
    fit: str
    bad_files: str
    check: str
    max_pixels: int
    expected_size: int | Sequence[int] | None

    @classmethod
    def from_short(cls, value: str) -> Self:
        """Build from the short form of a plan, ``{image_folder: pictures}``.

        Parameters
        ----------
        value : str
            The path.

        Returns
        -------
        source
        """
        return cls(path=value)

    @property
    def default_schema(self) -> Schema | None:
        """Target ``label`` where the folders are the classes; a table needs a schema of its own."""
        return Schema(LABEL) if self.labels == "folder" else None

    def column_names(self, folder: Path | None = None) -> list[str]:
        """Return the names of the columns that a schema may name.

        Parameters
        ----------
        folder : Path, optional
            Where relative paths are looked for first.

        Returns
        -------
        list of str

        Raises
        ------
        DataError
            If the folder or its table is not there.
        """
        owner = type(self).__name__
        root = find_folder(owner, self.path, folder)
        if self.labels == "folder":
            return [str(name) for name in list_classes(owner, root).table.columns]
        return Table(str(find_metadata(owner, root, self.metadata, folder))).column_names()

    def read(self, schema: Schema | None = None, folder: Path | None = None) -> Samples:
        """Look at every file and return the pictures as samples; none is decoded yet unless ``check`` says so.

        Parameters
        ----------
        schema : Schema, optional
            What the columns mean; needed with a table. Columns it does not name are left out: the pictures are the
            only feature.
        folder : Path, optional
            Where relative paths are looked for first.

        Returns
        -------
        Samples
            ``X`` is an ``Images``; row ids are the file names unless the schema names a column; the attribute
            ``read_report`` accounts for skipped files.

        Raises
        ------
        DataError
            If a file is bad and ``bad_files`` is "refuse", a name leads out of the folder, or the table does not fit.
        ParameterError
        """
        self.check_parameters()
        owner = type(self).__name__
        schema = self._needed(schema)
        listing = self._listing(owner, folder)
        seen, bad = _look(listing, self._inspector())
        images, table = self._pictures(owner, listing, seen, bad)
        kept = np.isin(np.arange(len(table)), list(seen))
        report = read_report(table, schema, kept, bad, listing.folders)
        return image_samples(owner, images, table[kept].reset_index(drop=True), schema, report)

    def look(self, schema: Schema | None = None, folder: Path | None = None) -> list[str]:
        """Refuse what :meth:`read` would refuse, as far as the table, the names and some of the files show it.

        Parameters
        ----------
        schema : Schema, optional
            What the columns mean. Columns that are absent are no error here.
        folder : Path, optional
            Where relative paths are looked for first.

        Returns
        -------
        list of str
            Names of the columns that a schema may name.

        Raises
        ------
        DataError
            In the words of :meth:`read`.
        ParameterError
        """
        self.check_parameters()
        owner = type(self).__name__
        schema = self._needed(schema)
        listing = self._listing(owner, folder)
        spread = np.linspace(0, max(len(listing.files) - 1, 0), _LOOKED_INTO).astype(int).tolist()
        chosen = {listing.root / listing.files[row] for row in spread}
        inspect = self._inspector()
        # Every file must be there; a few, spread over the rows, are looked into.
        seen, bad = _look(listing, lambda path: inspect(path) if path in chosen else check_file(path))
        images, table = self._pictures(owner, listing, seen, bad)
        # What stands in the heads of all files is not known here.
        if names_all(schema, listing.table.columns):
            image_samples(owner, images, table.iloc[list(seen)].reset_index(drop=True), schema)
        return [str(name) for name in table.columns]

    def _needed(self, schema: Schema | None) -> Schema:
        schema = schema or self.default_schema
        if schema is None:
            raise DataError(
                f"{type(self).__name__}: a schema is needed to say what the table's columns mean. Name at least a "
                "target."
            )
        return schema

    def _pictures(
        self, owner: str, listing: Listing, seen: Mapping[int, Seen | None], bad: Sequence[tuple[str, str, str]]
    ) -> tuple[Images, pd.DataFrame]:
        """Return the usable pictures and all rows of the table; None is a file that was not looked into."""
        if ((bad or listing.folders) and self.bad_files == "refuse") or not seen:
            raise DataError(_refusal(owner, listing, bad))
        heads = {listing.files[row]: one for row, one in seen.items() if one is not None}
        # Where none of the files that were looked into is usable, others are: their size is not known here.
        size = as_size(self.size) or (_common_size(owner, list(heads), list(heads.values())) if heads else (1, 1))
        files = [listing.files[row] for row in seen]
        images = Images(files, self._decoder(str(listing.root)), size, self._channels(list(heads.values())))
        return images, self._with_facts(listing.table, [seen.get(row) for row in range(len(listing.files))])

    def _listing(self, owner: str, folder: Path | None) -> Listing:
        root = find_folder(owner, self.path, folder)
        if self.labels == "folder":
            return list_classes(owner, root)
        found = find_metadata(owner, root, self.metadata, folder)
        return list_table(owner, root, found, self.file, self.images, self.suffix)

    def _inspector(self) -> Callable[[Path], Seen]:
        """Return what looks at one file; it raises BadFileError."""
        look, expected = self._inspect, as_size(self.expected_size)

        def inspect(path: Path) -> Seen:
            seen = look(path)
            if expected is not None and (seen.height, seen.width) != expected:
                raise BadFileError(
                    "wrong size",
                    f"is {seen.height} x {seen.width} pixels (height x width), not {expected[0]} x {expected[1]}",
                )
            return seen

        return inspect

    def _inspect(self, path: Path) -> Seen:
        raise NotImplementedError

    def _decoder(self, root: str) -> Decoder:
        raise NotImplementedError

    def _channels(self, seen: Sequence[Seen]) -> int:
        return 1

    def _with_facts(self, table: pd.DataFrame, seen: Sequence[Seen | None]) -> pd.DataFrame:
        """Return the table with the columns that were read from the files themselves."""
        return table


def _look(
    listing: Listing, inspect: Callable[[Path], Seen | None]
) -> tuple[dict[int, Seen | None], list[tuple[str, str, str]]]:
    """Return what was seen of every usable file, by row, and what is wrong with the others."""
    seen: dict[int, Seen | None] = {}
    bad: list[tuple[str, str, str]] = []
    for row, file in enumerate(listing.files):
        try:
            if not file:
                raise BadFileError("missing", "has no file name")
            seen[row] = inspect(listing.root / file)
        except BadFileError as error:
            bad.append((file or f"row {row + 1}", error.kind, error.reason))
    return seen, bad


def _refusal(owner: str, listing: Listing, bad: Sequence[tuple[str, str, str]]) -> str:
    counts = [f"{len(bad)} of {len(listing.files)} files"] if bad else []
    if listing.folders:
        counts.append(f"{len(listing.folders)} {'folder' if len(listing.folders) == 1 else 'folders'} of classes")
    lines = [f"{owner}: {' and '.join(counts)} in {listing.root} cannot be used."]
    named = (*listing.folders, *bad)
    lines += [f"  {name} {reason}." for name, _, reason in named[:_SHOWN]]
    if len(named) > _SHOWN:
        lines.append(f"  ... and {len(named) - _SHOWN} more.")
    lines.append("Mend or remove them, or have them skipped and counted with bad_files='skip'.")
    return "\n".join(lines)


def _common_size(owner: str, files: Sequence[str], seen: Sequence[Seen]) -> tuple[int, int]:
    first = seen[0]
    for file, one in zip(files, seen, strict=True):
        if (one.height, one.width) != (first.height, first.width):
            raise DataError(
                f"{owner}: pictures of different sizes need a size to be brought to. {files[0]} is {first.height} x "
                f"{first.width}, {file} is {one.height} x {one.width} (height x width). Give size, such as size=224."
            )
    return first.height, first.width
