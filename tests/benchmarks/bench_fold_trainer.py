"""Folds of one Keras architecture: plain ``model.fit`` in a loop against the fold trainer, side by side.

::

    python tests/benchmarks/bench_fold_trainer.py [--small] [--json FILE]

Each side runs in a process of its own, so that neither profits from what the other compiled; imports are not timed,
compilation is. "CPU" is the ratio of processor seconds, which other work on the machine disturbs less. Both sides see
the same rows, folds, SMOTE rows, architecture, epochs and batch size. A ratio is a benchmark and no test: a busy
machine moves it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

CASES = {
    "10k rows": {"rows": 10_000, "folds": 5, "repeats": 1},
    "50k rows": {"rows": 50_000, "folds": 5, "repeats": 1},
    "50k rows, dropout and batch norm": {
        "rows": 50_000,
        "folds": 5,
        "repeats": 1,
        "builder": {"dropout": 0.2, "batch_norm": True},
    },
    "50k rows, 10 folds": {"rows": 50_000, "folds": 10, "repeats": 1},
    "50k rows, 50 fits": {"rows": 50_000, "folds": 5, "repeats": 10},
    "50k rows, 10 times larger network": {"rows": 50_000, "folds": 5, "repeats": 1, "builder": {"hidden": [256, 128]}},
    "500k rows": {"rows": 500_000, "folds": 5, "repeats": 1},
}
SMALL = {"4k rows": {"rows": 4_000, "folds": 3, "repeats": 1, "epochs": 4}}
N_COLUMNS = 30
EPOCHS = 10
BATCH = 256


def make_rows(n_rows: int) -> tuple:
    """Return rows whose rare class (about 8 %) depends on sums and products of columns."""
    import numpy as np

    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, N_COLUMNS))
    logit = X[:, 0] + X[:, 1] * X[:, 2] + np.sin(2 * X[:, 3]) + 0.5 * X[:, 4] - 3.4
    return X, (rng.random(n_rows) < 1 / (1 + np.exp(-logit))).astype(int)


def plain(X_train, y_train, X_test, case: dict, seed: int):
    """Train as people do: a Keras model built, compiled and fitted in every fold."""
    import keras

    settings = case.get("builder", {})
    inputs = keras.Input((N_COLUMNS,))
    x = inputs
    for number, units in enumerate(settings.get("hidden", [64, 32])):
        x = keras.layers.Dense(units, kernel_initializer=keras.initializers.HeNormal(seed=seed + number))(x)
        if settings.get("batch_norm"):
            x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation("relu")(x)
        if settings.get("dropout"):
            x = keras.layers.Dropout(settings["dropout"], seed=seed)(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
    model.fit(X_train.astype("float32"), y_train, batch_size=BATCH, epochs=case.get("epochs", EPOCHS), verbose=0)
    return model.predict(X_test.astype("float32"), batch_size=4096, verbose=0)[:, 0]


def ours(X_train, y_train, X_test, case: dict, seed: int):
    """Train the same with KerasClassifier."""
    from appliedml.models.keras_classifier import KerasClassifier

    builder = {"mlp": case.get("builder", {})}
    model = KerasClassifier(builder, epochs=case.get("epochs", EPOCHS), batch_size=BATCH, random_state=seed)
    return model.fit(X_train, y_train).predict_proba(X_test)[:, 1]


def run_side(side: str, case: dict) -> dict:
    """Return seconds of training and prediction over all folds, and the out-of-fold AUROC."""
    import keras  # noqa: F401 - imported before the clock starts
    import numpy as np
    from imblearn.over_sampling import SMOTE
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    X, y = make_rows(case["rows"])
    seconds, cpu_seconds, smote_seconds, areas = 0.0, 0.0, 0.0, []
    for repeat in range(case["repeats"]):
        scores = np.empty(len(y))
        folds = StratifiedKFold(case["folds"], shuffle=True, random_state=repeat).split(X, y)
        for number, (train, test) in enumerate(folds):
            started, started_cpu = time.perf_counter(), time.process_time()
            X_train, y_train = SMOTE(random_state=number).fit_resample(X[train], y[train])
            smote_seconds += time.perf_counter() - started
            fit = plain if side == "plain" else ours
            scores[test] = fit(X_train, y_train, X[test], case, seed=100 * repeat + number)
            seconds += time.perf_counter() - started
            cpu_seconds += time.process_time() - started_cpu
        areas.append(float(roc_auc_score(y, scores)))
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "smote_seconds": smote_seconds,
        "roc_auc": sum(areas) / len(areas),
    }


def measure(name: str, case: dict) -> dict:
    """Run both sides of a case in fresh processes, one after the other."""
    record: dict = {"case": name, "fits": case["folds"] * case["repeats"]}
    for side in ("plain", "ours"):
        command = [sys.executable, __file__, "--side", side, "--case", json.dumps(case)]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        its = json.loads(done.stdout.splitlines()[-1])
        record[f"{side}_s"] = round(its["seconds"], 2)
        record[f"{side}_cpu_s"] = round(its["cpu_seconds"], 2)
        record[f"{side}_without_smote_s"] = round(its["seconds"] - its["smote_seconds"], 2)
        record[f"{side}_roc_auc"] = round(its["roc_auc"], 4)
    record["ratio"] = round(record["plain_s"] / record["ours_s"], 2)
    record["ratio_cpu"] = round(record["plain_cpu_s"] / record["ours_cpu_s"], 2)
    record["ratio_without_smote"] = round(record["plain_without_smote_s"] / record["ours_without_smote_s"], 2)
    return record


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="one tiny case, to see that it runs")
    parser.add_argument("--only", action="append", help="name of a case; may be repeated")
    parser.add_argument("--json", type=Path, help="write the records to this file too")
    parser.add_argument("--side", choices=("plain", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(run_side(options.side, json.loads(options.case))))
        return
    cases = SMALL if options.small else {name: CASES[name] for name in options.only or CASES}
    records = []
    heads = f"{'case':36} {'fits':>4} {'model.fit':>10} {'ours':>8} {'ratio':>7} {'no SMOTE':>9} {'CPU':>6}"
    print(heads + "   AUROC model.fit / ours")
    for name, case in cases.items():
        record = measure(name, case)
        records.append(record)
        print(
            f"{name:36} {record['fits']:4d} {record['plain_s']:9.1f}s {record['ours_s']:7.1f}s {record['ratio']:6.1f}x "
            f"{record['ratio_without_smote']:8.1f}x "
            f"{record['ratio_cpu']:5.1f}x   {record['plain_roc_auc']:.4f} / {record['ours_roc_auc']:.4f}",
            flush=True,
        )
    text = json.dumps({"cpus": os.cpu_count(), "records": records}, indent=1)
    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
