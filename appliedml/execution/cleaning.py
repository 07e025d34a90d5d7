"""Run the clean stages once, before the split, and count what each did, by sensitive group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from appliedml.core.samples import Samples
from appliedml.core.stage import stage_name
from appliedml.errors import DataError

STEP_COLUMNS = ("step", "rows_in", "rows_out", "dropped", "changed", "notes")
GROUP_COLUMNS = ("step", "feature", "level", "rows_in", "dropped", "changed")


@dataclass(frozen=True)
class Cleaned:
    """The rows after cleaning, and the account of it.

    Parameters
    ----------
    samples : Samples
    steps : DataFrame
        step, rows_in, rows_out, dropped, changed, notes.
    by_group : DataFrame
        step, feature, level, rows_in, dropped, changed.
    dropped_by : Series
        Indexed by row id: which step dropped the row.
    """

    samples: Samples
    steps: pd.DataFrame
    by_group: pd.DataFrame
    dropped_by: pd.Series[Any]


def clean_samples(samples: Samples, stages: Sequence[Any], account: Mapping[str, Any] | None = None) -> Cleaned:
    """Run clean stages in order.

    Parameters
    ----------
    samples : Samples
    stages : sequence of clean stages
    account : mapping, optional
        Of the reading: ``notes`` (sentences), and where rows were skipped ``n_listed``, ``n_skipped`` and ``by_group``
        (feature, level, rows_in, dropped).

    Returns
    -------
    Cleaned

    Raises
    ------
    DataError
        If no row is left.
    """
    told = account or {}
    skipped = int(told.get("n_skipped", 0))
    notes = " ".join(told.get("notes", ()))
    steps: list[tuple[Any, ...]] = [("read", len(samples) + skipped, len(samples), skipped, 0, notes)]
    groups: list[tuple[Any, ...]] = [
        ("read", row["feature"], row["level"], row["rows_in"], row["dropped"], 0) for row in told.get("by_group", ())
    ]
    dropped: list[pd.Series[Any]] = []
    for template in stages:
        stage, name = clone(template), stage_name(template)
        after = stage.clean(samples)
        if not len(after):
            raise DataError(
                f"Cleaning: {type(template).__name__} dropped all {len(samples)} rows. Check its parameters."
            )
        gone = ~np.isin(samples.row_id, after.row_id)
        changed = np.asarray(getattr(stage, "changed_rows_", np.zeros(len(samples), dtype=bool))) & ~gone
        notes = " ".join(getattr(stage, "notes_", ()))
        steps.append((name, len(samples), len(after), int(gone.sum()), int(changed.sum()), notes))
        groups += _by_group(name, samples, gone, changed)
        dropped.append(pd.Series(name, index=samples.row_id[gone]))
        samples = after
    table = pd.DataFrame(groups, columns=list(GROUP_COLUMNS))
    account = pd.concat(dropped) if dropped else pd.Series(dtype=object)
    return Cleaned(samples, pd.DataFrame(steps, columns=list(STEP_COLUMNS)), table, account)


def _by_group(
    step: str, samples: Samples, gone: NDArray[np.bool_], changed: NDArray[np.bool_]
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for feature, levels in samples.sensitive.items():
        counts = pd.DataFrame({"level": levels.to_numpy(), "rows": 1, "gone": gone, "changed": changed})
        for level, row in counts.groupby("level", sort=True)[["rows", "gone", "changed"]].sum().iterrows():
            rows.append((step, feature, level, int(row["rows"]), int(row["gone"]), int(row["changed"])))
    return rows
