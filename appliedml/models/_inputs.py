"""What a network reads: numbers as one matrix, categories as integer codes, learned on the training rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.errors import DataError
from appliedml.models._encoder import Encoder

NUMBERS = "numbers"
CODES = "codes"
Arrays = dict[str, NDArray[Any]]

# Tables of embeddings have room for a multiple of this many levels, so that a fold in which a rare level is missing
# still fits the network, and the compiled program, of the other folds.
LEVEL_STEP = 4
# Up to so many whole numbers that stand in a column of text are taken for codes without a word.
MOST_CODES = 50


@dataclass(frozen=True)
class InputSpec:
    """The columns a network is built for.

    Parameters
    ----------
    numbers : tuple of str
        Numeric columns in order; they arrive as the input "numbers", shape (n_rows, n_numbers), float32.
    categories : tuple of str
        Categorical columns in order; they arrive as the input "codes", shape (n_rows, n_categories), int32.
    capacities : tuple of int
        Number of codes each category has room for; code 0 is "unknown or missing".

    Examples
    --------
    >>> InputSpec(("age",), ("colour",), (8,)).n_columns
    2
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...] = ()
    capacities: tuple[int, ...] = ()

    @property
    def n_columns(self) -> int:
        """Number of columns, numeric and categorical."""
        return len(self.numbers) + len(self.categories)

    def shape_key(self) -> list[Any]:
        """Return what decides the shape of the network: column names do not."""
        return [len(self.numbers), list(self.capacities)]


class TableEncoder(Encoder):
    """Turns a table into the arrays of an :class:`InputSpec`; learns the levels of categories when it is made.

    Parameters
    ----------
    numbers : list of str
        Names of the numeric columns.
    levels : mapping of str to list of str
        Known levels of each categorical column, in code order from 1.
    by_position : bool
        Whether it was learned from an array: columns are then taken by position, not by name.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [30.0, 40.0], "colour": ["red", "blue"]})
    >>> encoder = TableEncoder.learn(table)
    >>> encoder.encode(table.assign(colour=["red", "green"]))["codes"].tolist()
    [[2], [0]]
    """

    kind: ClassVar[str] = "table"

    def __init__(self, numbers: list[str], levels: Mapping[str, list[str]], by_position: bool = False) -> None:
        self.numbers = list(numbers)
        self.levels = {name: list(known) for name, known in levels.items()}
        self.by_position = by_position

    @classmethod
    def learn(cls, table: pd.DataFrame | NDArray[Any], embed_numbers_up_to: int = 0) -> TableEncoder:
        """Return an encoder for the columns and levels of the training rows.

        Parameters
        ----------
        table : DataFrame or array of shape (n_rows, n_columns)
            Of a DataFrame, numeric and boolean columns are numbers; category, text and object columns are categories.
        embed_numbers_up_to : int
            A number with at most this many distinct values is a category too, beside the number.

        Returns
        -------
        TableEncoder

        Raises
        ------
        DataError
            If a column is neither a number nor a category (a date, say), or column names repeat.
        """
        by_position = not isinstance(table, pd.DataFrame)
        if not isinstance(table, pd.DataFrame):
            table = pd.DataFrame(table, columns=[f"x{position}" for position in range(table.shape[1])])
        names = [str(name) for name in table.columns]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise DataError(f"KerasClassifier: column names must differ. Given more than once: {', '.join(twice)}.")
        numbers: list[str] = []
        levels: dict[str, list[str]] = {}
        as_text: list[str] = []
        for position, name in enumerate(names):
            column = table.iloc[:, position]
            if pd.api.types.is_numeric_dtype(column.dtype):
                numbers.append(name)
                distinct = pd.unique(column) if embed_numbers_up_to else []
                if 1 < len(distinct) <= embed_numbers_up_to:
                    levels[name] = _levels(column)
            elif _is_category(column):
                levels[name] = _levels(column)
                if _is_numeric_text(column, levels[name]):
                    as_text.append(name)
            else:
                raise DataError(
                    f"KerasClassifier: column {name!r} has the type {column.dtype}, neither a number nor a category. "
                    "Turn dates into parts first (dates_to_parts), or drop the column."
                )
        if as_text:
            _warn_of_numeric_text(as_text)
        return cls(numbers, levels, by_position)

    @property
    def spec(self) -> InputSpec:
        """The columns, with room for the known levels."""
        room = tuple(-(-(len(known) + 1) // LEVEL_STEP) * LEVEL_STEP for known in self.levels.values())
        return InputSpec(tuple(self.numbers), tuple(self.levels), room)

    def encode(self, inputs: pd.DataFrame | NDArray[Any]) -> Arrays:
        """Return the arrays of a table.

        Parameters
        ----------
        inputs : DataFrame or array of shape (n_rows, n_columns)

        Returns
        -------
        dict of str to array
            "numbers" (float32) and "codes" (int32), those that the columns call for.

        Raises
        ------
        DataError
            If a numeric column holds text, missing or infinite values.
        """
        arrays: Arrays = {}
        table = inputs
        if not isinstance(table, pd.DataFrame):
            if not self.levels:
                arrays[NUMBERS] = _finite(np.asarray(table, dtype=np.float64), self.numbers)
                return arrays
            table = pd.DataFrame(table, columns=self.numbers)
        names = self.numbers if self.by_position else [str(name) for name in table.columns]
        by_name = {name: position for position, name in enumerate(names)}
        if self.numbers:
            matrix = np.empty((len(table), len(self.numbers)), dtype=np.float64)
            for place, name in enumerate(self.numbers):
                matrix[:, place] = _as_numbers(table.iloc[:, by_name[name]], name)
            arrays[NUMBERS] = _finite(matrix, self.numbers)
        if self.levels:
            codes = np.empty((len(table), len(self.levels)), dtype=np.int32)
            for place, (name, known) in enumerate(self.levels.items()):
                codes[:, place] = _as_codes(table.iloc[:, by_name[name]], known)
            arrays[CODES] = codes
        return arrays

    def describe(self) -> dict[str, Any]:
        """Return how many numbers and categories there are."""
        return {"n_numbers": len(self.numbers), "n_categories": len(self.levels)}

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as a JSON value."""
        return {"numbers": self.numbers, "levels": self.levels, "by_position": self.by_position}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TableEncoder:
        """Return the encoder of a JSON value."""
        return cls(list(data["numbers"]), data["levels"], bool(data["by_position"]))


def _is_category(column: pd.Series) -> bool:
    kind = column.dtype
    return (
        isinstance(kind, pd.CategoricalDtype)
        or pd.api.types.is_object_dtype(kind)
        or pd.api.types.is_string_dtype(kind)
    )


def _text(value: Any) -> str | None:
    """Return one level as text; 3 and 3.0 are one level, for a missing value elsewhere turns integers into floats."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _levels(column: pd.Series) -> list[str]:
    texts = (_text(value) for value in pd.unique(column))
    return sorted({text for text in texts if text is not None})


def _is_numeric_text(column: pd.Series, known: list[str]) -> bool:
    """Whether a column of text holds measurements: numbers, and not a few whole ones, which may be codes."""
    if isinstance(column.dtype, pd.CategoricalDtype) or not known:
        return False
    if not all(isinstance(value, str) for value in pd.unique(column.dropna())):
        return False
    numbers = pd.to_numeric(pd.Series(known), errors="coerce").to_numpy(dtype=np.float64)
    # A leading zero marks a code, as of a post office.
    coded = any(len(text) > 1 and text[0] == "0" and text[1].isdigit() for text in known)
    if coded or not np.isfinite(numbers).all():
        return False
    return len(known) > MOST_CODES or bool((numbers != np.rint(numbers)).any())


def _warn_of_numeric_text(names: list[str]) -> None:
    shown = ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    warnings.warn(
        f"KerasClassifier: text is a category, and the text of {shown} reads as numbers. Turn it into numbers "
        '(astype(float)), or say that it is meant as a category (astype("category")).',
        UserWarning,
        stacklevel=2,
    )


def _as_codes(column: pd.Series, known: list[str]) -> NDArray[np.int32]:
    place, distinct = pd.factorize(column)
    code_of = {text: code for code, text in enumerate(known, start=1)}
    codes = np.array([*(code_of.get(_text(value) or "", 0) for value in distinct), 0], dtype=np.int32)
    # factorize marks missing values with -1, which picks the 0 put at the end.
    return np.asarray(codes[place])


def _as_numbers(column: pd.Series, name: str) -> NDArray[np.float64]:
    try:
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"KerasClassifier: column {name!r} held numbers in training and holds {column.dtype} now, such as "
            f"{column.iloc[0]!r}. Give it the type it had in training."
        ) from error


def _finite(matrix: NDArray[np.float64], names: list[str]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        numbers = matrix.astype(np.float32)
    finite = np.isfinite(numbers)
    if not finite.all():
        column = int(np.flatnonzero(~finite.all(axis=0))[0])
        n_missing = int(np.isnan(matrix[:, column]).sum())
        n_infinite = int((~finite[:, column]).sum()) - n_missing
        raise DataError(
            f"KerasClassifier: numeric columns must not hold NaN or infinity. Column {names[column]!r} has {n_missing} "
            f"NaN and {n_infinite} infinite (or too large for float32) values. Impute them first (impute_missing)."
        )
    return numbers
