"""One fold explained: by which explainer, against which background, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from appliedml.audits._explain_checks import distance_check, randomised, walks
from appliedml.audits._explain_rows import Explained, outputs_of, stratified_rows
from appliedml.core.fold import Fold
from appliedml.core.seeds import derive_seed
from appliedml.errors import StageError
from appliedml.explain.exact import MAX_EXACT_PLAYERS
from appliedml.explain.masker import Scorer, class_scorer
from appliedml.explain.shap_explainers import GRADIENT_BASED, MODEL_AGNOSTIC, shap_network_values, shap_values
from appliedml.explain.shapley import AUTO_EXACT_PLAYERS, Budget, shapley_values
from appliedml.explain.table import TableMasker
from appliedml.explain.values import ShapleyValues


def explain(fold: Fold, options: Any, n_rows: int, seed: int) -> Explained | str:
    """Explain test rows of a fold; a text says why that is not possible.

    Parameters
    ----------
    fold : Fold
    options : ExplainShap
    n_rows : int
    seed : int

    Returns
    -------
    Explained or str
    """
    rows = stratified_rows(fold.test, n_rows, derive_seed(seed, "rows"))
    known = stratified_rows(fold.train, options.background_rows, derive_seed(seed, "background"))
    table = fold.pipeline.transform_inputs(fold.test.take(rows))
    background = fold.pipeline.transform_inputs(fold.train.take(known))
    if not isinstance(table, pd.DataFrame):
        return f"The model reads {type(table).__name__}, not a table; only tables are explained by this audit."
    masker = TableMasker(table, background, sources=fold.pipeline.feature_sources_)
    outputs = outputs_of(fold)
    scorer = class_scorer(fold.pipeline.score_transformed, outputs, options.output)
    try:
        values, why = _values(fold, options, masker, scorer, table, background, seed)
    except _NotExplainableError as error:
        return str(error)
    return Explained(masker, scorer, values, rows, outputs, why, seed)


class _NotExplainableError(Exception):
    """The explainer that was asked for cannot explain this model."""


def _values(
    fold: Fold, options: Any, masker: TableMasker, scorer: Scorer, table: pd.DataFrame, background: Any, seed: int
) -> tuple[ShapleyValues, str]:
    n_players, method = len(masker.names), options.explainer
    if method in GRADIENT_BASED:
        network = _network(fold.pipeline.model_, table, method, options.output)
        outputs = (0,) if fold.binary else None
        try:
            found = shap_network_values(
                network, table, background, method=method, players=masker.players, outputs=outputs, seed=seed
            )
        except StageError as error:
            raise _NotExplainableError(str(error)) from error
        return found, f"{method} was asked for."
    if method in MODEL_AGNOSTIC:
        evals = 500 if options.n_permutations is None else 2 * options.n_permutations * (n_players + 1)
        return shap_values(masker, scorer, method=method, max_evals=evals, seed=seed), f"{method} was asked for."
    if method == "exact" and n_players > MAX_EXACT_PLAYERS:
        raise _NotExplainableError(
            f"explainer='exact' enumerates all coalitions of at most {MAX_EXACT_PLAYERS} features. The model uses "
            f"{n_players}. Use 'sampled' or 'auto'."
        )
    budget = Budget(target_error=options.target_error, max_permutations=options.n_permutations)
    found = shapley_values(masker, scorer, method=method, budget=budget, seed=seed)
    if method != "auto":
        return found, f"{method} was asked for."
    if found.method == "exact":
        return found, f"{n_players} features are few enough to enumerate every coalition, so the values are exact."
    return (
        found,
        f"{n_players} features are too many to enumerate (up to {AUTO_EXACT_PLAYERS} are), so coalitions are sampled.",
    )


def _network(model: Any, table: pd.DataFrame, method: str, output: str) -> Any:
    if output != "probability":
        raise _NotExplainableError(
            f"explainer={method!r} explains the network's probability. Use output='probability'."
        )
    if not callable(getattr(model, "to_keras", None)):
        raise _NotExplainableError(
            f"explainer={method!r} follows gradients through a Keras network. {type(model).__name__} is none. "
            "Use 'sampled', which explains any model."
        )
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes):
        raise _NotExplainableError(
            f"explainer={method!r} needs numeric inputs, and the model reads categories. Use 'sampled', or encode them."
        )
    import keras

    network = model.to_keras()
    return keras.Model(network.inputs[0], network.outputs[0])


def evidence_of(fold: Fold, explained: Explained, options: Any) -> dict[str, Any]:
    """Return what ``conclude`` needs of one fold, as plain data.

    Parameters
    ----------
    fold : Fold
    explained : Explained
    options : ExplainShap

    Returns
    -------
    dict
    """
    test, values, names = fold.test.take(explained.rows), explained.values, explained.masker.names
    shown = test.X[[name for name in names if name in test.X.columns]] if isinstance(test.X, pd.DataFrame) else None
    found: dict[str, Any] = {
        "fold": fold.number,
        "seed": explained.seed,
        "classes": fold.classes,
        "outputs": explained.outputs,
        "names": names,
        "values": values.values,
        "scores": values.scores,
        "base_values": values.base_values,
        "standard_errors": values.standard_errors,
        "method": values.method,
        "why": explained.why,
        "notes": values.notes,
        "reached_target": values.reached_target,
        "n_evaluations": values.n_evaluations,
        "mean_permutations": float(values.n_permutations.mean()),
        "n_background": explained.masker.n_background,
        "additivity_residual": values.additivity_residual,
        "features": pd.DataFrame(index=range(len(test))) if shown is None else shown.reset_index(drop=True),
        "sensitive": test.sensitive.reset_index(drop=True),
        "sources": {item.name: item.column for item in test.schema.sensitive_features},
        "bands": {item.name: item.band_labels() for item in test.schema.sensitive_features if item.edges},
        "unit": test.row_id if test.group is None else test.group,
        "walks": walks(fold, explained),
        # Checks of the explainer rather than of the fold: once is enough.
        "check": distance_check(explained) if fold.number == 0 else None,
        "randomised": randomised(fold, explained) if fold.number == 0 else None,
    }
    if options.local_rows:
        found["row_id"] = test.row_id
    return found
