"""Players: which columns enter and leave a coalition together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError


@dataclass(frozen=True)
class Players:
    """Groups of columns that are shown to the model, or hidden from it, together.

    The one-hot columns of a category and its missing indicator are one player: a coalition that holds one of them
    without the others would show the model a row that cannot exist.

    Parameters
    ----------
    names : tuple of str
        One name a player.
    columns : tuple of tuple of int
        Positions of each player's columns. Every column belongs to exactly one player.

    Raises
    ------
    StageError
        If a column belongs to no player or to several, or a player has no column.

    Examples
    --------
    >>> Players(("age", "sex"), ((0,), (1, 2))).of_column.tolist()
    [0, 1, 1]
    """

    names: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        """Refuse columns that are missing or shared."""
        flat = sorted(column for group in self.columns for column in group)
        if len(self.names) != len(self.columns) or not all(self.columns) or flat != list(range(len(flat))):
            raise StageError(
                "Players: every column must belong to exactly one player, and every player needs a name and a column. "
                f"Given: {len(self.names)} names, {len(self.columns)} groups over the columns {flat[:20]}."
            )

    def __len__(self) -> int:
        """Number of players."""
        return len(self.names)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return sum(map(len, self.columns))

    @property
    def of_column(self) -> NDArray[np.intp]:
        """Player of every column, shape (n_columns,)."""
        owner = np.empty(self.n_columns, dtype=np.intp)
        for player, columns in enumerate(self.columns):
            owner[list(columns)] = player
        return owner


def players_of(columns: Iterable[object], sources: Mapping[str, str] | None = None) -> Players:
    """Group columns by the original column they were made from.

    Parameters
    ----------
    columns : iterable
        Column names, in the order of the table.
    sources : mapping of str to str, optional
        Column -> original column. A column without an entry is its own player.

    Returns
    -------
    Players
        In the order of first appearance.

    Examples
    --------
    >>> players_of(["age", "sex_f", "sex_m"], {"sex_f": "sex", "sex_m": "sex"})
    Players(names=('age', 'sex'), columns=((0,), (1, 2)))
    """
    known = sources or {}
    groups: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        groups.setdefault(str(known.get(str(column), column)), []).append(position)
    return Players(tuple(groups), tuple(tuple(group) for group in groups.values()))
