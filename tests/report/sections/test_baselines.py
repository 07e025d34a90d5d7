import numpy as np
import pandas as pd

from appliedml.audits._leakage_columns import ColumnUse
from appliedml.audits.baselines import Baselines as Audit
from appliedml.core.artifact import Artifact, Status
from appliedml.report.blocks import Callout, Figure, Table, Text
from appliedml.report.sections.baselines import Baselines


def artifact(group=False, note="", use=None, n_set_aside=0, stages=None):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    good, weak = (1 / (1 + np.exp(-(rng.normal(size=300) + shift * y))) for shift in (2.0, 0.5))
    table = pd.DataFrame({"fold": 0, "y_true": y, "y_pred": y, "threshold": 0.5, "p_0": 1 - good, "p_1": good})
    if group:
        table["group"] = np.arange(300) // 3
    fitted = {
        "majority": (np.full((300, 2), 0.5), ""),
        "logistic_regression": (np.column_stack([1 - weak, weak]), note),
    }
    evidence = {"fold": 0, "classes": ("no", "yes"), "seed": 1, "table": table, "fitted": fitted}
    for name in stages or {}:
        fitted[name] = fitted["logistic_regression"]
    evidence |= {"use": use or ColumnUse(), "n_set_aside": n_set_aside, "stages": stages or {}}
    return Audit(n_resamples=100).conclude([evidence])


def blocks(made):
    return Baselines().blocks({"baselines": made})


def tables(found):
    return {block.caption: block for block in found if isinstance(block, Table)}


def test_every_model_has_a_row_with_all_measures():
    table = tables(blocks(artifact()))["Every model on the same test rows"]

    assert table.data["title"].tolist() == ["This pipeline", "Always the class shares", "Logistic regression"]
    assert [column.label for column in table.columns[1:]] == ["AUROC", "Average precision", "Brier score", "Log loss"]
    assert (table.data["roc_auc_low"] <= table.data["roc_auc"]).all()


def test_the_figure_says_its_differences_in_words():
    made = artifact()
    row = made.tables["differences"].query("metric == 'roc_auc' and model == 'logistic_regression'").iloc[0]

    (figure,) = [block for block in blocks(made) if isinstance(block, Figure)]

    assert figure.chart is not None
    assert figure.title == "AUROC of the pipeline minus AUROC of each reference model"
    assert f"against logistic regression {row['difference']:.3f} ({row['low']:.3f} to {row['high']:.3f})" in figure.alt


def test_delongs_p_is_shown_where_rows_are_independent_only():
    alone, grouped = (tables(blocks(artifact(group=group)))["Paired differences"] for group in (False, True))

    assert "p_delong" in [column.name for column in alone.columns]
    assert "p_delong" not in [column.name for column in grouped.columns]


def test_a_fit_that_did_not_converge_is_told():
    found = blocks(artifact(note="The fit stopped before it converged."))

    assert isinstance(found[0], Callout)
    assert tables(found)["Notes on the reference models"].data["folds"].tolist() == ["0"]


def test_without_tables_there_is_nothing_to_show():
    assert blocks(Artifact("baselines", Status.NOT_APPLICABLE, reason="images")) == []


def test_columns_left_out_and_validation_rows_are_told():
    found = blocks(artifact(use=ColumnUse(True, ("PolicyNumber",)), n_set_aside=45))

    (text,) = [block.text for block in found if isinstance(block, Text)]
    assert "Left out, as the pipeline drops them (for the folds see the notes): PolicyNumber." in text
    assert "sets aside for validation (45 a fold)" in text
    notes = tables(found)["Notes on the reference models"].data["note"]
    assert notes.iloc[0] == "PolicyNumber: the pipeline drops it, left out here too."


def test_a_p_value_at_the_floor_of_the_bootstrap_is_a_bound():
    table = tables(blocks(artifact()))["Paired differences"].data.set_index(["model", "metric"])

    # The floor of 100 resamples is 2 / 101.
    assert table.loc[("logistic_regression", "roc_auc"), "p_text"] == "<= 0.02"


def test_nothing_is_called_simpler():
    assert Baselines.title == "Against reference models"
    assert "simpler" not in str(blocks(artifact())).lower()


def test_another_pipeline_is_told_with_its_stages():
    found = blocks(artifact(stages={"mlp_128": "flatten_images, keras_classifier"}, n_set_aside=45))

    (text,) = [block.text for block in found if isinstance(block, Text)]
    assert "Pipeline mlp 128: flatten_images, keras_classifier; fitted on the same training rows" in text
    assert "The other reference models also train on the rows that the pipeline sets aside" in text
    assert "Pipeline mlp 128" in tables(found)["Every model on the same test rows"].data["title"].tolist()
