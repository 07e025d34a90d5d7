"""A real run in which every name a stranger may choose is hostile: columns, classes, groups, files, gates, answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
TEXTS = (
    f"{SCRIPT}{IMAGE}",
    '"quoted" \'single\' `tick` & &lt;b&gt; " onload="alert(3)',
    "]]> </style></svg></textarea> --> <!--",
    "{{ 7 * 7 }} {% raw %} ${x} {#",
    "x\u202eexe.txt\u2066\u200f\u061c\u200b",
    "nul\x00bell\x07esc\x1b[31mred\x1b]0;owned\x07\x9b31m\x85",
    "line\u2028paragraph\u2029end\r\nnew\rold",
    "javascript:alert(4) [link](javascript:alert(5)) ![i](https://evil.example/i.png) <https://evil.example> "
    "www.evil.example",
    "| pipe | --- | **bold** _it_ ~~no~~ # head\n| a | b |\n\n```\n<b>\n```",
    "../../x",
    "CON",
    "=cmd|' /C calc'!A0",
    "__proto__ constructor hidden",
    "long " + "a" * 10_000,
)
ALL = " ".join(TEXTS[:9])


def table(n_rows: int = 360, seed: int = 0) -> pd.DataFrame:
    """Rows whose columns, levels and labels are hostile; there is something to learn in them."""
    random = np.random.default_rng(seed)
    labels = random.random(n_rows) < 0.4
    columns: dict[str, Any] = {
        f"number {TEXTS[k]}": random.normal(labels * (0.4 + 0.2 * k), 1, n_rows) for k in (0, 1, 5)
    }
    columns[f"category {TEXTS[2]}"] = random.choice([*TEXTS[:4], TEXTS[13]], n_rows)
    columns[TEXTS[9]] = random.choice(TEXTS[8:11], n_rows)
    columns[TEXTS[10]] = np.where(random.random(n_rows) < 0.2, np.nan, random.normal(size=n_rows))
    columns[f"group {TEXTS[6]}"] = random.choice([TEXTS[0], TEXTS[4], TEXTS[7]], n_rows, p=[0.5, 0.3, 0.2])
    columns[f"second {TEXTS[3]}"] = random.choice([TEXTS[2], TEXTS[5]], n_rows)
    columns[f"target {TEXTS[7]}"] = np.where(labels, f"yes {TEXTS[0]}", f"no {TEXTS[5]}")
    return pd.DataFrame(columns)


def plan(folder: Path, seed: int = 0) -> Any:
    """Write the table, the context and the policy; return the plan that reads them."""
    import yaml
    from sklearn.linear_model import LogisticRegression

    import appliedml as aml

    rows = table()
    file = f"rows {IMAGE} 'q' \u202etxt.parquet"
    rows.to_parquet(folder / file, index=False)
    group, second, target = rows.columns[-3:]
    answers = {key: {"answer": ALL, "by": TEXTS[k], "on": "2026-03-01"} for k, key in enumerate(("owner", "users"))}
    context = {"stated_by": ALL, "purpose": "\n\n".join(TEXTS), "limitations": list(TEXTS), **answers}
    folder.joinpath("context.yaml").write_text(yaml.safe_dump(context), encoding="utf-8")
    gates = [
        {"name": f"gate {k} {text}"[:400], "metric": metric, **rule}
        for k, (text, metric, rule) in enumerate(
            (
                (TEXTS[0], "roc_auc", {"at_least": 0.5}),
                (TEXTS[8], "brier", {"at_most": 0.01}),
                (TEXTS[7], "gap.true_positive_rate", {"subset": group, "at_most": 0.02}),
                (TEXTS[5], "roc_auc", {"subset": f"{second}={TEXTS[5]}", "at_least": 0.99}),
            )
        )
    ]
    waiver = {"gate": gates[1]["name"], "owner": ALL, "reason": ALL, "until": "2099-01-31"}
    return aml.Plan(
        name=ALL,
        data=aml.Table(file),
        schema=aml.Schema(target, sensitive=[group, second], positive=f"yes {TEXTS[0]}"),
        clean=[aml.DropDuplicates()],
        pipeline=aml.Pipeline(
            [aml.ImputeMissing(), aml.ScaleNumbers(), aml.EncodeCategories(), LogisticRegression()],
            validation=0.2,
            calibration="platt",
        ),
        split=aml.KFold(folds=2),
        audits=[
            aml.DataProfile(),
            aml.Leakage(),
            aml.Performance(n_resamples=100),
            aml.Baselines(models=["majority", "logistic_regression"], n_resamples=100),
            aml.Calibration(),
            aml.Fairness(min_rows=20, min_positives=8, min_negatives=8),
            aml.ExplainShap(max_rows=20),
        ],
        seed=seed,
        policy={"version": 1, "gates": gates, "waivers": [waiver]},
        context="context.yaml",
        folder=folder,
    )


def hostile_run(folder: Path, seed: int = 0) -> Any:
    """Run the plan, judge it, write its report."""
    from appliedml.cli import run_and_report

    return run_and_report(plan(folder, seed), folder / "runs")


if __name__ == "__main__":
    hostile_run(Path(sys.argv[1]))
