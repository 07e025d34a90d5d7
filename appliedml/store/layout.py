"""The names inside a run directory, and the version of the form, in one place.

::

    <time>_<plan>_<hash>/
      run.json             plan, seeds, versions, git commit, data fingerprint, size and SHA-256 of the files below
      timings.json         dates and seconds: differs between two equal runs, and so does the seal over it
      seal.json            size and SHA-256 of every file here, also of those that are written after the run
      sign_offs.json       who approved or rejected the run and why: a chain of dated records
      rows.parquet         row_id, meta, fold
      predictions.parquet  row_id, fold, y_true, y_pred, threshold, p_<class>...
      scores.parquet       metric, fold, subset, value, low, high, n
      ledger.parquet       stage, verb, fold, n_fitted, rows_in, rows_out, n_synthetic
      folds/<k>/           model.keras, model.json, history.parquet, done.json
      artifacts/<kind>/    artifact.json, <table>.parquet, arrays.npz, scores.parquet
      report.html          derived: may be deleted and rebuilt
"""

from __future__ import annotations

FORMAT_NAME = "appliedml-run"
FORMAT_VERSION = 1

RUN = "run.json"
SKIPPED = "skipped_files.json"
TIMINGS = "timings.json"
SEAL = "seal.json"
SIGN_OFFS = "sign_offs.json"
ROWS = "rows.parquet"
PREDICTIONS = "predictions.parquet"
SCORES = "scores.parquet"
LEDGER = "ledger.parquet"
FOLDS = "folds"
ARTIFACTS = "artifacts"
MODEL = "model"
HISTORY = "history.parquet"
DONE = "done.json"
ARTIFACT = "artifact.json"
ARRAYS = "arrays.npz"
TABLES = "tables"
REPORT_HTML = "report.html"
REPORT_MARKDOWN = "report.md"
REPORT_JSON = "report.json"
REPORTS = (REPORT_HTML, REPORT_MARKDOWN, REPORT_JSON)
UNFINISHED = ".unfinished"
"""Suffix of a run folder that is still being written, or was interrupted."""
