"""A document with every kind of block, and a small run folder: what the tests of the report are made with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import Artifact, Finding, Severity, Status, score_rows
from appliedml.report import blocks, figures, pictures
from appliedml.store import layout
from appliedml.store.run import Run, write_artifact
from appliedml.store.writer import write_json, write_table

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HOSTILE = (
    MARKUP,
    "\"quoted\" 'single' `tick` & ampersand &lt;",
    "x\u202eexe.txt\u2066\u200f",
    "javascript:alert(3) https://evil.example/a www.evil.example <https://evil.example>",
    "| pipe | --- | **bold** _it_ [link](https://evil.example) ![i](https://evil.example/i.png) # head",
    "{{ 7 * 7 }} {% raw %} ${x} \\ </style></svg>]]> <!--",
    "nul\x00bell\x07esc\x1b",
    "long " + "a" * 10_000,
)


def curve() -> pd.DataFrame:
    """Two ROC curves with intervals."""
    fpr = np.linspace(0, 1, 41)
    parts = []
    for name, power in (("Keras pipeline", 0.28), ("Logistic regression", 0.42)):
        tpr = fpr**power
        part = pd.DataFrame({"fpr": fpr, "tpr": tpr, "model": name})
        part["low"], part["high"] = np.clip(tpr - 0.05, 0, 1), np.clip(tpr + 0.04, 0, 1)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def groups() -> pd.DataFrame:
    """Rates by group."""
    table = pd.DataFrame(
        {
            "group": ["sex=F", "sex=M", "age_band=16 to 25", "age_band=26 to 50", "age_band=over 50", "unknown"],
            "n": [4211, 11209, 1612, 9733, 4002, 73],
            "positives": [203, 720, 121, 530, 266, 6],
            "tpr": [0.71, 0.78, 0.62, 0.77, 0.74, np.nan],
            "low": [0.64, 0.745, 0.53, 0.73, 0.68, np.nan],
            "high": [0.77, 0.812, 0.70, 0.80, 0.79, np.nan],
            "share": [0.27, 0.72, 0.10, 0.62, 0.26, 0.005],
            "p": [0.0004, 0.041, 0.2, 0.5, 1.0, np.nan],
            "verdict": ["disparity", "within tolerance", "insufficient evidence", "pass", "fail", "skipped"],
        }
    )
    table["section"] = ["fairness", "performance", "", None, "fairness", "nowhere"]
    return table


GROUP_COLUMNS = (
    blocks.Column("group", "Group"),
    blocks.Column("n", "Rows", "int"),
    blocks.Column("share", "Share", "percent"),
    blocks.Column("tpr", "True positive rate", "interval", ("low", "high")),
    blocks.Column("p", "p", "p_value"),
    blocks.Column("verdict", "Verdict", "badge"),
    blocks.Column("group", "Evidence", "link", target="section"),
)


def demo_figures() -> list[blocks.Figure]:
    """One figure of every kind."""
    random = np.random.default_rng(0)
    edges = np.linspace(0, 1, 21)
    scores = pd.DataFrame(
        {
            "from": np.tile(edges[:-1], 2),
            "to": np.tile(edges[1:], 2),
            "rows": np.concatenate([random.poisson(900 * np.exp(-6 * edges[:-1])), random.poisson(30 * edges[1:])]),
            "class": np.repeat(["not fraud", "fraud"], 20),
        }
    )
    shap = pd.DataFrame(
        {
            "shap": random.normal(0, 0.4, 240),
            "feature": np.repeat(["Fault", "PolicyType", "VehiclePrice"], 80),
            "value": random.normal(0, 1, 240),
        }
    )
    confusion = pd.DataFrame(
        {"predicted": ["no", "yes"] * 2, "reference": ["no", "no", "yes", "yes"], "rows": [13210, 1287, 201, 722]}
    )
    means = pd.DataFrame({"feature": ["Fault", "PolicyType", "VehiclePrice"], "mean": [0.41, 0.2, 0.07]})
    rates = groups().melt(["group", "low", "high"], ["tpr", "share"], "rate", "value")
    axes = {"x_title": "False positive rate", "y_title": "True positive rate"}
    return [
        figures.line_chart(
            title="ROC curve", alt="AUROC is 0.84 for the Keras pipeline and 0.80 for logistic regression.",
            data=curve(), x="fpr", y="tpr", series="model", band=("low", "high"), diagonal=True,
            x_domain=(0, 1), y_domain=(0, 1), **axes,
        ),
        figures.interval_chart(
            title="True positive rate by group", alt="From 0.62 (16 to 25) to 0.78 (men).", data=groups(),
            label="group", value="tpr", low="low", high="high", x_title="True positive rate, 95 % interval",
            reference=0.75, columns=GROUP_COLUMNS[:4],
        ),
        figures.interval_chart(
            title="Rates by group", alt="Two rates a group.", data=rates, label="group", value="value", low="low",
            high="high", x_title="Rate", series="rate", x_domain=(0, 1),
        ),
        figures.bar_chart(
            title="Mean size of Shapley values", alt="Fault leads with 0.41.", data=means, label="feature",
            value="mean", x_title="Mean absolute Shapley value, log-odds",
        ),
        figures.histogram_chart(
            title="Scores by class", alt="Most rows score under 0.2.", data=scores, low="from", high="to", count="rows",
            x_title="Score", series="class",
        ),
        figures.scatter_chart(
            title="Shapley values", alt="Points spread around zero.", data=shap, x="shap", y="feature",
            x_title="Shapley value, log-odds", y_title="", value="value", value_title="Feature value",
        ),
        figures.heatmap_chart(
            title="Confusion at the chosen threshold", alt="722 of 923 frauds are found.", data=confusion,
            x="predicted", y="reference", value="rows", value_title="Rows",
        ),
    ]  # fmt: skip


def explorer(name: str = "sex", levels: tuple[str, str] = ("F", "M")) -> blocks.Explorer:
    """A threshold explorer of few thresholds."""
    groups = [
        {"name": level, "positive": [5, 9, 30, -1], "negative": [200, 40, 6, -1], "run": [30, 6, 36], "compared": True}
        for level in levels
    ]
    everybody = {"name": "all", "positive": [10, 18, 60, -1], "negative": [400, 80, 12, -1], "run": [60, 12, 72]}
    rates = ["selection_rate", "true_positive_rate"]
    data = {
        "classes": ["no", name], "thresholds": [0.0, 0.2, 0.5, 1.0], "labels": ["0", "0.2", "0.5", "1"], "start": 2,
        "folds": ["0.5"], "all": {**everybody, "compared": True}, "metrics": [[rate, rate] for rate in rates],
        "limits": [10, 5, 5], "judged": "At least 10 rows", "tolerance": 0.1, "ratio": 1.0, "ratio_source": "",
        "gate_costs": [1.0, 1.0], "gates": [], "verdict": "",
        "features": [{"name": name, "parts": [0], "reference": -1, "of": {}, "groups": groups}],
    }  # fmt: skip
    return blocks.Explorer(blocks.Table("Thresholds", pd.DataFrame({"threshold": [0.2, 0.5]})), data)


def demo_document() -> blocks.Document:
    """Every kind of block, in three sections."""
    line, forest, rates, bars, scores, shap, confusion = demo_figures()
    verdict = blocks.Section(
        "verdict",
        "Verdict",
        (
            blocks.Callout("bad", "The policy is not met: fail", "1 of 3 gates fails, 1 is inconclusive."),
            blocks.Text(
                "The model ranks vehicle insurance claims by how likely they are to be fraudulent, so that "
                "investigators look at the likeliest first. It refuses no claim by itself.\n\nA second paragraph."
            ),
            blocks.Headlines(
                (
                    ("AUROC", "0.838", "0.824 to 0.851"),
                    ("Average precision", "0.231", "0.209 to 0.256"),
                    ("Brier score", "0.049", "0.047 to 0.052"),
                )
            ),
            blocks.Table("Gates", groups(), GROUP_COLUMNS),
            blocks.FindingsList(
                (
                    ("problem", "Younger drivers are found less often", "Recall is 0.62 against 0.77.", "fairness"),
                    ("warning", "Scores move between folds", "AUROC ranges from 0.80 to 0.86.", "performance"),
                    ("info", "No duplicate rows", "0 of 15,420.", "nowhere"),
                )
            ),
            blocks.Callout("good", "All folds were trained"),
            blocks.Callout("warning", "No purpose is stated", "Answer `purpose` in context.yaml."),
            blocks.Callout("neutral", "Association, not cause"),
        ),
    )
    performance = blocks.Section(
        "performance",
        "Performance",
        (
            blocks.Flow(
                "Rows from the file to the folds",
                "15,420 rows are read, 1 is dropped, 15,419 are used.",
                (
                    ("Read", ("15,420 rows",)),
                    ("Drop duplicates", ("0 dropped",)),
                    ("Range rules", ("1 dropped", "320 ages set to missing")),
                    ("Used", ("15,419 rows", "923 positive")),
                ),
            ),
            blocks.MarkedText(
                "A review, word by word",
                (("Not ", -0.2), ("the ", None), ("best", 0.4), (" tea.", 0.0)),
                "speaks for good",
                "speaks against good",
                "A made-up review.",
            ),
            blocks.Pictures(
                "Where the model looks",
                (
                    blocks.Picture(pictures.png(np.arange(64.0).reshape(8, 8)), "A ramp from dark to light.", "ramp"),
                    blocks.Picture(pictures.png(np.zeros((8, 8, 3))), "A black square."),
                ),
                "Simulated pictures.",
            ),
            blocks.Subheading("Discrimination"),
            line,
            confusion,
            scores,
            blocks.Subheading("Discrimination"),
            blocks.KeyValues((("Threshold", "0.12"), ("Chosen by", "F1 on validation rows")), title="Settings"),
            blocks.Table(
                "Per fold", pd.DataFrame({"fold": range(300), "auc": np.linspace(0.8, 0.9, 300)}), collapsed=True
            ),
            blocks.Table("Empty", pd.DataFrame({"a": []}), note="Nothing was dropped."),
            explorer(),
        ),
    )
    fairness = blocks.Section(
        "fairness",
        "Fairness & explanations",
        (
            blocks.Text("Small print.", small=True),
            forest,
            rates,
            bars,
            shap,
            blocks.Bullets(("First sentence.", "Second sentence.")),
            blocks.Code("name: claims\nseed: 7\npipeline: [impute_missing, mlp]\n", "Plan", collapsed=True),
            blocks.Code("appliedml run plan.yaml"),
        ),
    )
    return blocks.Document(
        "Vehicle claims",
        "Audit report",
        (verdict, performance, fairness),
        {
            "library_name": "keras",
            "tags": ["appliedml"],
            "facts": {"Rows used": "15,419", "Folds": "5", "Run": "8e1f0a"},
        },
    )


def hostile_document() -> blocks.Document:
    """Every text a stranger may choose is hostile."""
    text = " ".join(HOSTILE[:7])
    table = pd.DataFrame({text: list(HOSTILE), "v": np.arange(len(HOSTILE), dtype=float), "s": list(HOSTILE)})
    columns = (blocks.Column(text, text), blocks.Column("v", MARKUP, "number"), blocks.Column("s", "S", "badge"))
    chart = figures.bar_chart(
        title=text, alt=text, data=table, label=text, value="v", x_title=text, series="s", columns=columns
    )
    lines = figures.line_chart(title=text, alt=text, data=table, x=text, y="v", x_title=text, y_title=text, series="s")
    heat = figures.heatmap_chart(title=text, alt=text, data=table, x="s", y=text, value="v", value_title=text)
    found: tuple[Any, ...] = (
        blocks.Text("\n\n".join(HOSTILE)),
        blocks.Subheading(text),
        blocks.Callout("warning", text, text),
        blocks.KeyValues(tuple((item, item) for item in HOSTILE), title=text),
        blocks.Headlines(((text, text, text),)),
        blocks.Table(text, table, columns, note=text),
        blocks.Table(text, table, collapsed=True),
        chart,
        lines,
        heat,
        blocks.Code("\n".join(HOSTILE) + "\n```\n````", text),
        blocks.Bullets(HOSTILE),
        blocks.FindingsList(((text, text, text, text), ("problem", text, text, MARKUP))),
        blocks.Flow(text, text, ((text, HOSTILE),)),
        blocks.MarkedText(text, ((text, 0.5), (text, None), (text, -1.0)), text, text, text),
        blocks.Pictures(text, (blocks.Picture(pictures.png(np.zeros((2, 2))), text + '" onload="x', text),), text),
    )
    section = blocks.Section(MARKUP, text, found)
    return blocks.Document(text, text, (section, blocks.Section("b", "B")), {"tags": [text], "facts": {text: text}})


def audit_artifact() -> Artifact:
    """An artifact that no section of ours reads."""
    return Artifact(
        "demo_audit",
        Status.WARNING,
        reason="two of five folds",
        summary={"threshold": 0.12, "nested": {"a": [1, 2]}, "n": 3},
        tables={"by_group": groups().iloc[:, :8], "empty": pd.DataFrame({"x": pd.Series(dtype=float)})},
        arrays={"weights": np.zeros((3, 2))},
        scores=score_rows(
            [
                ("roc_auc", -1, "all", 0.838, 0.824, 0.851, 15419),
                ("average_precision", -1, "all", 0.231, 0.209, 0.256, 15419),
                ("brier", -1, "all", 0.0491, 0.047, 0.052, 15419),
                ("roc_auc", 0, "all", 0.81, np.nan, np.nan, 3000),
                ("roc_auc", -1, "sex=F", 0.81, 0.77, 0.85, 4211),
            ]
        ),
        findings=(
            Finding(Severity.INFO, "No duplicates", "0 of 15,420 rows."),
            Finding(Severity.PROBLEM, "Younger drivers are found less often", "Recall 0.62 against 0.77."),
            Finding(Severity.WARNING, "Scores move between folds", "AUROC 0.80 to 0.86."),
            Finding(Severity.WARNING, "A fourth finding", "Less serious than three others."),
        ),
    )


def gates_artifact(verdicts: tuple[str, ...] = ("pass", "fail", "inconclusive")) -> Artifact:
    """What the gates leave in a run."""
    rows = {
        "pass": ("AUROC", "pass", "roc_auc", "all", "at least 0.80", "interval", 0.838, 0.824, 0.851),
        "fail": ("Gap", "fail", "gap.true_positive_rate", "sex", "at most 0.05", "interval", 0.1, 0.06, 0.13),
        "inconclusive": ("Brier", "inconclusive", "brier", "all", "at most 0.05", "interval", 0.049, 0.047, 0.052),
    }
    names = ["name", "verdict", "metric", "subset", "rule", "on", "value", "low", "high", "n", "waived", "reason"]
    worst = next(word for word in ("fail", "inconclusive", "pass") if word in verdicts)
    waivers = pd.DataFrame(
        [("Gap", "A. Owner", "data are being collected", "2027-01-31", True)],
        columns=["gate", "owner", "reason", "until", "counts"],
    )
    return Artifact(
        "gates",
        Status.OK,
        summary={"verdict": worst, **{f"n_{word}": verdicts.count(word) for word in rows}, "n_waived": 1},
        tables={
            "gates": pd.DataFrame([(*rows[word], 900, word == "fail", "why") for word in verdicts], columns=names),
            "waivers": waivers,
        },
        findings=(Finding(Severity.PROBLEM, "Gate Gap fails", "The whole interval breaks the rule."),),
    )


def demo_run(folder: Path, *artifacts: Artifact, **info: Any) -> Run:
    """Write a run folder with these artifacts and read it."""
    found = artifacts or (audit_artifact(), gates_artifact())
    scores = [artifact.scores for artifact in found if artifact.scores is not None]
    write_table(folder / layout.SCORES, pd.concat(scores) if scores else score_rows([]))
    write_table(
        folder / layout.PREDICTIONS, pd.DataFrame({"row_id": ["a", "b"], "fold": [0, 1], "y_true": ["no", "yes"]})
    )
    write_table(folder / layout.LEDGER, pd.DataFrame({"stage": ["smote"], "fold": [0], "rows_in": [5]}))
    for artifact in found:
        write_artifact(folder / layout.ARTIFACTS / artifact.kind, artifact)
    plan = {"version": 1, "name": "claims", "seed": 7, "pipeline": ["impute_missing", {"smote": {"neighbors": 5}}]}
    base = {
        "format": layout.FORMAT_NAME,
        "format_version": layout.FORMAT_VERSION,
        "name": "claims",
        "run_hash": "8e1f0a2b3c4d",
        "seed": 7,
        "plan": plan,
        "classes": ["no", "yes"],
        "positive": "yes",
        "binary": True,
        "data": {
            "source": {"table": "data/claims.csv"},
            "fingerprint": "ab" * 32,
            "n_rows_read": 15420,
            "n_rows_used": 15419,
            "n_features": 2,
            "features": ["Age", "Fault"],
        },
        "schema": {"target": "fraud", "sensitive": ["sex"]},
        "folds": [{"number": k, "n_train": 10, "n_test": 2, "n_validation": 2, "threshold": 0.12} for k in range(5)],
        "pipeline": [{"name": "impute_missing", "verb": "transform", "parameters": {}}],
        "model": {"builder": "mlp", "n_parameters": 1234},
        "versions": {"python": "3.11.9", "tensorflow": "2.21.0", "appliedml": "0.1.0"},
        "code": {"package_version": "0.1.0", "git_commit": "0123456789abcdef"},
        "context": {
            "purpose": "Rank claims for investigation.",
            "owner": {"answer": "Claims department", "by": "A. Owner", "on": "2026-03-01"},
        },
        "policy": {},
        **info,
    }
    write_json(folder / layout.RUN, base)
    write_json(folder / layout.TIMINGS, {"started": "2026-11-21T08:45:00+00:00"})
    return Run(folder)


if __name__ == "__main__":
    from appliedml.report.html import render_html

    chosen = hostile_document() if sys.argv[1] == "hostile" else demo_document()
    Path(sys.argv[2]).write_text(render_html(chosen), encoding="utf-8")
