"""Rows that are made when they are asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from appliedml.models._encoder import LazyRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from appliedml.core.images import Images

# Pixels up to this size are decoded once and kept; beyond it every epoch decodes them anew, a batch at a time.
IN_MEMORY_BYTES = 256 * 2**20
# Values of one input that one call is given at most: activations of a network are some hundred times larger.
_VALUES_A_CALL = 2**21
# Values inside a network that one call makes at most, where a builder says how many a row makes: half a gigabyte.
_INNER_VALUES_A_CALL = 2**27


class LazyPixels:
    """The pixels of images, decoded when rows are asked for.

    Parameters
    ----------
    images : Images
    """

    def __init__(self, images: Images) -> None:
        self.images = images
        self.shape: tuple[int, ...] = images.shape
        self.dtype: np.dtype[Any] = np.dtype(np.uint8)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.images)

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """Return the pixels of some rows."""
        return self.images.pixels(rows)


class LazyView:
    """Some rows of lazy rows, still lazy.

    Parameters
    ----------
    base : LazyRows
    positions : array of int, shape (n_rows,)

    Examples
    --------
    >>> LazyView(np.array([5, 6, 7]), np.array([2, 0]))[1:].tolist()
    [5]
    """

    def __init__(self, base: Any, positions: NDArray[np.intp]) -> None:
        self.base = base
        self.positions = positions
        self.shape: tuple[int, ...] = (len(positions), *base.shape[1:])
        self.dtype: np.dtype[Any] = base.dtype

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.positions)

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """Return some rows as an array."""
        return np.asarray(self.base[self.positions[rows]])


def some_rows(array: Any, keep: NDArray[np.bool_]) -> Any:
    """Return the rows of an array, or of lazy rows, that a mask keeps.

    Parameters
    ----------
    array : array or LazyRows
    keep : array of bool, shape (n_rows,)

    Returns
    -------
    array or LazyRows
        Of the same kind.
    """
    if isinstance(array, np.ndarray):
        return array[keep]
    positions = np.flatnonzero(keep)
    return (
        LazyView(array.base, array.positions[positions]) if isinstance(array, LazyView) else LazyView(array, positions)
    )


def is_lazy(x: dict[str, Any]) -> bool:
    """Return whether an input is lazy.

    Parameters
    ----------
    x : dict of str to array or LazyRows

    Returns
    -------
    bool
    """
    return any(not isinstance(array, np.ndarray) for array in x.values())


def rows_a_call(x: dict[str, Any], most: int, inner_values: int = 0) -> int:
    """Return how many rows one call of a network may have, so that memory stays bounded.

    Parameters
    ----------
    x : dict of str to array or LazyRows
    most : int
        For small rows, as those of tables.
    inner_values : int
        Values that the network makes of one row at once, where they are far more than its inputs (attention).

    Returns
    -------
    int
        A multiple of 32, or ``most``.

    Examples
    --------
    >>> rows_a_call({"pixels": np.zeros((1, 224, 224, 3))}, 65_536), rows_a_call({"numbers": np.zeros((1, 30))}, 65_536)
    (32, 65536)
    """
    values = max((int(np.prod(array.shape[1:])) for array in x.values()), default=1)
    found = min(most, max(32, _VALUES_A_CALL // max(1, values) // 32 * 32))
    return min(found, max(32, _INNER_VALUES_A_CALL // inner_values // 32 * 32)) if inner_values else found


def ahead(make: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Make one thing after the other, each while the one before it is used.

    Parameters
    ----------
    make : callable
        Runs in a thread.
    items : iterable

    Yields
    ------
    object
        ``make(item)``, in order.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting = None
        for item in items:
            upcoming = pool.submit(make, item)
            if waiting is not None:
                yield waiting.result()
            waiting = upcoming
        if waiting is not None:
            yield waiting.result()


__all__ = ["IN_MEMORY_BYTES", "LazyPixels", "LazyRows", "LazyView", "ahead", "is_lazy", "rows_a_call", "some_rows"]
