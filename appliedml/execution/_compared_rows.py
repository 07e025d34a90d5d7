"""Which rows of two runs can be set side by side, and what is known of each: labels, scores, groups of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._fairness_features import Feature, Pooled, find_features
from appliedml.core.samples import SENSITIVE_PREFIX
from appliedml.core.schema import Schema, Sensitive
from appliedml.errors import RunError
from appliedml.store.run import Run

Note = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Side:
    """The compared rows of one run.

    Parameters
    ----------
    y, predicted : array of int, shape (n_rows,)
        Class codes; decisions as the run's folds made them, each with its own threshold.
    p : array of shape (n_rows, n_classes)
    cluster : array of shape (n_rows,) or None
        What rows are resampled by.
    codes : tuple of arrays of int, each of shape (n_rows,)
        Position of every row's level, one array a sensitive feature.
    """

    y: NDArray[np.int64]
    predicted: NDArray[np.int64]
    p: NDArray[np.float64]
    cluster: NDArray[Any] | None
    codes: tuple[NDArray[np.int64], ...] = ()

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Matched:
    """Two runs' rows.

    Parameters
    ----------
    classes : tuple of str
    a, b : Side
        Row by row the same where ``paired``.
    paired : bool
    same_rows : bool
        Whether both runs tested exactly the same rows.
    counts : dict of str to int
        Rows tested by ``a``, by ``b`` and by ``both``.
    features : tuple of Feature
        Sensitive features and intersections that both runs know, with at least two known levels.
    notes : tuple of (str, str)
        What cannot be compared, and why.
    """

    classes: tuple[str, ...]
    a: Side
    b: Side
    paired: bool
    same_rows: bool
    counts: dict[str, int]
    features: tuple[Feature, ...]
    notes: tuple[Note, ...]

    @property
    def binary(self) -> bool:
        """Whether there are two classes."""
        return len(self.classes) == 2


def match(a: Run, b: Run, other_rows: bool) -> Matched:
    """Find the rows to compare, or refuse.

    Parameters
    ----------
    a, b : Run
    other_rows : bool
        Whether rows that only one run tested are no reason to refuse.

    Returns
    -------
    Matched

    Raises
    ------
    RunError
        If the runs predict different things, tested other rows and ``other_rows`` is false, or label a row differently.
    """
    _same_task(a, b)
    left, right = _rows(a), _rows(b)
    if left.index.dtype != right.index.dtype:
        left.index, right.index = left.index.astype(str), right.index.astype(str)
    common = left.index.intersection(right.index).sort_values()
    same_data = a.info["data"]["fingerprint"] == b.info["data"]["fingerprint"]
    named = all(run.info["schema"].get("row_id") for run in (a, b))
    notes: list[Note] = []
    if not (same_data or named) and len(common):
        common = common[:0]
        text = "The data differ and no column names the rows (schema: row_id), so numbers of rows say nothing."
        notes.append(("Row by row", text))
    same_rows = len(common) == len(left) == len(right)
    counts = {"a": len(left), "b": len(right), "both": len(common)}
    if not same_rows and not other_rows:
        raise RunError(
            f"compare: the runs are not on the same rows ({counts['a']:,} and {counts['b']:,} tested, "
            f"{counts['both']:,} in common{'' if same_data or named else ', for no column names them'}). A difference "
            "may then come from the rows and not from the model. To compare the rows they have in common, or two sets "
            "of rows if there are none, give --other-rows."
        )
    paired = len(common) > 0
    if paired:
        left, right = left.loc[common], right.loc[common]
        n_other = int((left["y_true"] != right["y_true"]).sum())
        if n_other:
            raise RunError(
                f"compare: {n_other:,} of {len(common):,} rows with the same id have another label in the other run, "
                "so the ids do not name the same rows. Run both plans on data with the same ids and labels."
            )
        if not same_rows:
            left_out = f"{counts['a'] - counts['both']:,} rows of A and {counts['b'] - counts['both']:,} of B"
            notes.append(("Rows that one run tested alone", f"{left_out} are left out of every figure."))
    else:
        notes.append(("Paired differences", "No row is in both runs: the two sets of rows are resampled apart."))
    classes = tuple(str(name) for name in a.info["classes"])
    features, codes, more = _features(a, b, left, right, paired, classes)
    cluster = _clusters(left, right, paired)
    sides = [_side(part, classes, cluster[place], codes[place]) for place, part in enumerate((left, right))]
    repeats = [name for name, run in (("A", a), ("B", b)) if run.predictions["row_id"].duplicated().any()]
    if repeats:
        text = f"{' and '.join(repeats)}: of rows that were tested several times the first prediction is compared."
        notes.append(("Repeated predictions", text))
    return Matched(classes, sides[0], sides[1], paired, same_rows, counts, features, (*notes, *more))


def _same_task(a: Run, b: Run) -> None:
    if list(a.info["classes"]) != list(b.info["classes"]):
        raise RunError(
            f"compare: the runs have different classes, {a.info['classes']} and {b.info['classes']} (the class of "
            "interest comes last of two). Only runs that predict the same thing can be compared."
        )
    targets = [run.info["schema"].get("target") for run in (a, b)]
    if targets[0] != targets[1]:
        raise RunError(
            f"compare: the runs predict different targets, {targets[0]!r} and {targets[1]!r}. Only runs that predict "
            "the same thing can be compared."
        )


def _rows(run: Run) -> pd.DataFrame:
    """Predictions and what is known of each row, by id; the first prediction where there are several."""
    predictions = run.predictions.drop_duplicates("row_id").set_index("row_id")
    columns = [f"p_{name}" for name in run.info["classes"]]
    absent = [name for name in ("y_true", "y_pred", *columns) if name not in predictions]
    if absent:
        raise RunError(f"Run {run.path.name}: the predictions have no column {absent[0]!r}. Run the plan again.")
    rows = run.rows.drop_duplicates("row_id").set_index("row_id")
    known = rows[[name for name in rows if name == "group" or str(name).startswith(SENSITIVE_PREFIX)]]
    return predictions[["y_true", "y_pred", *columns]].join(known)


def _side(
    rows: pd.DataFrame, classes: tuple[str, ...], cluster: NDArray[Any] | None, codes: tuple[NDArray[np.int64], ...]
) -> Side:
    numbers = {name: code for code, name in enumerate(classes)}
    y, predicted = (rows[name].astype(str).map(numbers) for name in ("y_true", "y_pred"))
    if y.isna().any() or predicted.isna().any():
        raise RunError("compare: a prediction names a class that the run does not have. Run the plan again.")
    p = rows[[f"p_{name}" for name in classes]].to_numpy(dtype=float)
    return Side(y.to_numpy(dtype=np.int64), predicted.to_numpy(dtype=np.int64), p, cluster, codes)


def _clusters(left: pd.DataFrame, right: pd.DataFrame, paired: bool) -> list[NDArray[Any] | None]:
    """Groups of rows to draw together: the same for both runs where their rows are."""
    found = [part["group"].to_numpy() if "group" in part else None for part in (left, right)]
    if paired:
        found = [found[1] if found[1] is not None else found[0]] * 2
    return [None if item is None or pd.Series(item).nunique(dropna=False) < 2 else item for item in found]


def _features(
    a: Run, b: Run, left: pd.DataFrame, right: pd.DataFrame, paired: bool, classes: tuple[str, ...]
) -> tuple[tuple[Feature, ...], list[tuple[NDArray[np.int64], ...]], list[Note]]:
    """Sensitive features that both runs define alike, the codes of both runs' rows, and what is left out."""
    notes: list[Note] = []
    known = [_sensitive(run.info["schema"]) for run in (a, b)]
    tables: list[dict[str, Any]] = [{}, {}]
    orders = {}
    for name in dict.fromkeys([*known[0], *known[1]]):
        if name not in known[0] or name not in known[1]:
            notes.append((f"Groups by {name}", f"Only run {'A' if name in known[0] else 'B'} names this feature."))
            continue
        if known[0][name] != known[1][name]:
            notes.append((f"Groups by {name}", "The two runs read or band this feature differently."))
            continue
        feature = known[0][name]
        if feature.edges:
            orders[name] = feature.band_labels()
        columns = [_column(part, feature.column) for part in (left, right)]
        if columns[0] is None or columns[1] is None:
            notes.append((f"Groups by {name}", "The levels of its rows are not stored in both runs."))
            continue
        levels = [_levels(feature, column) for column in columns]
        if paired and (n_other := int((levels[0] != levels[1]).sum())):
            notes.append((f"Groups by {name}", f"{n_other:,} rows have another level in A; that of B is used."))
        tables[0][name], tables[1][name] = (levels[1] if paired else levels[0]), levels[1]
    if not tables[0]:
        return (), [(), ()], notes
    n_left = len(left)
    together = pd.DataFrame({name: np.concatenate([tables[0][name], tables[1][name]]) for name in tables[0]})
    nothing = np.zeros(len(together), dtype=np.int64)
    pooled = Pooled(classes, nothing, nothing, None, None, None, "", together, orders)
    found = []
    for item in find_features(pooled, "pairs"):
        if len(item.parts) > 1 and not all(_audited(run, item.name) for run in (a, b)):
            continue
        if item.reason or item.codes is None:
            notes.append((f"Groups by {item.name}", item.reason))
            continue
        found.append(item)
    codes = [item.codes for item in found if item.codes is not None]
    return tuple(found), [tuple(c[:n_left] for c in codes), tuple(c[n_left:] for c in codes)], notes


def _sensitive(schema: Mapping[str, Any]) -> dict[str, Any]:
    listed = schema.get("sensitive") or ()
    return {item.name: item for item in Schema("target", listed).sensitive_features}


def _levels(feature: Sensitive, column: pd.Series[Any]) -> NDArray[Any]:
    """Level of every row: each value that occurs is read once."""
    codes, values = pd.factorize(column, use_na_sentinel=False)
    levels = feature.levels(pd.Series(values)).astype(object).to_numpy()
    found: NDArray[Any] = levels[codes]
    return found


def _column(rows: pd.DataFrame, column: str) -> pd.Series[Any] | None:
    name = SENSITIVE_PREFIX + column
    if name not in rows:
        return None
    values = rows[name]
    if pd.api.types.is_numeric_dtype(values):
        return values
    # Numbers with missing ones among them are stored as "1.0"; their level reads "1".
    known = {text: text.removesuffix(".0") for text in values.astype(object).unique() if _is_whole(text)}
    return values.astype(object).replace(known) if known else values.astype(object)


def _is_whole(text: Any) -> bool:
    return isinstance(text, str) and text.endswith(".0") and text[:-2].lstrip("-").isdigit()


def _audited(run: Run, feature: str) -> bool:
    """Whether the run's own audit looked at this intersection."""
    return bool((run.scores["subset"] == feature).any())
