"""``Run``: a read-only view of a run directory."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS, Artifact, Finding, Severity, Status
from appliedml.core.display import card
from appliedml.errors import RunError
from appliedml.store import layout
from appliedml.store.evidence import gates_of
from appliedml.store.manifest import FilesState, compare_files
from appliedml.store.sign_offs import SignOff, read_sign_offs
from appliedml.store.writer import write_artifact

__all__ = ["Run", "read_artifact", "write_artifact"]

MANY_ROWS = 100_000
"""For a table of fewer, threads take longer to start than to read it."""
_NEEDED: dict[str, type] = {"name": str, "plan": dict, "classes": list, "data": dict, "folds": list, "pipeline": list}


class Run:
    """A finished run, read from its directory.

    Parameters
    ----------
    path : str or Path
        A run folder, made by :meth:`appliedml.Plan.run`.

    Raises
    ------
    RunError
        If the folder is missing, not a run of ours, unfinished, or of a newer format.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.info: dict[str, Any] = _read_info(self.path)

    @property
    def name(self) -> str:
        """Name of the plan."""
        return str(self.info["name"])

    @property
    def plan(self) -> dict[str, Any]:
        """The plan as JSON data."""
        return dict(self.info["plan"])

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the artifacts that are there, sorted."""
        found = self.path.joinpath(layout.ARTIFACTS).glob(f"*/{layout.ARTIFACT}")
        return tuple(sorted(path.parent.name for path in found))

    def __contains__(self, kind: str) -> bool:
        """Whether there is an artifact of this kind."""
        return kind in self.kinds

    def __getitem__(self, kind: str) -> Artifact:
        """Return an artifact."""
        if kind not in self.kinds:
            raise RunError(f"Run {self.path.name} has no artifact {kind!r}. It has: {', '.join(self.kinds) or 'none'}.")
        return read_artifact(self.path / layout.ARTIFACTS / kind)

    def forget(self) -> None:
        """Read artifacts and scores anew from the directory at their next use."""
        for name in ("kinds", "scores", "predictions", "rows", "ledger", "history", "files_state", "sign_offs"):
            self.__dict__.pop(name, None)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """metric, fold, subset, value, low, high, n."""
        return self._table(layout.SCORES)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """row_id, fold, y_true, y_pred, threshold, p_<class>: out-of-fold, observed rows only."""
        return self._table(layout.PREDICTIONS)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """row_id, meta, fold and, where a row was dropped, by which stage."""
        return self._table(layout.ROWS)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """What each stage was fitted on, per fold."""
        return self._table(layout.LEDGER)

    @cached_property
    def history(self) -> pd.DataFrame:
        """Training curves: fold, epoch and what the model recorded; empty for models without epochs."""
        parts = []
        for number in [fold["number"] for fold in self.info["folds"]]:
            name = f"{layout.FOLDS}/{number}/{layout.HISTORY}"
            if self.path.joinpath(name).exists():
                table = self._table(name)
                table.insert(0, "fold", int(number))
                parts.append(table)
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"fold": [], "epoch": []})

    @cached_property
    def files_state(self) -> FilesState:
        """How the files compare with their lists; reports and sign-offs, which are made anew, are left out."""
        return compare_files(self.path, without=(*layout.REPORTS, layout.SIGN_OFFS))

    @cached_property
    def sign_offs(self) -> tuple[SignOff, ...]:
        """Sign-offs in order, checked. Assign earlier ones to see the run as it was before the later."""
        return read_sign_offs(self.path)

    def score(self, metric: str, subset: str = ALL_ROWS) -> tuple[float, float, float] | None:
        """Return value, low and high of a pooled score, or None where it was not measured.

        Parameters
        ----------
        metric : str
        subset : str

        Returns
        -------
        (float, float, float) or None
        """
        table = self.scores
        found = table[(table["metric"] == metric) & (table["subset"] == subset) & (table["fold"] == ALL_FOLDS)]
        if found.empty:
            return None
        row = found.iloc[0]
        return float(row["value"]), float(row["low"]), float(row["high"])

    @property
    def report_path(self) -> Path:
        """Where the report is, or will be."""
        return self.path / layout.REPORT_HTML

    def _table(self, name: str) -> pd.DataFrame:
        path = self.path / name
        try:
            return _read_table(path)
        except FileNotFoundError as error:
            raise RunError(f"Run {self.path.name}: {name} is missing. The folder was changed after the run.") from error
        except (OSError, ValueError) as error:
            raise RunError(f"Run {self.path.name}: {name} cannot be read ({error}).") from error

    def __repr__(self) -> str:
        """One line: name, folder, folds."""
        return f"Run({self.name!r}, {str(self.path)!r}, {len(self.info['folds'])} folds)"

    def _repr_html_(self) -> str:
        """Card for notebooks: scores with intervals, and the verdict."""
        rows = [("folder", str(self.path)), ("rows used", f"{self.info['data']['n_rows_used']:,}")]
        for metric in ("roc_auc", "average_precision", "brier"):
            found = self.score(metric)
            if found:
                value, low, high = found
                rows.append((metric, f"{value:.3f} ({low:.3f} to {high:.3f})"))
        if "gates" in self:
            rows.append(("verdict", str(gates_of(self).summary.get("verdict", ""))))
        for kind in self.kinds:
            artifact = self[kind]
            reason = f": {artifact.reason}" if artifact.reason else ""
            rows.append((kind, f"{artifact.status}{reason}"))
        return card(
            f"Run {self.name}", rows, "Read an artifact with run['fairness'], the report with write_report(run)."
        )


def _read_info(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise RunError(f"{path} does not exist. Give the folder of a run, for example one under reports/.")
    if not path.is_dir():
        raise RunError(f"{path} is a file, not a run folder. Give the folder that holds {layout.RUN}.")
    if path.name.endswith(layout.UNFINISHED):
        raise RunError(f"{path} is an unfinished run: it was interrupted or failed. Run its plan again.")
    file = path / layout.RUN
    if not file.exists():
        inside = sorted(item.parent.name for item in path.glob(f"*/{layout.RUN}"))
        hint = f" It holds runs: {', '.join(inside[-3:])}." if inside else ""
        raise RunError(f"{path} is not a run folder: it has no {layout.RUN}.{hint}")
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{file} cannot be read as JSON ({error}).") from error
    if not isinstance(info, dict) or info.get("format") != layout.FORMAT_NAME:
        raise RunError(f"{file} was not written by appliedml: its format is not {layout.FORMAT_NAME!r}.")
    version = info.get("format_version")
    wrong = [key for key, kind in _NEEDED.items() if not isinstance(info.get(key), kind)]
    if not isinstance(version, int) or (wrong and version <= layout.FORMAT_VERSION):
        what = ", ".join(map(repr, wrong)) if wrong else "'format_version'"
        raise RunError(f"{file} is damaged: {what} is missing or of another kind. Run the plan again.")
    if version > layout.FORMAT_VERSION:
        raise RunError(
            f"{file} has format version {info['format_version']}; this appliedml reads up to {layout.FORMAT_VERSION}. "
            "Update appliedml."
        )
    return info


def read_artifact(folder: Path) -> Artifact:
    """Read an artifact back from its folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Artifact

    Raises
    ------
    RunError
        If a file is missing or damaged.
    """
    try:
        data = json.loads(folder.joinpath(layout.ARTIFACT).read_text(encoding="utf-8"))
        tables = {
            name: _read_table(folder / layout.TABLES / f"{Path(stem).name}.parquet")
            for name, stem in data["tables"].items()
        }
        arrays = {}
        if data["arrays"]:
            with np.load(folder / layout.ARRAYS, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in data["arrays"]}
        scores_file = folder / layout.SCORES
        return Artifact(
            kind=data["kind"],
            status=Status(data["status"]),
            reason=data["reason"],
            summary=data["summary"],
            tables=tables,
            arrays=arrays,
            scores=_read_table(scores_file) if scores_file.exists() else None,
            findings=tuple(Finding(Severity(f["severity"]), f["title"], f["text"]) for f in data["findings"]),
        )
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"Artifact {folder.name} cannot be read: {error}. Run the plan again.") from error


def _read_table(path: Path) -> pd.DataFrame:
    """Do what pandas.read_parquet does, in a third of the time where tables are small: it asks about much beside."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        table = file.read(use_threads=file.metadata.num_rows >= MANY_ROWS)
    if any(b"ARROW:extension:name" in (field.metadata or ()) for field in table.schema):
        # Periods and intervals: pandas knows them.
        return pd.read_parquet(path)
    frame: pd.DataFrame = table.to_pandas()
    return frame
