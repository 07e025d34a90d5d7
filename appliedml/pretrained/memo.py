"""Outputs of frozen networks, computed once for each content and kept for the rest of the process.

Folds, epochs, members and audits ask for the same pictures (or texts) again and again; a frozen network gives the same
answer each time. An entry is found by the network's key (its name, the SHA-256 of its weights, the layer, the size of
its input) and the SHA-256 of the row's content, so two equal rows share one, and nothing depends on positions.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import DataError

DEFAULT_BYTES = 512 << 20
# Rows computed in one call: activations of a 224-pixel network take some 10 MB a row.
BATCH_ROWS = 32


@dataclass(frozen=True)
class Counts:
    """How often frozen outputs were asked for, and how often they had to be computed.

    Parameters
    ----------
    asked, computed : int
        Rows.
    """

    asked: int = 0
    computed: int = 0

    @property
    def saved(self) -> int:
        """Forward passes that were not needed."""
        return self.asked - self.computed

    def sentence(self) -> str:
        """Return the saving in words.

        Returns
        -------
        str

        Examples
        --------
        >>> Counts(9100, 1820).sentence()
        '1,820 of 9,100 forward passes through the frozen part were computed.'
        """
        return f"{self.computed:,} of {self.asked:,} forward passes through the frozen part were computed."


class Memo:
    """A store of rows of arrays, bounded in bytes; what was used longest ago goes first. Threads may share it.

    Parameters
    ----------
    max_bytes : int
        Of all rows together. A row that alone is larger is computed and not kept.

    Examples
    --------
    >>> memo = Memo(1_000)
    >>> def double(positions):
    ...     return 2.0 * positions[:, None]
    >>> memo.rows("twice", ["a", "b", "a"], double).tolist(), memo.counts("twice").computed
    ([[0.0], [2.0], [0.0]], 2)
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self.max_bytes = int(max_bytes)
        self._lock = threading.RLock()
        self._kept: OrderedDict[tuple[str, str], NDArray[Any]] = OrderedDict()
        self._bytes = 0
        self._counts: dict[str, Counts] = {}
        self._working: dict[str, threading.Lock] = {}

    def rows(
        self,
        key: str,
        digests: Sequence[str],
        compute: Callable[[NDArray[np.intp]], NDArray[Any]],
        batch_rows: int = BATCH_ROWS,
    ) -> NDArray[Any]:
        """Return one row of output a digest, computing those that are not kept.

        Parameters
        ----------
        key : str
            Of the network: everything but the content that decides an output.
        digests : sequence of str
            SHA-256 of each row's content.
        compute : callable
            From positions in ``digests`` (array of int, at most ``batch_rows``) to their outputs, one row each.
        batch_rows : int

        Returns
        -------
        array of shape (n_rows, ...)

        Raises
        ------
        DataError
            If there are no rows.
        """
        if not len(digests):
            raise DataError("Outputs of a frozen network need at least one row. There are none.")
        with self._lock:
            working = self._working.setdefault(key, threading.Lock())
        # One thread at a time computes for a network: a second one would compute the same rows.
        with working:
            return self._rows(key, digests, compute, batch_rows)

    def _rows(self, key: str, digests: Sequence[str], compute: Callable[..., Any], batch_rows: int) -> NDArray[Any]:
        found: dict[str, NDArray[Any]] = {}
        missing: dict[str, int] = {}
        with self._lock:
            for position, digest in enumerate(digests):
                if (key, digest) in self._kept:
                    self._kept.move_to_end((key, digest))
                    found[digest] = self._kept[(key, digest)]
                else:
                    missing.setdefault(digest, position)
            before = self._counts.get(key, Counts())
            self._counts[key] = Counts(before.asked + len(digests), before.computed + len(missing))
        positions = np.array(list(missing.values()), dtype=np.intp)
        for start in range(0, len(positions), batch_rows):
            part = positions[start : start + batch_rows]
            for position, row in zip(part, compute(part), strict=True):
                # A copy of the row: a view would keep its whole batch alive.
                found[digests[position]] = np.array(row, copy=True)
                self._keep((key, digests[position]), found[digests[position]])
        first = found[digests[0]]
        out = np.empty((len(digests), *first.shape), dtype=first.dtype)
        for position, digest in enumerate(digests):
            out[position] = found[digest]
        return out

    def _keep(self, place: tuple[str, str], row: NDArray[Any]) -> None:
        if row.nbytes > self.max_bytes:
            return
        with self._lock:
            if place in self._kept:
                return
            while self._bytes + row.nbytes > self.max_bytes:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= gone.nbytes
            self._kept[place] = row
            self._bytes += row.nbytes

    def counts(self, key: str) -> Counts:
        """Return how often a network was asked and had to compute, since the process began.

        Parameters
        ----------
        key : str

        Returns
        -------
        Counts
        """
        with self._lock:
            return self._counts.get(key, Counts())

    @property
    def nbytes(self) -> int:
        """Bytes of all rows that are kept."""
        with self._lock:
            return self._bytes

    def __len__(self) -> int:
        """Number of rows that are kept."""
        with self._lock:
            return len(self._kept)

    def clear(self) -> None:
        """Forget every row and every count."""
        with self._lock:
            self._kept.clear()
            self._counts.clear()
            self._bytes = 0


_shared: Memo | None = None
_shared_lock = threading.Lock()


def shared_memo() -> Memo:
    """Return the memo of this process. ``APPLIEDML_MEMO_MB`` sets its size in MiB; 512 unless told.

    Returns
    -------
    Memo

    Raises
    ------
    DataError
        If ``APPLIEDML_MEMO_MB`` is not a whole number.
    """
    global _shared
    with _shared_lock:
        if _shared is None:
            told = os.environ.get("APPLIEDML_MEMO_MB", "")
            if told and not told.isdigit():
                raise DataError(f"APPLIEDML_MEMO_MB must be a whole number of MiB. It is {told!r}.")
            _shared = Memo(int(told) << 20 if told else DEFAULT_BYTES)
        return _shared
