"""Tables as coalitions: rows with some columns taken from a background row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.errors import StageError
from appliedml.explain.players import Players, players_of

# Whole numbers of as many bytes as an entry.
_BITS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


class TableMasker:
    """Rows of a table against background rows of the same table.

    Parameters
    ----------
    rows : DataFrame or array of shape (n_rows, n_columns)
        What is explained, as the scorer takes it. A DataFrame may mix numbers, categories and text.
    background : same kind, shape (n_background, n_columns)
        What hidden columns are filled from (training rows).
    players : Players, optional
        Default: the columns grouped by ``sources``, else every column for itself.
    sources : mapping of str to str, optional
        Column -> original column, as ``Pipeline.feature_sources_``.

    Raises
    ------
    StageError
        If the two tables differ in kind or columns, or one is empty.

    Notes
    -----
    Composite inputs are built without a loop over coalitions: one ``where`` for all numeric columns of a kind, one
    positional ``take`` from [rows; background] for every other column. Values never change type on the way.

    Examples
    --------
    >>> masker = TableMasker(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    >>> masker.masked(np.array([0]), np.array([[[True, False]]]), np.array([0])).tolist()
    [[1.0, 0.0]]
    """

    def __init__(
        self,
        rows: Any,
        background: Any,
        players: Players | None = None,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        self._columns: pd.Index | None = None
        names: list[Any]
        if isinstance(rows, pd.DataFrame) and isinstance(background, pd.DataFrame):
            if list(rows.columns) != list(background.columns):
                raise StageError("TableMasker: rows and background must have the same columns in the same order.")
            self._columns, names = rows.columns, list(rows.columns)
        elif isinstance(rows, np.ndarray) and isinstance(background, np.ndarray) and rows.ndim == 2:
            if rows.shape[1:] != background.shape[1:]:
                raise StageError(
                    f"TableMasker: rows and background must have equal width: {rows.shape}, {background.shape}."
                )
            names = [f"x{position}" for position in range(rows.shape[1])]
        else:
            raise StageError(
                "TableMasker: rows and background must both be DataFrames or both arrays of two dimensions. They are "
                f"{type(rows).__name__} and {type(background).__name__}."
            )
        if not len(rows) or not len(background):
            raise StageError(
                f"TableMasker: needs rows and background rows. Given: {len(rows)} and {len(background)} rows."
            )
        self.players = players if players is not None else players_of(names, sources)
        if self.players.n_columns != len(names):
            raise StageError(
                f"TableMasker: the players cover {self.players.n_columns} columns. There are {len(names)}."
            )
        self.n_rows, self.n_background = len(rows), len(background)
        self._tables = (rows, background)
        self._owner = self.players.of_column
        self._blocks, self._takes = _split(rows, background)
        self._plain = len(self._blocks) == 1 and not self._takes and len(self.players) == len(names)

    @property
    def names(self) -> tuple[str, ...]:
        """One name a player."""
        return self.players.names

    def with_background(self, n_background: int) -> TableMasker:
        """Return a masker of the same rows with fewer background rows, evenly spaced.

        Parameters
        ----------
        n_background : int
            Or all, if there are fewer.

        Returns
        -------
        TableMasker
        """
        rows, background = self._tables
        if n_background >= len(background):
            return self
        kept = np.linspace(0, len(background) - 1, n_background).round().astype(np.intp)
        fewer = background.iloc[kept] if isinstance(background, pd.DataFrame) else background[kept]
        return TableMasker(rows, fewer, self.players)

    def masked(self, rows: NDArray[np.intp], present: NDArray[np.bool_], background: NDArray[np.intp]) -> Any:
        """Return composite rows; see :meth:`appliedml.explain.masker.Masker.masked`.

        Parameters
        ----------
        rows : array of int, shape (n,)
        present : array of bool, shape (n or 1, m, n_players)
        background : array of int, shape (m,)

        Returns
        -------
        DataFrame or array of n * m rows
            The kind, columns and types of the tables given.
        """
        parts: dict[tuple[int, ...], Any] = {}
        for columns, own, other in self._blocks:
            # Indexing by player copies the mask; a player a column, the common case, needs none.
            shown = present if self._plain else present[..., self._owner[list(columns)]]
            parts[columns] = _mixed(shown, own[rows], other[background])
        if self._columns is None:
            return parts[self._blocks[0][0]]
        if not self._takes and len(parts) == 1:
            return pd.DataFrame(next(iter(parts.values())), columns=self._columns, copy=False)
        return self._frame(parts, rows, present, background)

    def _frame(
        self,
        parts: dict[tuple[int, ...], Any],
        rows: NDArray[np.intp],
        present: NDArray[np.bool_],
        background: NDArray[np.intp],
    ) -> pd.DataFrame:
        columns: dict[int, Any] = {}
        for positions, block in parts.items():
            columns |= {position: block[:, at] for at, position in enumerate(positions)}
        places: dict[int, NDArray[np.intp]] = {}
        for position, both in self._takes.items():
            player = int(self._owner[position])
            if player not in places:
                own, other = rows[:, None], self.n_rows + background[None, :]
                places[player] = np.where(present[..., player], own, other).reshape(-1)
            columns[position] = both.take(places[player])
        frame = pd.DataFrame({position: columns[position] for position in range(len(columns))}, copy=False)
        frame.columns = self._columns
        return frame


def _mixed(shown: NDArray[np.bool_], own: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Return ``own`` (n, width) where shown, else ``other`` (m, width), for every pair: shape (n * m, width).

    Both sides are laid out flat first: one long inner loop is several times faster than many of the table's width.
    """
    n, m, width = len(own), len(other), other.shape[1]
    chosen = shown.reshape(-1, m * width)
    wide, flat = np.tile(own, (1, m)), np.ascontiguousarray(other).reshape(1, m * width)
    bits = _BITS.get(wide.dtype.itemsize) if wide.dtype == flat.dtype and wide.dtype.kind in "fiub" else None
    if bits is None:
        return np.where(chosen, wide, flat).reshape(n * m, width)
    # a ^ ((b ^ a) * chosen) is b where chosen, else a, to the bit. Processors guess wrong at every other entry of a
    # random choice: without one this is six times as fast as np.where.
    mixed, either = wide.view(bits), flat.view(bits)
    mixed ^= either
    mixed *= chosen
    mixed ^= either
    return wide.reshape(n * m, width)


def _split(rows: Any, background: Any) -> tuple[list[tuple[tuple[int, ...], Any, Any]], dict[int, Any]]:
    """Return numeric columns as one pair of arrays a type, and [rows; background] of every other column."""
    if isinstance(rows, np.ndarray):
        return [(tuple(range(rows.shape[1])), rows, background)], {}
    kinds: dict[Any, list[int]] = {}
    takes: dict[int, Any] = {}
    for position in range(rows.shape[1]):
        own, other = rows.iloc[:, position], background.iloc[:, position]
        if isinstance(own.dtype, np.dtype) and own.dtype.kind in "fiub" and isinstance(other.dtype, np.dtype):
            kinds.setdefault(np.result_type(own.dtype, other.dtype), []).append(position)
        else:
            takes[position] = pd.concat([own, other], ignore_index=True).array
    blocks = [
        (tuple(at), rows.iloc[:, at].to_numpy(dtype=kind), background.iloc[:, at].to_numpy(dtype=kind))
        for kind, at in kinds.items()
    ]
    return blocks, takes
