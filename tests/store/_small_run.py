"""A run folder of a few files that is listed and sealed as a run's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.core.source_code import source_sha256
from appliedml.store import layout
from appliedml.store.manifest import list_files, seal, seal_artifact, seal_run
from appliedml.store.writer import write_artifact, write_json, write_table, write_text


def small_run(folder: Path, **info: Any) -> Path:
    """Write it: tables, an artifact, a model file, run.json, timings, seal; then a judgement and a report."""
    write_table(folder / layout.SCORES, pd.DataFrame({"metric": ["roc_auc"], "value": [0.8]}))
    write_text(folder / layout.FOLDS / "0" / "model" / "model.keras", "weights")
    tables = {"gaps": pd.DataFrame({"x": [1, 2]})}
    write_artifact(folder / layout.ARTIFACTS / "fairness", Artifact("fairness", tables=tables))
    base = {"format": layout.FORMAT_NAME, "format_version": 1, "name": "x", "plan": {}, "classes": [], "folds": []}
    base |= {"run_hash": "8e1f0a", "data": {"fingerprint": "ab"}, "pipeline": [], "context": {"purpose": "test"}}
    base["code"] = {"source_sha256": source_sha256(), "package_version": "0.1.0", "git_commit": None}
    write_json(folder / layout.RUN, {**base, "files": list_files(folder), **info})
    write_json(folder / layout.TIMINGS, {"started": "2026-11-21T08:45:00+00:00"})
    seal_run(folder)
    gates = Artifact("gates", summary={"verdict": "pass"}, tables={"gates": pd.DataFrame({"name": ["a"]})})
    write_artifact(folder / layout.ARTIFACTS / "gates", gates)
    seal_artifact(folder, "gates")
    texts = report_of(folder)
    for name, text in texts.items():
        write_text(folder / name, text)
    seal(folder, texts, made_by="here")
    return folder


def report_of(folder: Path, n_sign_offs: int = 0) -> dict[str, str]:
    """What the report of it says: some of its content, and how many sign-offs there are."""
    text = f"{(folder / layout.SCORES).stat().st_size} {n_sign_offs}\n"
    return {name: f"{name} {text}" for name in layout.REPORTS}


def flip(path: Path, position: int = -2) -> bytes:
    """Change one byte and return the content as it was."""
    before = path.read_bytes()
    changed = bytearray(before)
    changed[position] ^= 1
    path.write_bytes(bytes(changed))
    return before
