"""One GPU, where there is one: the fold trainer against ``model.fit``, batch sizes, the Shapley engine.

::

    python tests/benchmarks/bench_gpu.py [--small] [--json FILE]

On a machine without a GPU it says so and ends with exit code 0; ``--on-cpu`` measures all the same. Nothing here
is written for a GPU: TensorFlow places the package's own programs on it. Every figure is the median of rounds in turns,
after one fit or call that compiles; what compiling took stands beside.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from _harness import Record, in_turns, options, show, timed, write

N_COLUMNS = 30
BATCHES = (256, 1_024, 4_096, 16_384)
HIDDEN = {"MLP 64-32": [64, 32], "MLP 1024-1024-512": [1_024, 1_024, 512]}


def gpus() -> list[str]:
    """Return the names of the GPUs that TensorFlow can use."""
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return [str(tf.config.experimental.get_device_details(device).get("device_name", "GPU")) for device in devices]


def make_rows(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a table and its labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, N_COLUMNS)).astype(np.float32)
    logit = X[:, 0] + X[:, 1] * X[:, 2] + np.sin(2 * X[:, 3]) - 1
    return X, (rng.random(n_rows) < 1 / (1 + np.exp(-logit))).astype(int)


def as_people_do(X: np.ndarray, y: np.ndarray, hidden: list[int], epochs: int, batch: int, *, xla: bool) -> Any:
    """Fit a Keras model with ``model.fit``, as Keras compiles it by itself (on a GPU: XLA) or without XLA."""
    import keras

    layers = [keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal") for units in hidden]
    model = keras.Sequential([keras.Input((N_COLUMNS,)), *layers, keras.layers.Dense(1, activation="sigmoid")])
    jit = "auto" if xla else False
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy", jit_compile=jit)
    model.fit(X, y, batch_size=batch, epochs=epochs, verbose=0)
    return lambda rows: model.predict(rows, batch_size=8_192, verbose=0)[:, 0]


def with_appliedml(X: np.ndarray, y: np.ndarray, hidden: list[int], epochs: int, batch: int) -> Any:
    """Fit the same with KerasClassifier."""
    from appliedml.models.keras_classifier import KerasClassifier

    builder = {"mlp": {"hidden": hidden}}
    model = KerasClassifier(builder, epochs=epochs, batch_size=batch, random_state=0, trainer="compiled").fit(X, y)
    return lambda rows: model.predict_proba(rows)[:, 1]


def trainer_records(n_rows: int, epochs: int, n_rounds: int, batches: tuple[int, ...]) -> list[Record]:
    """Set the fold trainer beside ``model.fit``, by network and batch size."""
    from sklearn.metrics import roc_auc_score

    X, y = make_rows(n_rows + n_rows // 5)
    test = slice(n_rows, None)
    records = []
    for name, hidden in HIDDEN.items():
        for batch in batches:
            common = (X[:n_rows], y[:n_rows], hidden, epochs, batch)
            works = {
                "model.fit": partial(as_people_do, *common, xla=False),
                "model.fit, jit auto": partial(as_people_do, *common, xla=True),
                "ours": partial(with_appliedml, *common),
            }
            first = {side: timed(work)[0]["seconds"] for side, work in works.items()}
            seconds, models = in_turns(works, n_rounds)
            areas = {side: float(roc_auc_score(y[test], model(X[test]))) for side, model in models.items()}
            plain = min(("model.fit", "model.fit, jit auto"), key=seconds.__getitem__)
            records.append(
                Record(
                    work=f"a fit of {name}, {n_rows:,} x {N_COLUMNS}, {epochs} epochs, batch {batch:,}",
                    today=f"{plain}: {seconds[plain]:.2f} s",
                    ours=f"{seconds['ours']:.2f} s (first {first['ours']:.1f} s)",
                    ratio=seconds[plain] / seconds["ours"],
                    accuracy=f"AUROC {areas[plain]:.4f} / {areas['ours']:.4f}",
                    details={"seconds": seconds, "first_s": first, "roc_auc": areas},
                )
            )
            show(records[-1])
    return records


def shapley_records(n_rows: int, n_rounds: int, batches: tuple[int, ...]) -> list[Record]:
    """Time the engine over the classifier's compiled scorer, by inputs a call."""
    from appliedml.explain.masker import class_scorer
    from appliedml.explain.shapley import Budget, sampled_shapley
    from appliedml.explain.table import TableMasker
    from appliedml.models.keras_classifier import KerasClassifier

    X, y = make_rows(20_000)
    model = KerasClassifier({"mlp": {"hidden": [256, 128]}}, epochs=2, random_state=0).fit(X, y)
    scorer = class_scorer(model.compiled_scorer(), (1,))
    masker = TableMasker(X[:n_rows], X[-100:])
    records = []
    for batch in batches:
        budget = Budget(None, max_permutations=113, batch_rows=batch)
        explain = partial(sampled_shapley, masker, scorer, budget=budget)
        first, _ = timed(explain)
        seconds, found = in_turns({"ours": explain}, n_rounds)
        rate = found["ours"].n_evaluations / seconds["ours"]
        records.append(
            Record(
                work=f"Shapley values of {n_rows:,} rows, {N_COLUMNS} features, {batch:,} inputs a call",
                ours=f"{n_rows / seconds['ours']:,.0f} rows/s, {rate / 1e6:.2f} million inputs/s",
                accuracy=f"additivity to {found['ours'].additivity_residual:.0e}",
                details={"seconds": seconds["ours"], "first_s": first["seconds"], "inputs_per_s": rate},
            )
        )
        show(records[-1])
    return records


def main() -> None:
    """Measure and print, or say that there is nothing to measure."""
    given = options(__doc__, on_cpu={"action": "store_true", "help": "measure without a GPU, to see that it runs"})
    names = gpus()
    if not names and not given.on_cpu:
        print("There is no GPU that TensorFlow can use on this machine: nothing was measured.")
        return
    print("GPU: " + (", ".join(names) or "none, on the CPU"))
    if given.small:
        records = trainer_records(4_000, 1, 1, BATCHES[:1]) + shapley_records(20, 1, (8_192,))
    else:
        records = trainer_records(400_000, 5, 3, BATCHES) + shapley_records(1_000, 3, (32_768, 262_144))
    write(given.json, records)


if __name__ == "__main__":
    main()
