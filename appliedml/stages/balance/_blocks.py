"""Neighbours of very many rows, looked for in random blocks: the time grows with the rows, not with their square."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Pairs of rows that one search for neighbours may look at: about ten seconds with 50 columns on one core.
MOST_PAIRS = 2_000_000_000
Made = tuple[NDArray[np.float64], NDArray[np.intp]]


def n_blocks(n_pairs: int) -> int:
    """Return into how many blocks rows are cut, 1 where all pairs can be looked at.

    Parameters
    ----------
    n_pairs : int
        Pairs that a search without blocks looks at.

    Returns
    -------
    int

    Examples
    --------
    >>> n_blocks(10_000**2), n_blocks(200_000**2)
    (1, 5)
    """
    return max(1, math.ceil(math.sqrt(n_pairs / MOST_PAIRS)))


def made_in_blocks(
    make: Callable[[dict[int, int], int], Any],
    matrix: NDArray[np.float64],
    codes: NDArray[np.intp],
    strategy: dict[int, int],
    blocks: int,
    seed: int | None,
    fewest: int = 1,
) -> Made:
    """Make new rows block by block; every block holds its share of every class, drawn at random.

    A class to add to with too few rows for that is not cut: the first block holds all of it.

    Parameters
    ----------
    make : callable
        From rows wanted by class (with those that are there) and a seed to an imbalanced-learn sampler.
    matrix : array of shape (n_samples, n_features)
    codes : array of int, shape (n_samples,)
    strategy : dict of int to int
        Class code to rows wanted, those that are there counted in.
    blocks : int
    seed : int, optional
    fewest : int
        Rows that a class to add to needs in a block.

    Returns
    -------
    rows : array of shape (n_new, n_features)
    codes : array of int, shape (n_new,)

    Raises
    ------
    RuntimeError, ValueError
        Those of imbalanced-learn, if no block could make a row.
    """
    rng = np.random.default_rng(seed)
    block = np.zeros(len(codes), dtype=np.intp)
    there = np.bincount(codes)
    small = {code for code in strategy if there[code] < blocks * fewest}
    cut = {int(code): 1 if int(code) in small else blocks for code in np.unique(codes)}
    for code, parts_of_it in cut.items():
        mine = rng.permutation(np.flatnonzero(codes == code))
        block[mine] = np.arange(len(mine)) % parts_of_it
    parts: list[Made] = []
    failed: Exception | None = None
    for number in range(blocks):
        here = block == number
        counts = np.bincount(codes[here], minlength=len(there))
        wanted = {
            code: int(counts[code]) + _share(n - int(there[code]), number, cut[code]) for code, n in strategy.items()
        }
        wanted = {code: n for code, n in wanted.items() if n > counts[code]}
        if not wanted:
            continue
        try:
            found, found_codes = make(wanted, int(rng.integers(2**31))).fit_resample(matrix[here], codes[here])
        except (RuntimeError, ValueError) as error:
            # A block in which no row is near another class adds nothing; the others may.
            if isinstance(error, ValueError) and "No samples will be generated" not in str(error):
                raise
            failed = error
            continue
        parts.append((found[counts.sum() :], found_codes[counts.sum() :]))
    if not parts:
        raise failed or ValueError("No samples will be generated with the provided ratio settings.")
    return np.concatenate([made for made, _ in parts]), np.concatenate([made for _, made in parts])


def _share(n: int, number: int, parts: int) -> int:
    """How many of n new rows a block makes."""
    return n // parts + (number < n % parts) if number < parts else 0
