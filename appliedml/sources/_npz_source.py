"""What the sources of ``.npz`` files have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from appliedml.core.params import AnyOf, Integer, ListOf, Null, Rule, Text
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema
from appliedml.core.stage import Configured
from appliedml.errors import Problem
from appliedml.sources._checks import names_all
from appliedml.sources._files import find_file
from appliedml.sources._image_rules import SIZE_RULE, as_size
from appliedml.sources._image_tables import SPLIT, image_samples
from appliedml.sources._npz import Part, known_parts, read_parts
from appliedml.sources._npz_labels import named_classes

COLUMNS = ("image", "label", SPLIT)


class NpzSource(Configured):
    """A ``.npz`` file with arrays of pictures and labels, one pair a part of the data.

    Parameters
    ----------
    path : str
        The file. A relative path is looked for beside the plan first, then in the working directory.
    classes : list of str, optional
        Names of class 0, 1, 2 ... Default: the numbers are the names.
    size : int or [int, int], optional
        Height and width in pixels that every picture is brought to. Default: as stored.
    channels : {1, 3}, optional
        1: grey; 3: RGB. Default: as stored.
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "path": Text(),
        "classes": AnyOf(ListOf(Text(), 2), Null()),
        "size": SIZE_RULE,
        "channels": AnyOf(Integer(1, 1), Integer(3, 3), Null()),
    }
    parts: ClassVar[tuple[Part, ...]]

    def __init__(
        self,
        path: str,
        classes: Sequence[str] | None = None,
        size: int | Sequence[int] | None = None,
        channels: int | None = None,
    ) -> None:
        self.path = path
        self.classes = classes
        self.size = size
        self.channels = channels

    @classmethod
    def from_short(cls, value: str) -> Self:
        """Build from the short form of a plan, ``{medmnist: pneumoniamnist.npz}``.

        Parameters
        ----------
        value : str
            The path.

        Returns
        -------
        source
        """
        return cls(path=value)

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with the parameters together.

        Parameters
        ----------
        parameters : mapping of str to object
        where : str
            Path inside the plan.

        Returns
        -------
        list of Problem
        """
        names = list(parameters.get("classes") or ())
        twice = sorted({name for name in names if names.count(name) > 1})
        said = ", ".join(repr(name) for name in twice)
        return [Problem(where, f"{cls.__name__}: classes must differ. More than once: {said}.")] if twice else []

    @property
    def default_schema(self) -> Schema:
        """Target ``label``; of two named classes the second is the class of interest."""
        names = list(self.classes or ())
        return Schema("label", positive=names[1] if len(names) == 2 else None)

    def column_names(self, folder: Path | None = None) -> list[str]:
        """Return the names of the columns that a schema may name.

        Parameters
        ----------
        folder : Path, optional
            Not needed: every file has the same.

        Returns
        -------
        list of str
        """
        return list(COLUMNS)

    def look(self, schema: Schema | None = None, folder: Path | None = None) -> list[str]:
        """Refuse what :meth:`read` would refuse, as far as it shows in the file's heads and labels.

        Parameters
        ----------
        schema : Schema, optional
            Default: :attr:`default_schema`. Columns that are absent are no error here.
        folder : Path, optional
            Where a relative path is looked for first.

        Returns
        -------
        list of str
            Names of the columns.

        Raises
        ------
        DataError
            In the words of :meth:`read`.
        ParameterError
        """
        self.check_parameters()
        owner = type(self).__name__
        path = find_file(owner, self.path, folder)
        known = known_parts(owner, path, self.parts)
        table = named_classes(owner, known.table, self.classes)
        schema = schema or self.default_schema
        if names_all(schema, COLUMNS):
            image_samples(owner, known.images({}), table, schema)
        return list(COLUMNS)

    def read(self, schema: Schema | None = None, folder: Path | None = None) -> Samples:
        """Return the pictures of all parts as samples.

        Parameters
        ----------
        schema : Schema, optional
            Default: :attr:`default_schema`.
        folder : Path, optional
            Where a relative path is looked for first.

        Returns
        -------
        Samples
            ``meta["split"]`` holds the part of every row, for the split ``predefined``; row ids are such as
            "train/0".

        Raises
        ------
        DataError
            If the file is damaged, lacks an array, has several labels a picture or holds Python objects.
        ParameterError
        """
        self.check_parameters()
        owner = type(self).__name__
        path = find_file(owner, self.path, folder)
        images, table, notes = read_parts(owner, path, self.parts, as_size(self.size), self.channels)
        table = named_classes(owner, table, self.classes)
        report = {"n_listed": len(table), "n_read": len(table), "n_skipped": 0, "notes": notes}
        report |= {"kinds": {}, "by_group": [], "files": []}
        return image_samples(owner, images, table, schema or self.default_schema, report)
