"""Pictures and a table of facts about them become samples; the account of what was not read comes along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.images import Images
from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.errors import DataError
from appliedml.sources._checks import check_samples
from appliedml.sources._dates import parse_time

SPLIT = "split"
# What data sets call their parts, and what the column "split" calls them.
PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
_PLACEHOLDER = "\0picture"


def image_samples(
    owner: str,
    images: Images,
    table: pd.DataFrame,
    schema: Schema,
    report: dict[str, Any] | None = None,
) -> Samples:
    """Return pictures as samples: target and meta from the table, the pictures as inputs.

    Parameters
    ----------
    owner : str
        The source, for sentences.
    images : Images of n_samples pictures
    table : DataFrame of n_samples rows
        Facts about the pictures. None of its columns is a feature. A column ``split`` becomes ``meta["split"]``, for
        the split ``predefined``.
    schema : Schema
        Without a ``row_id`` the rows are called as the pictures are.
    report : dict, optional
        JSON account of the reading; it is kept as the attribute ``read_report`` of the samples.

    Returns
    -------
    Samples

    Raises
    ------
    DataError
        If a column is absent, a picture occurs twice without a row id of its own, or no plan could use the samples.
    """
    if schema.time is not None and schema.time in table:
        table = table.assign(**{schema.time: parse_time(owner, table[schema.time], None)})
    # A table without features is refused elsewhere; here the pictures are the feature.
    made = make_samples(table.assign(**{_PLACEHOLDER: 0}), schema)
    meta = made.meta
    if schema.row_id is None:
        names = pd.Series(images.names, dtype="str")
        if names.duplicated().any():
            first = str(names[names.duplicated()].iloc[0])
            raise DataError(
                f"{owner}: a picture may stand in one row only. {first!r} stands in {int((names == first).sum())}. "
                "Keep one row of each, or name a column that tells the rows apart as schema.row_id."
            )
        meta = meta.assign(row_id=names.to_numpy(dtype=object))
    if SPLIT in table:
        text = table[SPLIT].astype(object).map(lambda value: PARTS.get(str(value).strip().lower(), value))
        meta = meta.assign(**{SPLIT: text.to_numpy(dtype=object)})
    samples = Samples(images, made.y, meta, schema)
    check_samples(samples, owner)
    if report is not None:
        vars(samples)["read_report"] = report
    return samples


def read_report(
    table: pd.DataFrame,
    schema: Schema,
    kept: NDArray[np.bool_],
    bad: Sequence[tuple[str, str, str]],
    folders: Sequence[tuple[str, str, str]] = (),
) -> dict[str, Any]:
    """Return the account of a reading in which some rows were skipped, as JSON values.

    Parameters
    ----------
    table : DataFrame of n_listed rows
    schema : Schema
    kept : array of bool, shape (n_listed,)
    bad : sequence of (file, kind, reason)
        One a skipped row.
    folders : sequence of (folder, kind, reason)
        Folders of classes that gave no row; they are noted and named, but count as no picture.

    Returns
    -------
    dict
        ``n_listed``, ``n_read``, ``n_skipped``; ``kinds`` (what was wrong: how often); ``by_group`` (rows of
        feature, level, rows_in, dropped); ``files`` (file and reason, which may identify people: not for a report);
        ``notes`` (plain sentences without file names).
    """
    kinds = pd.Series([kind for _, kind, _ in bad], dtype="str").value_counts()
    counts = {str(kind): int(n) for kind, n in sorted(kinds.items())}
    notes = []
    if bad:
        said = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        notes.append(f"{len(bad)} of {len(table)} pictures were skipped: {said}.")
    if folders:
        said = ", ".join(f"{n} {kind}" for kind, n in sorted(Counter(kind for _, kind, _ in folders).items()))
        count = "1 folder of classes" if len(folders) == 1 else f"{len(folders)} folders of classes"
        notes.append(f"Left out, for want of pictures: {count} ({said}).")
    by_group = []
    for item in schema.sensitive_features:
        if item.column not in table:
            continue
        levels = item.levels(table[item.column]).to_numpy()
        for level in sorted({str(one) for one in levels}):
            of_level = levels == level
            dropped = int((of_level & ~kept).sum())
            by_group.append({"feature": item.name, "level": level, "rows_in": int(of_level.sum()), "dropped": dropped})
    return {
        "n_listed": len(table),
        "n_read": int(kept.sum()),
        "n_skipped": len(bad),
        "kinds": counts,
        "by_group": by_group,
        "files": [{"file": file, "reason": reason} for file, _, reason in (*bad, *folders)],
        "notes": notes,
    }
