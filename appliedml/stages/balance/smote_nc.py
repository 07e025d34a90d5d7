"""Synthetic rows for tables that mix numbers and categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.params import AnyOf, ListOf, Null, Rule, Text
from appliedml.errors import StageError
from appliedml.stages.balance._blocks import made_in_blocks, n_blocks
from appliedml.stages.balance._resampler import (
    NEIGHBORS,
    NOTHING_ADDED,
    RATIO,
    SEED,
    Resampler,
    Rows,
    cast_like,
    categorical_columns,
    require_rows,
)
from appliedml.stages.prepare._columns import chosen

# Bytes that imbalanced-learn's vote over neighbours may take at once; larger work is done in parts.
MEMORY = 1_000_000_000


class SmoteNc(Resampler):
    """Add synthetic rows to a table of numbers and categories (SMOTE-NC).

    Numbers lie between a row and its neighbour; a category is the neighbours' most frequent level.

    Parameters
    ----------
    neighbors : int
        Nearest neighbours to choose from.
    ratio : float
        Rows of every class for each row of the largest class afterwards, over 0 and at most 1. In a binary task:
        minority rows per majority row. Classes that have as many keep their rows.
    categorical_columns : list of str, optional
        Columns whose values are levels. Default: those of category, text, object or boolean dtype.
    random_state : int, optional
        Seed.

    Attributes
    ----------
    categorical_ : list of str
        The columns treated as categories.
    notes_ : list of str

    Raises
    ------
    StageError
        If no column or every column is categorical, a value is missing, or a class to add to has ``neighbors`` rows or
        fewer.

    Notes
    -----
    The given rows come first, unchanged and in order; new rows follow, with levels of their own class only. New values
    in other columns of integer dtype are rounded to whole numbers. Scale numbers before it: its distance counts a
    different level as the median standard deviation of the numbers. The time grows with the square of the rows of the
    classes that are added to.

    Source
    ------
    Chawla, Bowyer, Hall, Kegelmeyer (2002), SMOTE, JAIR 16, section 6.1; imbalanced-learn ``SMOTENC``.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"a": [0.0, 1, 2, 10, 11, 12, 13], "sex": ["F", "F", "M", "M", "M", "F", "M"]})
    >>> more, labels = SmoteNc(neighbors=2, random_state=0).fit_resample(X, [1, 1, 1, 0, 0, 0, 0])
    >>> more["sex"].tolist()[7:]
    ['F']
    """

    invents_rows: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "neighbors": NEIGHBORS,
        "ratio": RATIO,
        "categorical_columns": AnyOf(ListOf(Text()), Null()),
        "random_state": SEED,
    }

    def __init__(
        self,
        neighbors: int = 5,
        ratio: float = 1.0,
        categorical_columns: Sequence[str] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.neighbors = neighbors
        self.ratio = ratio
        self.categorical_columns = categorical_columns
        self.random_state = random_state

    def _resample(self, rows: Rows) -> Any:
        table = rows.table
        self.categorical_ = chosen("SmoteNc", table, self.categorical_columns, categorical_columns(table))
        continuous = [c for c in table.columns if c not in self.categorical_]
        if not self.categorical_:
            raise StageError(
                "SmoteNc is for tables with numbers and categories. No column is categorical. Use smote, or name the "
                "columns in categorical_columns."
            )
        if not continuous:
            raise StageError(
                f"SmoteNc is for tables with numbers and categories. All {len(self.categorical_)} columns are "
                "categorical. Use random_over."
            )
        numbers = self._number_matrix(
            rows, continuous, instead="Name them in categorical_columns, or put dates_to_parts before it."
        )
        coded = {column: _coded(table[column]) for column in self.categorical_}
        wanted = rows.missing_rows(self.ratio)
        require_rows("SmoteNc", self.neighbors, rows, wanted)
        if not wanted:
            self.notes_.append(NOTHING_ADDED.format(self.ratio))
            return table.iloc[:0], np.empty(0, dtype=np.intp)
        made, codes = self._mixed(rows, numbers, np.column_stack([c for c, _ in coded.values()]), wanted)
        new = cast_like(made[:, : len(continuous)], table[continuous])
        for i, column in enumerate(self.categorical_):
            new[column] = coded[column][1].take(made[:, len(continuous) + i].astype(np.intp)).array
        return new[list(table.columns)], codes

    def _mixed(
        self, rows: Rows, numbers: NDArray[np.float64], levels: NDArray[np.intp], wanted: dict[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return new rows (numbers, then level codes) and their class codes."""
        # Only rows of the classes to add to matter; one more a block keeps imbalanced-learn's rule of two classes.
        blocks = n_blocks(max(rows.counts[code] for code in wanted) ** 2)
        width = numbers.shape[1] + sum(len(np.unique(column)) for column in levels.T)
        room = max(1, MEMORY // (8 * width * self.neighbors))
        if blocks > 1:
            # Also so many that what is made at a time fits into memory.
            blocks = max(blocks, *(-(-n // room) for n in wanted.values()), 2)
        used = np.isin(rows.codes, list(wanted))
        others = np.flatnonzero(~used)
        blocks = min(blocks, len(others))
        used[others[:blocks]] = True
        X = np.column_stack([numbers[used], levels[used].astype(np.float64)])
        y = rows.codes[used]
        columns = range(numbers.shape[1], X.shape[1])
        if blocks > 1:
            self.notes_.append(f"Neighbours were looked for in {blocks} random parts of the rows of a class.")
            strategy = {code: rows.counts[code] + n for code, n in wanted.items()}

            def make(asked: dict[int, int], seed: int) -> Any:
                return self._with_columns(asked, seed, columns)

            return made_in_blocks(make, X, y, strategy, blocks, self.random_state, self.neighbors + 1)
        seeds = np.random.RandomState(self.random_state)
        parts, codes = [], []
        for code, n_wanted in wanted.items():
            for start in range(0, n_wanted, room):
                # One part gives what imbalanced-learn gives for this seed; each further part needs a seed of its own.
                seed = self.random_state if start == 0 else int(seeds.randint(2**31))
                strategy = {code: rows.counts[code] + min(room, n_wanted - start)}
                sampler = self._with_columns(strategy, seed, columns)
                made, made_codes = sampler.fit_resample(X, y)
                parts.append(made[len(X) :])
                codes.append(made_codes[len(X) :])
        return np.concatenate(parts), np.concatenate(codes)

    def _with_columns(self, strategy: dict[int, int], seed: int | None, columns: range) -> Any:
        from imblearn.over_sampling import SMOTENC

        from appliedml.stages.balance._fast_one_hot import FastOneHot

        return SMOTENC(
            list(columns),
            categorical_encoder=FastOneHot(handle_unknown="ignore", dtype=np.float64),
            sampling_strategy=strategy,
            k_neighbors=self.neighbors,
            random_state=seed,
        )


def _coded(values: pd.Series[Any]) -> tuple[NDArray[np.intp], pd.Series[Any]]:
    """Return codes and the levels that they point to, in the column's own dtype."""
    n_missing = int(values.isna().sum())
    if n_missing:
        raise StageError(
            f"SmoteNc needs a value in every cell. Column {values.name!r} has {n_missing} missing values. "
            "Put impute_missing before it."
        )
    mixed = pd.api.types.is_object_dtype(values.dtype)
    keys = values.astype(str) if mixed else values
    codes, _ = pd.factorize(keys, sort=True)
    first = np.unique(codes, return_index=True)[1]
    return codes.astype(np.intp), values.iloc[first]
