"""Who is in which part: groups of rows (patients, customers) and sensitive groups in training and test rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.samples import SENSITIVE_PREFIX
from appliedml.core.schema import Schema
from appliedml.core.small_counts import count_text
from appliedml.report.blocks import Block, Column, Table, Text
from appliedml.report.sections._small_counts import SMALL, left_out
from appliedml.store.run import Run

# A feature with more levels is no characteristic to set out part by part.
MOST_LEVELS = 30
_REST, _TEST = "training and validation", "test"


def group_flow(run: Run) -> list[Block]:
    """Return how many groups of rows were read and used, and are in every part.

    Parameters
    ----------
    run : Run
        With the artifact "flow".

    Returns
    -------
    list of Block
        Empty where the schema names no group.
    """
    name = (run.info.get("schema") or {}).get("group")
    if not name or "group" not in run.rows:
        return []
    codes, values = pd.factorize(run.rows["group"])
    # A row without a group is a group of its own, as for the split.
    alone = codes < 0
    codes = np.where(alone, len(values) + np.cumsum(alone) - 1, codes)
    used = _used(run)
    places = [("all rows read", np.ones(len(used), dtype=bool)), ("all rows used", used)]
    places += [(f"fold {fold}, {part}", inside) for fold, part, inside in _parts(run)]
    rows = [(where, int(inside.sum()), np.count_nonzero(np.bincount(codes[inside]))) for where, inside in places]
    table = pd.DataFrame(rows, columns=["where", "rows", "groups"])
    n_read, n_used = int(table["groups"].iloc[0]), int(table["groups"].iloc[1])
    text = f"Rows of one {name} belong together: the rows read are of {n_read:,} such groups, those used of {n_used:,}."
    columns = (Column("where", "Rows"), Column("rows", "Number of rows", "int"), Column("groups", "Groups", "int"))
    note = (
        "A row without a group counts as a group of its own. Files that could not be read are not counted."
        if alone.any()
        else "Files that could not be read are not counted."
    )
    return [Text(text), Table(f"Rows and groups ({name}) from reading to the folds", table, columns, note=note)]


def sensitive_parts(run: Run) -> list[Block]:
    """Return the levels of the sensitive features in training and test rows of every fold.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of Block
        Empty where the schema names no such feature, or nothing tells which rows are in which part.
    """
    schema = run.info.get("schema") or {}
    features = Schema(**schema).sensitive_features if schema.get("sensitive") else ()
    parts = list(_parts(run)) if features and "flow" in run else []
    rows: list[tuple[Any, ...]] = []
    totals: dict[tuple[Any, ...], int] = {}
    used = _used(run)
    for item in features:
        column = SENSITIVE_PREFIX + item.column
        if column not in run.rows:
            continue
        # Levels of the distinct values only: a million rows have a few hundred.
        codes, values = pd.factorize(run.rows[column], use_na_sentinel=False)
        places, names = pd.factorize(item.levels(pd.Series(values)))
        if len(names) > MOST_LEVELS:
            continue
        level = places[codes]
        # A level of rows that were all dropped is in no part.
        order = sorted(np.unique(level[used]), key=_place(item.band_labels() if item.edges else [], names))
        for fold, part, inside in parts:
            counts = np.bincount(level[inside], minlength=len(names))
            n_rows = int(counts.sum())
            totals[item.name, fold, part] = n_rows
            rows += [
                (item.name, fold, part, str(names[at]), count_text(counts[at]), counts[at] / n_rows) for at in order
            ]
    if not rows:
        return []
    table = pd.DataFrame(rows, columns=["feature", "fold", "part", "level", "rows", "share"])
    # Levels of a part, parts of a fold and test rows of all folds add up to totals shown elsewhere.
    ways = [("feature", "fold", "part"), ("feature", "fold", "level"), ("feature", "part", "level")]
    shown = left_out(table, "rows", ways, ["share"], totals)
    columns = (
        Column("feature", "Sensitive feature"), Column("fold", "Fold", "int"), Column("part", "Part"),
        Column("level", "Group"), Column("rows", "Rows"), Column("share", "Share of the part", "percent"),
    )  # fmt: skip
    return [Table("Sensitive groups in training and test rows", shown, columns, note=SMALL, collapsed=True)]


def _place(bands: list[str], names: Any) -> Any:
    """Bands stand in their order, other levels in that of the alphabet."""
    return lambda at: (bands.index(names[at]) if names[at] in bands else len(bands), str(names[at]))


def _used(run: Run) -> NDArray[np.bool_]:
    rows = run.rows
    return rows["dropped_by"].isna().to_numpy() if "dropped_by" in rows else np.ones(len(rows), dtype=bool)


def _parts(run: Run) -> Iterator[tuple[int, str, NDArray[np.bool_]]]:
    """Fold, part and its rows, as far as the run's rows tell them.

    They name the fold in which a row was tested. All other rows used are the training and validation rows only where
    their number says so: folds in the order of time leave later rows out.
    """
    splits = run["flow"].tables["splits"]
    used, fold_of = _used(run), run.rows["fold"].to_numpy()
    for fold, sizes in splits.groupby("fold", sort=True):
        tested = fold_of == fold
        n_test = int(sizes.loc[sizes["part"] == "test", "rows"].sum())
        # A row that was tested in several folds is named with one of them.
        if tested.sum() != n_test:
            continue
        rest = used & ~tested
        if rest.sum() == sizes["rows"].sum() - n_test:
            yield int(fold), _REST, rest
        yield int(fold), _TEST, tested
