"""Folds of one Keras architecture with SMOTE in the fold: ``model.fit`` in a loop against KerasClassifier.

::

    python tests/benchmarks/bench_fold_trainer.py [--small] [--case "50k rows"] [--json FILE]

Both sides see the same rows, folds, SMOTE rows, architecture, epochs and batch size; the sides take turns fold by fold.
The plain side balances with imbalanced-learn's SMOTE, ours with the package's, which makes the same rows.
AUROCs must agree within 0.005; with fewer than 50,000 rows within two standard errors of the mean difference between
folds, where that is more.
Where fits are many or large, the plain side does some of them, and its time is scaled; every one of them is the same
work to it. Ours does all.
The plain side is written as people write it: a model built, compiled, fitted and asked to ``predict`` in every fold.
"""

from __future__ import annotations

import statistics
from typing import Any

from _harness import Record, chosen, options, serve, show, side_by_side, timed, write

CASES: dict[str, dict[str, Any]] = {
    "50k rows": {"rows": 50_000, "target": 6.0},
    "10k rows": {"rows": 10_000, "target": 3.0},
    "500k rows": {"rows": 500_000, "target": 8.0, "plain_every": 3},
    # SMOTE looks at all pairs of rare rows: a share that grows with their square.
    "500k rows, 3 % rare": {"rows": 500_000, "offset": -4.5, "target": 8.0, "plain_every": 3},
    "500k rows, 1.5 % rare": {"rows": 500_000, "offset": -5.5, "target": 8.0, "plain_every": 3},
    "50k rows, 10 repeats (50 fits)": {"rows": 50_000, "repeats": 10, "target": 12.0, "plain_every": 6},
    "50k rows, dropout and batch norm": {
        "rows": 50_000,
        "builder": {"dropout": 0.2, "batch_norm": True},
        "target": 1.0,
    },
    "50k rows, 10 times larger network": {"rows": 50_000, "builder": {"hidden": [256, 128]}, "target": 1.0},
}
SMALL = {"4k rows": {"rows": 4_000, "folds": 3, "epochs": 4}}
N_COLUMNS, EPOCHS, BATCH, FOLDS = 30, 10, 256, 5
MOST_AUROC_DIFFERENCE = 0.005
FEW_ROWS = 50_000


def make_rows(n_rows: int, offset: float = -3.4) -> tuple[Any, Any]:
    """Return rows whose rare class (about 8 %) depends on sums and products of columns."""
    import numpy as np

    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, N_COLUMNS))
    logit = X[:, 0] + X[:, 1] * X[:, 2] + np.sin(2 * X[:, 3]) + 0.5 * X[:, 4] + offset
    return X, (rng.random(n_rows) < 1 / (1 + np.exp(-logit))).astype(int)


def plain(X_train: Any, y_train: Any, X_test: Any, case: dict[str, Any], seed: int) -> Any:
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


def ours(X_train: Any, y_train: Any, X_test: Any, case: dict[str, Any], seed: int) -> Any:
    """Train the same with KerasClassifier."""
    from appliedml.models.keras_classifier import KerasClassifier

    builder = {"mlp": case.get("builder", {})}
    model = KerasClassifier(builder, epochs=case.get("epochs", EPOCHS), batch_size=BATCH, random_state=seed)
    return model.fit(X_train, y_train).predict_proba(X_test)[:, 1]


def make_side(side: str) -> Any:
    """Return what sets up one side of a case."""

    def make(case: dict[str, Any]) -> Any:
        import keras  # noqa: F401 - imported before the clock starts
        from imblearn.over_sampling import SMOTE
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import StratifiedKFold

        import appliedml.models.keras_classifier
        import appliedml.models.training  # noqa: F401
        from appliedml.stages.balance.smote import Smote

        X, y = make_rows(case["rows"], case.get("offset", -3.4))
        n_folds = case.get("folds", FOLDS)
        fit, balance = (plain, SMOTE) if side == "plain" else (ours, Smote)

        def fold(piece: int) -> dict[str, Any]:
            repeat, number = divmod(piece, n_folds)
            train, test = list(StratifiedKFold(n_folds, shuffle=True, random_state=repeat).split(X, y))[number]
            smote, (X_train, y_train) = timed(lambda: balance(random_state=number).fit_resample(X[train], y[train]))
            rest, scores = timed(lambda: fit(X_train, y_train, X[test], case, seed=100 * repeat + number))
            both = {name: smote[name] + rest[name] for name in rest}
            return {**both, "smote_seconds": smote["seconds"], "roc_auc": float(roc_auc_score(y[test], scores))}

        return fold

    return make


def measure(name: str, case: dict[str, Any]) -> Record:
    """Run both sides of a case."""
    n_fits = case.get("folds", FOLDS) * case.get("repeats", 1)
    every = case.get("plain_every", 1)
    sides, figures = side_by_side(__file__, case, n_fits, case.get("rounds", 1), every)
    # On the folds that both sides did.
    both = {"plain": sides["plain"].pieces, "ours": sides["ours"].pieces[::every]}
    areas = {side: statistics.fmean(piece["roc_auc"] for piece in pieces) for side, pieces in both.items()}
    # The share of both sides that is imbalanced-learn's.
    smote = {side: n_fits / len(its.pieces) * its.total("smote_seconds") for side, its in sides.items()}
    without = {side: n_fits / len(its.pieces) * its.total("seconds") - smote[side] for side, its in sides.items()}
    target = case.get("target")
    differences = [theirs["roc_auc"] - own["roc_auc"] for theirs, own in zip(both["plain"], both["ours"], strict=True)]
    # Both sides draw their own starting weights: on few rows two trainings differ by more, whoever does them.
    noise = 2 * statistics.stdev(differences) / len(differences) ** 0.5
    allowed = max(MOST_AUROC_DIFFERENCE, noise) if case["rows"] < FEW_ROWS else MOST_AUROC_DIFFERENCE
    close = abs(areas["plain"] - areas["ours"]) < allowed
    return Record(
        work=f"{n_fits} fits of an MLP, {name} x {N_COLUMNS}, SMOTE in the fold",
        today=f"model.fit in a loop: {figures['plain_s']:.1f} s"
        + (f" ({len(both['plain'])} of {n_fits} fits timed)" if every > 1 else ""),
        ours=f"{figures['ours_s']:.1f} s, {smote['ours']:.1f} s of it SMOTE; {without['plain'] / without['ours']:.1f}x "
        "without",
        ratio=figures["ratio"],
        accuracy=f"AUROC {areas['plain']:.4f} / {areas['ours']:.4f}",
        target=f"{target:g}x, AUROC within {allowed:.3f}" if target else "",
        met=None if target is None else bool(figures["ratio"] >= target and close),
        details={
            **figures,
            "smote_s": smote,
            "ratio_without_smote": without["plain"] / without["ours"],
            "first_fold_s": {side: found.pieces[0]["seconds"] for side, found in sides.items()},
            "roc_auc": areas,
            "two_standard_errors_of_the_difference": noise,
        },
    )


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    if given.side:
        serve(make_side(given.side), given.case[0])
        return
    cases = SMALL if given.small else chosen(CASES, given.case)
    records = []
    for name, case in cases.items():
        records.append(measure(name, case))
        show(records[-1])
        write(given.json, records)


if __name__ == "__main__":
    main()
