import numpy as np
import pandas as pd
import pytest

from appliedml.audits.performance import Performance as Audit
from appliedml.core.artifact import Artifact, Status
from appliedml.report.blocks import Document, Figure, Headlines, Section, Table
from appliedml.report.html import render_html
from appliedml.report.sections.performance import Performance


def artifact(classes=("no", "yes"), n=300, **parameters):
    rng = np.random.default_rng(0)
    k = len(classes)
    y = rng.integers(0, k, n)
    z = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    evidence = []
    for fold in range(2):
        rows = np.arange(n) % 2 == fold
        table = pd.DataFrame({"fold": fold, "y_true": y[rows], "y_pred": p[rows].argmax(axis=1)})
        table["threshold"] = 0.5 if k == 2 else np.nan
        table = table.assign(**{f"p_{code}": p[rows, code] for code in range(k)})
        evidence.append({"fold": fold, "classes": classes, "seed": 3, "table": table})
    return Audit(n_resamples=100, **parameters).conclude(evidence)


def blocks(made):
    return Performance().blocks({"performance": made})


def titles(found, kind):
    return [getattr(block, "title", "") or getattr(block, "caption", "") for block in found if isinstance(block, kind)]


def test_two_classes_show_curves_decisions_thresholds_and_net_benefit():
    made = artifact()
    found = blocks(made)

    assert titles(found, Figure) == [
        "AUROC by fold", "ROC curve", "Precision-recall curve", "Confusion at the thresholds in use",
        "Scores by true class", "Decision curve",
    ]  # fmt: skip
    assert titles(found, Table) == [
        "Measures over all folds", "Measures by fold", "Confusion in rows and shares of the true class",
        "Confusion by fold", "What other thresholds would do",
    ]  # fmt: skip
    assert all(block.chart is not None for block in found if isinstance(block, Figure))
    (headlines,) = [block for block in found if isinstance(block, Headlines)]
    area = made.tables["metrics"].set_index("metric").loc["roc_auc"]
    assert headlines.items[0] == ("AUROC", f"{area['value']:.3f}", f"{area['low']:.3f} to {area['high']:.3f}")


def test_alternatives_in_words_hold_the_main_figures():
    made = artifact()
    area = made.tables["metrics"].set_index("metric")["value"]["roc_auc"]

    alts = {block.title: block.alt for block in blocks(made) if isinstance(block, Figure)}

    assert f"{area:.3f}" in alts["ROC curve"]
    n = made.tables["confusion"].query("fold == -1 and true == 'yes' and predicted == 'yes'")["n"].iloc[0]
    assert f"{n} of true class 'yes' called 'yes'" in alts["Confusion at the thresholds in use"]
    assert "The model is the best of the three at" in alts["Decision curve"]


def test_several_classes_show_each_against_the_rest():
    found = blocks(artifact(classes=("a", "b", "c")))

    assert "Each class against the rest" in titles(found, Table)
    assert "Decision curve" not in titles(found, Figure)
    (roc,) = [block for block in found if isinstance(block, Figure) and block.title == "ROC curve"]
    assert set(roc.data["class"]) == {"a", "b", "c"}


def test_many_classes_draw_only_the_most_frequent():
    (roc, *_) = [
        block
        for block in blocks(artifact(classes=tuple("abcdefgh")))
        if isinstance(block, Figure) and block.title == "ROC curve"
    ]

    assert roc.data["class"].nunique() == 6


def test_a_few_chosen_measures_are_enough():
    found = blocks(artifact(metrics=["brier"]))

    assert [item[0] for item in found[0].items] == ["Brier score"]
    assert "AUROC by fold" not in titles(found, Figure)


def test_the_page_renders_and_hostile_class_names_stay_text():
    found = blocks(artifact(classes=("no", "<script>alert(1)</script>")))

    page = render_html(Document("t", "s", (Section("performance", "Performance", tuple(found)),), {}))

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.NOT_APPLICABLE])
def test_without_tables_there_is_nothing_to_show(status):
    assert blocks(Artifact("performance", status, reason="no rows")) == []


def test_counts_stand_beside_the_shares_of_the_confusion():
    made = artifact()
    (table,) = [b for b in blocks(made) if isinstance(b, Table) and b.caption.startswith("Confusion in rows")]

    counts = made.tables["confusion"].query("fold == -1").set_index(["true", "predicted"])
    cell = counts.loc[("yes", "no")]
    row = table.data.set_index("true").loc["yes"]
    assert row["called_0"] == f"{int(cell['n']):,} ({100 * cell['share_of_true']:.1f} %)"
    assert row["n"] == counts.loc["yes", "n"].sum()
    assert [column.label for column in table.columns] == ["True class", "Rows", "Called no", "Called yes"]


def test_thresholds_of_several_folds_are_said_to_fix_none():
    made = artifact()
    made.summary["thresholds"] = [0.2, 0.5]

    notes = {block.caption: block.note for block in blocks(made) if isinstance(block, Table)}

    assert "does not fix the threshold" in notes["What other thresholds would do"]
