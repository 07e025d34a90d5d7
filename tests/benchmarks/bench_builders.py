"""Every kind of network: ``model.fit`` in a loop of folds against the fold trainer.

::

    python tests/benchmarks/bench_builders.py [--small] [--case lstm] [--json FILE]

Both sides train the very same Keras model (the builder's; keras.layers.Dropout in place of our own on the plain side)
from logits, for the same epochs and batch size, and predict the fold's test rows. The sides take turns fold by fold.
For builders of images and texts, whose inputs are learned from the training rows, both sides are a KerasClassifier:
``trainer="keras"``, which is ``model.fit``, against the default. Outputs of a frozen pre-trained network are computed
before the clock starts, for both; its weights are those that are installed, or random where none are.
"""

from __future__ import annotations

import atexit
import sys
import tempfile
from typing import Any

from _harness import ROOT, Record, chosen, options, serve, show, side_by_side, timed, write

FOLDS = 5
# Folds of these have too few steps for compilation to pay: the trainer must notice.
SHORT = {"rows": 1_000, "epochs": 3, "batch": 256}
CASES: dict[str, dict[str, Any]] = {
    "small CNN": {"builder": "SmallCnn", "rows": 5_000, "epochs": 4, "batch": 32, "target": 2.0},
    "conv1d text": {"builder": "Conv1dText", "rows": 10_000, "epochs": 5, "batch": 32, "target": 2.5},
    "LSTM text": {"builder": "LstmText", "rows": 10_000, "epochs": 5, "batch": 32, "target": 2.5},
    "mlp": {"builder": "mlp"},
    "mlp, dropout and batch norm": {"builder": "mlp", "with": {"dropout": 0.2, "batch_norm": True}},
    "mlp, residual, wide": {"builder": "mlp", "with": {"hidden": [512, 512, 512], "residual": True}},
    "mlp, piecewise numbers": {"builder": "mlp", "with": {"numeric_embedding": "piecewise"}},
    "mlp, periodic numbers": {"builder": "mlp", "with": {"numeric_embedding": "periodic"}},
    "deep_cross": {"builder": "deep_cross"},
    "deep_cross, dropout and batch norm": {"builder": "deep_cross", "with": {"dropout": 0.2, "batch_norm": True}},
    "autoencoder": {"builder": "autoencoder"},
    "autoencoder, dropout": {"builder": "autoencoder", "with": {"dropout": 0.2, "input_dropout": 0.1}},
    "mlp, short": {"builder": "mlp", **SHORT},
    "deep_cross, short": {"builder": "deep_cross", **SHORT},
    "autoencoder, short": {"builder": "autoencoder", **SHORT},
    "small CNN, short": {"builder": "SmallCnn", **SHORT | {"batch": 32}},
    "conv1d text, short": {"builder": "Conv1dText", **SHORT | {"batch": 32}},
    "LSTM text, short": {"builder": "LstmText", **SHORT | {"batch": 32}},
}
# scikit-learn's digits and the first of the embedded reviews.
DIGITS = {"reads": "images", "rows": 1_797, "epochs": 5, "batch": 32, "folds": 3}
REVIEWS = {"reads": "texts", "rows": 1_500, "epochs": 3, "batch": 32, "folds": 3}
CASES |= {
    "cnn": {"builder": "cnn", **DIGITS},
    # 16 patches a picture: with the default of 8 pixels a digit would be one.
    "vit": {"builder": "vit", "with": {"patch": 2}, **DIGITS},
    "text_cnn": {"builder": "text_cnn", **REVIEWS},
    "recurrent": {"builder": "recurrent", **REVIEWS},
    "text_transformer": {"builder": "text_transformer", **REVIEWS},
    "image_transfer": {"builder": "image_transfer", "with": {"size": 64}, **DIGITS | {"epochs": 20}},
    "image_transfer, upper part trained": {
        "builder": "image_transfer",
        "with": {"size": 64, "fine_tune_from": "block6a", "head_epochs": 2},
        **DIGITS | {"rows": 600},
    },
    "text_transfer": {"builder": "text_transfer", "with": {"length": 32}, **REVIEWS | {"epochs": 20}},
    "text_transfer, last layer trained": {
        "builder": "text_transfer",
        "with": {"length": 32, "fine_tune_layers": 1, "head_epochs": 2},
        **REVIEWS | {"rows": 600, "epochs": 4},
    },
}
# A difference in AUROC or accuracy that is called none.
MOST_DIFFERENCE = 0.005
SMALL = ("small CNN", "conv1d text", "autoencoder, dropout")
# Each side makes the same tiny encoder of random weights in a folder of its own.
TINY = "tiny"
# Enough steps for the trainer to choose XLA.
DEFAULTS: dict[str, Any] = {"rows": 20_000, "epochs": 5, "batch": 64, "folds": FOLDS, "with": {}, "target": 1.0}


def small_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return a case of tiny size, with as many epochs as its stretches need."""
    head = case.get("with", {}).get("head_epochs", 0)
    rows = 120 if "reads" in case else 600
    return {**case, "rows": rows, "epochs": 1 + head, "folds": 2, "rounds": 1}


def weights_here(builder: str) -> tuple[str, dict[str, Any]]:
    """Return which weights of a pre-trained network there are, in words, and the parameters that ask for them."""
    if not builder.endswith("_transfer"):
        return "", {}
    from appliedml.pretrained.backbones import weights_problem
    from appliedml.pretrained.minilm import NAME, encoder_problem

    if builder == "image_transfer":
        missing, random = weights_problem("efficientnet_lite0", "imagenet"), {"weights": "random"}
    else:
        missing, random = encoder_problem(NAME, None), {"weights": TINY, "layers": [2, 3]}
    return (" (random weights)", random) if missing else (" (installed weights)", {})


def random_encoder() -> str:
    """Write a tiny encoder of random weights, the same for both sides, and return its folder."""
    sys.path.insert(0, str(ROOT / "tests"))
    import _tiny_bert

    folder = tempfile.TemporaryDirectory()
    # Every fold reads it.
    atexit.register(folder.cleanup)
    return _tiny_bert.make(folder.name)


def problem(case: dict[str, Any]) -> tuple[Any, Any]:
    """Return the network and the rows of a case."""
    import _networks

    from appliedml.core import registry
    from appliedml.models._inputs import InputSpec
    from appliedml.models._settings import Network

    name = case["builder"]
    if name == "SmallCnn":
        return Network(_networks.SmallCnn(), InputSpec(()), _networks.N_CLASSES), _networks.make_images(case["rows"])
    if name.endswith("Text"):
        return Network(getattr(_networks, name)(), InputSpec(()), 1), _networks.make_texts(case["rows"])
    rows, spec = _networks.make_table(case["rows"])
    return Network(registry.build("builders", {name: case["with"]}), spec, 1), rows


def as_people_build_it(network: Any, seed: int) -> Any:
    """Return the builder's model with Keras' own dropout."""
    import keras

    from appliedml.models.builders._layers import HashDropout

    def swap(layer: Any) -> Any:
        if isinstance(layer, HashDropout):
            return keras.layers.Dropout(layer.rate, seed=layer.seed, name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    model = network.build(seed)
    if not any(isinstance(layer, HashDropout) for layer in model.layers):
        return model
    return keras.models.clone_model(model, clone_function=swap)


def plain(network: Any, rows: Any, test: Any, case: dict[str, Any], seed: int) -> tuple[Any, str]:
    """Train and predict with ``model.fit`` and ``model.predict``."""
    import keras
    import numpy as np

    builder = network.builder
    model = as_people_build_it(network, seed)
    view = builder.training_view(model)
    builder.adapt(model, rows.x)
    chosen_rows = builder.training_rows(rows.y, int(np.bincount(rows.y).argmax()))
    used = rows if chosen_rows is None else rows.where(chosen_rows)
    if not builder.trains_on_labels:
        loss: Any = lambda y, error: error  # noqa: E731
    elif network.n_outputs == 1:
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    view.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    view.fit(used.x, used.y, batch_size=case["batch"], epochs=case["epochs"], verbose=0)
    builder.finish(model, rows.x, rows.y, rows.weight)
    return model.predict(test.x, batch_size=4096, verbose=0), "model.fit"


def ours(network: Any, rows: Any, test: Any, case: dict[str, Any], seed: int) -> tuple[Any, str]:
    """Train with the fold trainer and predict with the compiled scorer."""
    from appliedml.models._scoring import Scorer
    from appliedml.models._settings import Settings
    from appliedml.models.training import train

    settings = Settings(epochs=case["epochs"], batch_size=case["batch"])
    trained = train(network, settings, rows, None, seed)
    found = Scorer(network, [trained.weights])(test.x)
    return (found[:, 1:] if network.n_outputs == 1 else found), trained.mode


def score(y: Any, output: Any) -> float:
    """AUROC of two classes, accuracy of several."""
    from sklearn.metrics import accuracy_score, roc_auc_score

    if output.shape[1] == 1:
        return float(roc_auc_score(y, output[:, 0]))
    return float(accuracy_score(y, output.argmax(axis=1)))


def images_or_texts(case: dict[str, Any]) -> tuple[Any, Any]:
    """Return what a builder of images or texts reads, and the classes."""
    import numpy as np

    if case["reads"] == "images":
        from sklearn.datasets import load_digits

        from appliedml.core.images import Images

        digits = load_digits()
        few = slice(case["rows"])
        return Images.of((digits.images[few, :, :, None] * 15.9).astype(np.uint8)), digits.target[few]
    import pandas as pd

    from appliedml.core.texts import Texts

    reviews = pd.read_parquet(ROOT / "data" / "reviews.parquet").head(case["rows"])
    return Texts(reviews["text"].tolist()), (reviews["score"] == "great").astype(int).to_numpy()


def make_classifiers(case: dict[str, Any], trainer: str) -> Any:
    """Return what fits and scores one fold of a builder of images or texts."""
    from sklearn.metrics import accuracy_score, roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    from appliedml.core import registry
    from appliedml.models.keras_classifier import KerasClassifier

    X, y = images_or_texts(case)
    parameters = case["with"]
    if parameters.get("weights") == TINY:
        parameters = parameters | {"weights": random_encoder()}
    entry = {case["builder"]: parameters}
    if case["builder"].endswith("_transfer"):
        registry.build("builders", entry).learn_inputs(X).encode(X)
    folds = list(StratifiedKFold(case["folds"], shuffle=True, random_state=0).split(y, y))

    def fold(piece: int) -> dict[str, Any]:
        train, test = folds[piece]
        model = KerasClassifier(
            entry,
            epochs=case["epochs"],
            batch_size=case["batch"],
            trainer=trainer,
            random_state=piece,
        )
        seconds, scores = timed(lambda: model.fit(X[train], y[train]).predict_proba(X[test]))
        two = scores.shape[1] == 2
        found = roc_auc_score(y[test], scores[:, 1]) if two else accuracy_score(y[test], scores.argmax(axis=1))
        return {**seconds, "score": float(found), "mode": model.mode_}

    return fold


def make_side(side: str) -> Any:
    """Return what sets up one side of a case."""

    def make(case: dict[str, Any]) -> Any:
        if "reads" in case:
            import appliedml.models.training

            return make_classifiers(case, "keras" if side == "plain" else "auto")
        import keras  # noqa: F401 - imported before the clock starts
        import numpy as np
        from sklearn.model_selection import StratifiedKFold

        import appliedml.models.builders._layers
        import appliedml.models.training  # noqa: F401

        network, rows = problem(case)
        folds = list(StratifiedKFold(case["folds"], shuffle=True, random_state=0).split(rows.y, rows.y))
        fit = plain if side == "plain" else ours

        def fold(piece: int) -> dict[str, Any]:
            train = np.zeros(len(rows), dtype=bool)
            train[folds[piece][0]] = True
            fitted, test = rows.where(train), rows.where(~train)
            seconds, (output, mode) = timed(lambda: fit(network, fitted, test, case, seed=piece))
            return {**seconds, "score": score(test.y, output), "mode": mode}

        return fold

    return make


def difference(by_fold: dict[str, list[float]]) -> tuple[float, float]:
    """Return the mean difference of the scores, ours minus plain, and half its 95 % interval over folds."""
    import numpy as np
    from scipy.stats import t

    of_folds = np.array(by_fold["ours"]) - np.array(by_fold["plain"])
    half = t.ppf(0.975, len(of_folds) - 1) * of_folds.std(ddof=1) / np.sqrt(len(of_folds))
    return float(of_folds.mean()), float(half)


def as_accurate(by_fold: dict[str, list[float]]) -> bool:
    """Whether our scores are no lower than by chance, or by less than can matter."""
    mean, half = difference(by_fold)
    return mean + half >= 0 or mean > -MOST_DIFFERENCE


def beside(what: str, by_fold: dict[str, list[float]]) -> str:
    """Return both scores and their difference over folds, in words."""
    mean, half = difference(by_fold)
    plain, ours = (sum(by_fold[side]) / len(by_fold[side]) for side in ("plain", "ours"))
    return f"{what} {plain:.4f} / {ours:.4f}, difference {mean:+.4f} (half of its interval {half:.4f})"


def measure(name: str, case: dict[str, Any]) -> Record:
    """Run both sides of a case."""
    case = DEFAULTS | case
    told, parameters = weights_here(case["builder"])
    case |= {"with": case["with"] | parameters}
    sides, figures = side_by_side(__file__, case, case["folds"], case.get("rounds", 1))
    scores = {side: found.mean("score") for side, found in sides.items()}
    by_fold = {side: [piece["score"] for piece in found.pieces] for side, found in sides.items()}
    mode = sides["ours"].pieces[0]["mode"]
    pictures = case.get("reads") == "images" or case["builder"] == "SmallCnn"
    what, target = "accuracy" if pictures else "AUROC", case["target"]
    size = f"{case['rows']:,} rows, {case['epochs']} epochs, batch {case['batch']}"
    # "Never slower" is judged with room for the noise of one round.
    least = 0.95 if target == 1.0 else target
    return Record(
        work=f"{case['folds']} folds, {name}{told}: {size}",
        today=f"model.fit in a loop: {figures['plain_s']:.1f} s",
        ours=f"{figures['ours_s']:.1f} s ({mode})",
        ratio=figures["ratio"],
        accuracy=beside(what, by_fold),
        target="" if target is None else ("not slower" if target == 1.0 else f"{target:g}x"),
        met=None if target is None else bool(figures["ratio"] >= least and as_accurate(by_fold)),
        details={
            **figures,
            "mode": mode,
            "score": scores,
            "first_fold_s": {side: found.pieces[0]["seconds"] for side, found in sides.items()},
            "scores_by_fold": by_fold,
        },
    )


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    if given.side:
        serve(make_side(given.side), given.case[0])
        return
    cases = chosen(CASES, given.case or (list(SMALL) if given.small else None))
    if given.small:
        cases = {name: small_of(case) for name, case in cases.items()}
    records = []
    for name, case in cases.items():
        records.append(measure(name, case))
        show(records[-1])
        write(given.json, records)


if __name__ == "__main__":
    main()
