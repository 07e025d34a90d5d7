from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact, Status
from appliedml.report.blocks import Figure, Flow, KeyValues, Table, Text
from appliedml.report.grid import grid
from appliedml.report.sections.method import Method


class Run(dict):
    """What the section reads of a run."""

    plan = {"split": {"group_kfold": {"folds": 2}}, "validation": 0.15, "threshold": "f1"}

    def __init__(self, ledger=None, info=None, **artifacts):
        super().__init__(artifacts)
        self.ledger = pd.DataFrame() if ledger is None else ledger
        self.info = {
            "seed": 7,
            "pipeline": [
                {"name": "impute_missing", "verb": "transform", "parameters": {}},
                {"name": "smote", "verb": "fit_resample", "parameters": {"neighbors": 5, "random_state": None}},
                {"name": "keras_classifier", "verb": "predict", "parameters": {f"p{i}": i for i in range(7)}},
            ],
            "folds": [
                {"number": k, "n_train": 100, "n_validation": 15, "n_test": 50, "threshold": 0.2} for k in (0, 1)
            ],
            "model": {
                "builder": {"mlp": {"hidden": [8, 4]}}, "n_parameters": 99, "best_epoch": 3,
                "layers": [{"name": "dense", "type": "Dense", "parameters": 40, "output_shape": [None, 8]}],
            },
        } | (info or {})  # fmt: skip


LEDGER = pd.DataFrame(
    {
        "stage": ["smote", "smote"], "verb": "fit_resample", "fold": [0, 1], "n_fitted": [100, 101],
        "rows_in": [100, 101], "rows_out": [180, 180], "n_synthetic": [80, 79],
        "n_test_rows_seen": 0, "n_validation_rows_seen": [0, 2],
        "seconds": [1.23456, 9.87654],
    }
)  # fmt: skip


def curves():
    table = pd.DataFrame(
        [
            (fold, epoch, "loss", part, 1 / epoch)
            for fold in (0, 1)
            for part in ("training", "validation")
            for epoch in range(1, 201)
        ],
        columns=["fold", "epoch", "measure", "part", "value"],
    )
    folds = pd.DataFrame(
        {
            "fold": [0, 1], "epochs": 200, "best_epoch": [200, -1], "kept_epoch": [200, -1], "train_at_best": 0.1,
            "val_at_best": 0.2, "train_at_end": 0.1, "val_at_end": 0.2, "gap": 0.1,
            "diagnosis": ["stable", "no validation rows"],
        }
    )  # fmt: skip
    summary = {"diagnoses": {"stable": 1, "no validation rows": 1}}
    return Artifact("training_curves", summary=summary, tables={"folds": folds, "curves": table})


def tables(run):
    return {block.caption: block for block in Method().blocks(run) if isinstance(block, Table)}


def test_the_pipeline_is_a_diagram_of_its_steps():
    (diagram,) = [block for block in Method().blocks(Run()) if isinstance(block, Flow)]

    assert [label for label, _ in diagram.steps] == ["Impute missing", "Smote", "Keras classifier"]
    assert diagram.steps[1][1] == ("training rows only, never at prediction", "neighbors = 5")
    assert diagram.steps[2][1][-1] == "and 3 more settings"


def test_the_ledger_is_summed_up_per_stage_and_shows_no_seconds():
    run = Run(LEDGER)
    row = tables(run)["The leakage ledger"].data.iloc[0]

    assert (row["n_fitted"], row["rows_out"], row["synthetic"]) == ("100 to 101", "180", "79 to 80")
    assert (row["n_validation_rows_seen"], row["n_test_rows_seen"]) == ("2", "0")
    assert "9.87" not in str(Method().blocks(run))


def test_the_architecture_is_a_table_and_the_rest_of_the_model_is_listed():
    run = Run()
    (listed,) = [b for b in Method().blocks(run) if isinstance(b, KeyValues) and b.title.startswith("As fitted")]

    layers = tables(run)["Architecture, layer by layer"]
    assert layers.data.iloc[0].tolist() == ["dense", "Dense", "8", 40]
    assert [column.format for column in layers.columns] == ["text", "text", "text", "int"]
    assert dict(listed.items) == {"Builder: mlp": "hidden: 8, 4", "Number of parameters": "99"}


def test_what_a_model_says_of_itself_is_written_as_people_read_it():
    model = {
        "n_parameters": 23697, "n_numbers": 48, "epochs_run": [12], "metrics": [],
        "builder": {"cnn": {"batch_norm": True, "hidden": [], "augment": {"shift": 0.05}}},
        "layers": [{"name": "pixels", "output_shape": [None, 64, 64, 1], "parameters": 23697, "type": "InputLayer"}],
    }  # fmt: skip
    run = Run(info={"model": model})
    listed = next(b for b in Method().blocks(run) if isinstance(b, KeyValues) and b.title.startswith("As fitted"))
    layers = tables(run)["Architecture, layer by layer"]

    assert dict(listed.items) == {
        "Builder: cnn": "augment (shift: 0.05); batch_norm: yes; hidden: none",
        "Epochs run": "12",
        "Metrics": "none",
        "Number of numeric inputs": "48",
        "Number of parameters": "23,697",
    }
    assert [cell.text for cell in grid(layers, 10).rows[0]] == ["pixels", "InputLayer", "64 x 64, 1 channel", "23,697"]


def test_the_epochs_of_an_ensemble_are_those_of_its_members():
    blocks = Method().blocks(Run(info={"model": {"epochs_run": [11, 14, 11]}}))
    (listed,) = [b for b in blocks if isinstance(b, KeyValues) and b.title.startswith("As fitted")]

    assert listed.items == (("Epochs run", "11, 14, 11, by member of the ensemble"),)


def test_settings_of_the_steps_hold_no_brackets():
    parameters = {"builder": {"mlp": {"hidden": [64, 32]}}, "keep": "()", "max_words": 20000, "random_state": 12345}
    steps = [{"name": "keras_classifier", "verb": "predict", "parameters": parameters}]
    run = Run(info={"pipeline": steps})
    (diagram,) = [block for block in Method().blocks(run) if isinstance(block, Flow)]

    found = tables(run)["All settings of the steps"].data["value"].tolist()
    assert found == ["mlp (hidden: 64, 32)", "none", "20,000", "12345"]
    assert diagram.steps[0][1][1] == "builder = mlp (hidden: 64, 32)"


def test_splits_name_the_way_of_splitting():
    texts = [block.text for block in Method().blocks(Run()) if isinstance(block, Text)]
    assert texts[0].startswith("Rows were split by group_kfold (folds: 2).")


def test_long_curves_are_thinned_and_averaged_over_the_folds():
    blocks = Method().blocks(Run(training_curves=curves()))

    (figure,) = [block for block in blocks if isinstance(block, Figure)]
    assert len(figure.data) <= 2 * 60
    assert figure.data["n_folds"].eq(2).all()
    (table,) = [b for b in blocks if isinstance(b, Table) and b.caption == "Training of every fold"]
    assert table.data["best_epoch"].tolist() == ["200", "not known"]


def test_a_model_without_curves_or_description_needs_neither():
    none = Artifact("training_curves", Status.NOT_APPLICABLE, reason="no epochs")
    run = Run(info={"model": {}, "folds": [], "pipeline": []}, training_curves=none)

    assert Method().blocks(run) == []


def test_settings_without_a_value_are_left_out_of_the_table():
    settings = tables(Run())["All settings of the steps"].data

    assert "random_state" not in set(settings["setting"])
    assert "neighbors" in set(settings["setting"])


def test_internal_and_external_testing_are_told_apart():
    stated = {"context": {"external_testing": {"answer": "At two other hospitals.", "by": "B. Clinician"}}}
    folds = {"folds": [{"number": 0, "n_train": 100, "n_validation": 15, "n_test": 50}]}
    plain, answered, one = (
        next(
            block.text
            for block in Method().blocks(Run(info=info))
            if isinstance(block, Text) and "testing" in block.text
        )
        for info in ({}, stated, folds)
    )

    assert "internal testing (internal validation): cross-validation of the run's own data" in plain
    assert plain.endswith("made no external testing (external validation), on data collected elsewhere.")
    assert answered.endswith("Stated of external testing: At two other hospitals. (B. Clinician)")
    assert "(internal validation): a split of the run's own data" in one


def test_rows_that_the_data_mark_for_validation_are_told_and_the_share_is_not():
    blocks = Method().blocks(Run(info={"data": {"own_validation": True}}))
    texts = [block.text for block in blocks if isinstance(block, Text)]
    (settings,) = [b for b in blocks if isinstance(b, KeyValues) and b.title.startswith("Validation rows")]

    assert "Validation rows are those that the data mark for it, and no others" in texts[0]
    assert settings.items[:2] == (("Validation", "the rows that the data mark for it"), ("Threshold", "f1"))
    drawn = [block.text for block in Method().blocks(Run()) if isinstance(block, Text)]
    assert "set aside from the training rows before any stage is fitted" in drawn[0]
