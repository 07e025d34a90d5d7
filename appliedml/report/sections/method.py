"""Section "Method": the pipeline, what each stage was fitted on, splits, architecture and training curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report import figures
from appliedml.report.blocks import Block, Bullets, Column, Flow, KeyValues, Subheading, Table, Text
from appliedml.report.context import answer
from appliedml.report.sections._initial_weights import initial_weights
from appliedml.report.sections._plain_words import in_words, shape_in_words
from appliedml.store.run import Run

_VERBS = {
    "transform": "fitted on the training rows, applied to all",
    "fit_resample": "training rows only, never at prediction",
    "predict": "the classifier",
}
_SETTINGS = ("validation", "validation_from", "calibration", "threshold")
_FIRST = ("name", "type", "output_shape", "parameters")
_NAMES = {"n_numbers": "Number of numeric inputs", "n_categories": "Number of categorical inputs"}
MAX_TEXT = 60
MAX_POINTS = 60


class Method:
    """How the model was made."""

    title = "Method"
    order = 30
    reads = ("flow", "training_curves")

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        found = [*_pipeline(run), *_ledger(run), *_splits(run), *_model(run)]
        if "training_curves" in run and run["training_curves"].tables:
            found += _curves(run["training_curves"])
        return found


def _pipeline(run: Run) -> list[Block]:
    steps = run.info.get("pipeline", [])
    if not steps:
        return []
    boxes = []
    for step in steps:
        settings = [
            f"{key} = {_value(value, key=key)}" for key, value in step["parameters"].items() if value is not None
        ]
        more = len(settings) - 4
        lines = settings[:4] + ([f"and {more} more setting{'s' if more > 1 else ''}"] if more > 0 else [])
        boxes.append((_words(step["name"]), (_VERBS.get(step["verb"], step["verb"]), *lines)))
    names = ", then ".join(_words(step["name"]) for step in steps)
    found: list[Block] = [
        Flow("The pipeline", f"{len(steps)} steps: {names}.", tuple(boxes)),
    ]
    settings_table = pd.DataFrame(
        [
            (_words(step["name"]), key, _value(value, 200, key))
            for step in steps
            for key, value in step["parameters"].items()
            if value is not None
        ],
        columns=["step", "setting", "value"],
    )
    if len(settings_table):
        columns = (Column("step", "Step"), Column("setting", "Setting"), Column("value", "Value"))
        found.append(Table("All settings of the steps", settings_table, columns, collapsed=True))
    # A share of the plan that had no part would say the opposite of what was done.
    own = _own_validation(run)
    chosen = [("Validation", "the rows that the data mark for it")] if own else []
    settings = [key for key in _SETTINGS if not (own and key.startswith("validation"))]
    chosen += [(_words(key), _value(run.plan[key], 200)) for key in settings if key in run.plan]
    chosen.append(("Root seed", str(run.info.get("seed"))))
    found.append(KeyValues(tuple(chosen), title="Validation rows, calibration and threshold"))
    return found


def _ledger(run: Run) -> list[Block]:
    ledger = run.ledger.drop(columns="seconds", errors="ignore")
    needed = {"stage", "fold", "n_fitted", "rows_in", "rows_out"}
    if ledger.empty or not needed <= set(ledger.columns):
        return []
    rows = []
    for stage, part in ledger.groupby("stage", sort=False):
        row = {"stage": _words(stage), "folds": len(part)}
        row |= {name: _span(part[name]) for name in ("n_fitted", "rows_in", "rows_out")}
        row["synthetic"] = _span(part["n_synthetic"]) if "n_synthetic" in part else "-"
        for name in ("n_validation_rows_seen", "n_test_rows_seen"):
            row[name] = f"{int(part[name].sum()):,}" if name in part else "not recorded"
        rows.append(row)
    columns = (
        Column("stage", "Stage"), Column("folds", "Folds", "int"), Column("n_fitted", "Fitted on rows"),
        Column("rows_out", "Rows out"), Column("synthetic", "Of these synthetic"),
        Column("n_validation_rows_seen", "Validation rows seen in fitting"),
        Column("n_test_rows_seen", "Test rows seen in fitting"),
    )  # fmt: skip
    note = "Each figure is the range over the folds; rows seen are the sum, compared by row id."
    return [
        Subheading("What each stage was fitted on"),
        Table("The leakage ledger", pd.DataFrame(rows), columns, note=note),
        *_notes(ledger),
    ]


def _notes(ledger: pd.DataFrame) -> list[Block]:
    """What stages say of their fits, such as that they looked at a part of the rows."""
    if "notes" not in ledger:
        return []
    said = ledger[ledger["notes"].fillna("") != ""]
    texts = [
        f"{_words(stage)} ({len(part)} fold{'s' if len(part) > 1 else ''}): {note}"
        for (stage, note), part in said.groupby(["stage", "notes"], sort=False)
    ]
    return [Bullets(tuple(texts))] if texts else []


def _splits(run: Run) -> list[Block]:
    folds = pd.DataFrame(run.info.get("folds", []))
    if folds.empty:
        return []
    columns = [
        Column("number", "Fold", "int"), Column("n_train", "Training rows", "int"),
        Column("n_validation", "Validation rows", "int"), Column("n_test", "Test rows", "int"),
    ]  # fmt: skip
    if "threshold" in folds and folds["threshold"].notna().any():
        columns.append(Column("threshold", "Threshold", "number"))
    split = run.plan.get("split")
    sentence = f"Rows were split by {_value(split, 200)}." if split else "Rows were split by the default for this data."
    if _own_validation(run):
        sentence += (
            " Validation rows are those that the data mark for it, and no others: no stage is fitted on them. They "
            "serve early stopping, calibration and the threshold. The plan's share for validation has no part."
        )
    else:
        sentence += (
            " Validation rows are set aside from the training rows before any stage is fitted: for early stopping, "
            "calibration and the threshold."
        )
    return [
        Subheading("Splits"),
        Text(sentence),
        Text(_internal_or_external(run, len(folds))),
        Table("Rows of every fold", folds, tuple(columns)),
    ]


def _own_validation(run: Run) -> bool:
    """Whether the data's own validation part validated, rather than rows drawn from the training rows."""
    return bool(run.info.get("data", {}).get("own_validation"))


def _internal_or_external(run: Run, n_folds: int) -> str:
    """Say what checklists of medical reports ask: they call validation what the rest of this report calls testing."""
    how = "cross-validation" if n_folds > 1 else "a split"
    text = (
        f"Scores on the test rows are internal testing (internal validation): {how} of the run's own data. This run "
        "made no external testing (external validation), on data collected elsewhere."
    )
    stated = answer(run.info.get("context") or {}, "external_testing")
    return text if stated is None else f"{text} Stated of external testing: {stated.text} ({stated.source})"


def _model(run: Run) -> list[Block]:
    model = run.info.get("model") or {}
    found: list[Block] = [Subheading("The model")] if model else []
    plain, tables = [], []
    # The epochs stand in the table of the training curves, counted from 1; here they would count from 0.
    passes = model.get("frozen_passes")
    if passes:
        found.append(
            Text(
                f"The frozen network in front was run once for each of the {passes['computed']:,} distinct inputs and "
                f"its outputs kept. Run anew for every epoch of every fold, the same training would have taken "
                f"{passes['without_reuse']:,} runs of it. What audits disturb or hide comes on top."
            )
        )
    shown = {key: value for key, value in model.items() if key not in ("best_epoch", "frozen_passes")}
    for key, value in sorted(shown.items()):
        if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            tables.append((key, pd.DataFrame(value)))
        elif isinstance(value, Mapping):
            plain += [(f"{_words(key)}: {inner}", _value(item, 1_000, inner)) for inner, item in sorted(value.items())]
        elif key == "epochs_run" and isinstance(value, list) and len(value) > 1:
            plain.append((_words(key), f"{_value(value, 200)}, by member of the ensemble"))
        else:
            plain.append((_NAMES.get(key) or _words(key), _value(value, 200, key)))
    weights = initial_weights(run.info)
    if weights:
        plain.append(("Initial weights", weights))
    if plain:
        found.append(KeyValues(tuple(plain), title="As fitted in the first fold"))
    for key, table in tables:
        # JSON sorts keys; a reader expects what it is before how large it is.
        table = table[sorted(table.columns, key=_place)]
        caption = "Architecture, layer by layer" if key == "layers" else _words(key)
        whole = [name for name in table.columns if pd.api.types.is_integer_dtype(table[name])]
        columns = tuple(
            Column(str(name), _words(name), "int" if name in whole else "text") for name in map(str, table.columns)
        )
        shown = table.assign(**{name: _cells(name, table[name]) for name in table.columns if name not in whole})
        found.append(Table(caption, shown, columns, collapsed=len(table) > 20))
    return found


def _cells(name: str, values: pd.Series[Any]) -> list[str]:
    return [shape_in_words(value) if name == "output_shape" else _value(value, key=name) for value in values]


def _place(column: str) -> int:
    return _FIRST.index(column) if column in _FIRST else len(_FIRST)


def _curves(artifact: Artifact) -> list[Block]:
    folds, curves = artifact.tables["folds"], artifact.tables["curves"]
    diagnoses = artifact.summary["diagnoses"]
    said = "; ".join(f"{name} in {n} of {len(folds)} folds" for name, n in sorted(diagnoses.items()))
    found: list[Block] = [Subheading("Training curves"), Text(f"{said[:1].upper()}{said[1:]}.")]
    loss = curves[curves["measure"] == "loss"]
    data = _thinned(loss)
    if len(data):
        best = folds[folds["best_epoch"] > 0]
        lowest = f" The lowest validation loss is {best['val_at_best'].min():.3f}." if len(best) else ""
        found.append(
            figures.line_chart(
                title="Loss by epoch, mean of the folds",
                alt=f"{len(folds)} folds of up to {int(folds['epochs'].max())} epochs.{lowest}",
                data=data,
                x="epoch",
                y="value",
                x_title="Epoch",
                y_title="Loss, mean of folds; band: lowest to highest fold",
                series="part",
                band=("low", "high"),
                columns=(
                    Column("epoch", "Epoch", "int"), Column("part", "Rows"), Column("n_folds", "Folds", "int"),
                    Column("value", "Loss", "interval", ("low", "high")),
                ),
            )
        )  # fmt: skip
    shown = folds.copy()
    for name in ("best_epoch", "kept_epoch"):
        shown[name] = [str(epoch) if epoch > 0 else "not known" for epoch in folds[name]]
    columns = (
        Column("fold", "Fold", "int"), Column("epochs", "Epochs run", "int"),
        Column("best_epoch", "Lowest validation loss at epoch"), Column("kept_epoch", "Weights kept from epoch"),
        Column("train_at_best", "Training loss", "number"), Column("val_at_best", "Validation loss", "number"),
        Column("gap", "Gap", "number"), Column("diagnosis", "Diagnosis"),
    )  # fmt: skip
    note = (
        "Epochs count from 1; losses and gap are those of the epoch with the lowest validation loss. After balancing, "
        "the training loss is that of the balanced rows."
    )
    return [*found, Table("Training of every fold", shown, columns, note=note)]


def _thinned(loss: pd.DataFrame) -> pd.DataFrame:
    if loss.empty:
        return loss
    table = loss.groupby(["part", "epoch"], sort=True)["value"].agg(["mean", "min", "max", "count"]).reset_index()
    table.columns = pd.Index(["part", "epoch", "value", "low", "high", "n_folds"])
    step = -(-int(table["epoch"].max()) // MAX_POINTS)
    kept: pd.DataFrame = table[(table["epoch"] - 1) % step == 0].reset_index(drop=True)
    return kept


def _value(value: Any, most: int = MAX_TEXT, key: str = "") -> str:
    text = in_words(value, key)
    return text if len(text) <= most else text[: most - 3] + "..."


def _words(name: object) -> str:
    plain = str(name)
    text = (f"number of {plain[2:]}" if plain.startswith("n_") else plain).replace("_", " ")
    return text[:1].upper() + text[1:]


def _span(values: pd.Series[Any]) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
