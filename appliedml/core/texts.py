"""``Texts``: rows that are texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json
from appliedml.errors import DataError


class Texts:
    """A number of texts. scikit-learn's text vectorisers take it as it is.

    Parameters
    ----------
    strings : iterable of str or None
        A missing text (None, NaN) is kept as None, for cleaning to count; it reads as "".
    column : str
        Name of the column they came from.

    Raises
    ------
    DataError
        If a value is neither text nor missing.

    Examples
    --------
    >>> texts = Texts(["good", None, "bad"])
    >>> len(texts), list(texts), texts.missing.tolist()
    (3, ['good', '', 'bad'], [False, True, False])
    """

    def __init__(self, strings: Iterable[Any], column: str = "text") -> None:
        values = np.empty(0, dtype=object)
        found = [None if not isinstance(item, str) and pd.isna(item) else item for item in strings]
        values = np.empty(len(found), dtype=object)
        values[:] = found
        wrong = [item for item in found if item is not None and not isinstance(item, str)]
        if wrong:
            raise DataError(
                f"Texts: column {column!r} must hold text. {len(wrong)} values are none, such as {wrong[0]!r} "
                f"({type(wrong[0]).__name__})."
            )
        self.strings: NDArray[Any] = values
        self.column = column

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.strings)

    def __iter__(self) -> Iterator[str]:
        """The texts; a missing one is empty."""
        return (item or "" for item in self.strings)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_texts, 1)."""
        return (len(self.strings), 1)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which texts are missing, shape (n_texts,)."""
        return np.array([item is None for item in self.strings], dtype=bool)

    def take(self, rows: NDArray[np.intp]) -> Texts:
        """Return the texts at these positions, in this order.

        Parameters
        ----------
        rows : array of int, shape (n_rows,)

        Returns
        -------
        Texts
        """
        return Texts(self.strings[np.asarray(rows, dtype=np.intp)], self.column)

    def __getitem__(self, rows: Any) -> Any:
        """Return one text by position, or some as Texts by slice, positions or boolean mask."""
        if isinstance(rows, int | np.integer):
            return self.strings[rows] or ""
        return Texts(self.strings[rows], self.column)

    def fingerprint(self) -> str:
        """Return the SHA-256 of all texts as hex."""
        # Lone surrogates, which broken files can hold, cannot be encoded otherwise.
        return hashlib.sha256(canonical_json(list(self.strings)).encode("utf-8", "surrogatepass")).hexdigest()

    def __repr__(self) -> str:
        """One line."""
        return f"Texts({len(self)} of column {self.column!r})"
