"""How far the explanation of a fold can be trusted: faithfulness, distance to exact values, randomised weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.audits._explain_rows import Explained, stratified_rows
from appliedml.core.fold import Fold
from appliedml.core.seeds import derive_seed
from appliedml.explain.agreement import rank_correlations
from appliedml.explain.designs import n_coalitions
from appliedml.explain.exact import MAX_EXACT_PLAYERS, exact_shapley
from appliedml.explain.faithfulness import Walks, deletion_insertion
from appliedml.explain.masker import Scorer, class_scorer
from appliedml.explain.shap_explainers import GRADIENT_BASED
from appliedml.explain.shapley import Budget, sampled_shapley, smallest_budget

WALK_ROWS = 100
WALK_BACKGROUND = 25
WALK_RANDOM = 3
RANDOMISED_ROWS = 50
REFIT_ROWS = 2000
# Inputs that the comparison with exact values (or with a long run) may score, and the rows it covers at most.
CHECK_INPUTS = 2_000_000
CHECK_ROWS = 10
LONG_RUN = 16


def explained_output(explained: Explained) -> NDArray[np.intp]:
    """Column of the output that decides each row: the only one, or the most probable class."""
    return np.asarray(explained.values.scores.argmax(axis=1), dtype=np.intp)


def walks(fold: Fold, explained: Explained) -> Walks:
    """Deletion and insertion, over part of the rows and of the background: the curves need no more."""
    if explained.values.method in GRADIENT_BASED:
        scorer = class_scorer(fold.pipeline.score_transformed, explained.outputs)
        scores = np.asarray(scorer(fold.pipeline.transform_inputs(fold.test.take(explained.rows))))
        values = replace(explained.values, scores=scores)
    else:
        scorer, values = explained.scorer, explained.values
    n = min(len(values.values), max(1, WALK_ROWS // fold.n_folds))
    some = np.linspace(0, len(values.values) - 1, n).astype(np.intp)
    fewer = explained.masker.with_background(WALK_BACKGROUND)
    picked = replace(values, values=values.values[some], scores=values.scores[some])
    return deletion_insertion(
        fewer,
        scorer,
        picked,
        rows=some,
        output=explained_output(explained)[some],
        n_random=WALK_RANDOM,
        seed=derive_seed(explained.seed, "walks"),
    )


def distance_check(explained: Explained) -> dict[str, Any] | None:
    """Distance to exact values, or to a run that is 16 times as long, on a few rows.

    Both the distance and what the standard errors of the same rows lead to expect are shares of the size of all values
    of the fold, as the stated error is. Measured by the size of those few rows, it would not be comparable: most rows
    of a rare outcome have small values, and the error is held below a share of the size of all.
    """
    masker, values = explained.masker, explained.values
    if values.method not in ("sampled", "permutation", "kernel"):
        return None
    n_players = len(masker.names)
    long = LONG_RUN * smallest_budget(masker.n_background)
    exactly = n_players <= MAX_EXACT_PLAYERS
    inputs_a_row = 2**n_players * masker.n_background if exactly else long * n_coalitions("balanced", n_players)
    n = int(np.clip(CHECK_INPUTS // inputs_a_row, 1, min(CHECK_ROWS, masker.n_rows)))
    rows = np.linspace(0, masker.n_rows - 1, n).astype(np.intp)
    if exactly:
        reference = exact_shapley(masker, explained.scorer, rows=rows)
    else:
        budget = Budget(target_error=None, max_permutations=long)
        seed = derive_seed(explained.seed, "check")
        reference = sampled_shapley(masker, explained.scorer, budget=budget, seed=seed, rows=rows)
    size = _rms(values.values)
    # The reference errs too, though less.
    expected = np.hypot(_rms(values.standard_errors[rows]), _rms(reference.standard_errors))
    return {
        "reference": "exact values" if exactly else f"a run with {long:,} permutations a row",
        "n": n,
        "distance": _rms(values.values[rows] - reference.values) / size if size else 0.0,
        "expected": float(expected) / size if size else 0.0,
    }


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


def randomised(fold: Fold, explained: Explained) -> dict[str, Any]:
    """Rank correlation, row by row, with the explanations of a model that learned nothing."""
    scorer, how = _unlearned(fold, derive_seed(explained.seed, "randomised"))
    if scorer is None:
        return {"how": how, "correlations": None}
    masker, output = explained.masker, explained_output(explained)
    rows = np.linspace(0, masker.n_rows - 1, min(RANDOMISED_ROWS, masker.n_rows)).astype(np.intp)
    chosen = class_scorer(scorer, explained.outputs)
    if explained.values.method == "exact":
        other = exact_shapley(masker, chosen, rows=rows)
    else:
        seed = derive_seed(explained.seed, "other")
        other = sampled_shapley(masker, chosen, budget=Budget(target_error=0.1), seed=seed, rows=rows)
    first = explained.values.values[rows, :, output[rows]]
    second = other.values[np.arange(len(rows)), :, output[rows]]
    return {"how": how, "correlations": rank_correlations(first, second)}


def _unlearned(fold: Fold, seed: int) -> tuple[Scorer | None, str]:
    model = fold.pipeline.model_
    if callable(getattr(model, "randomised_scorer", None)):
        return model.randomised_scorer(seed), "the network with its weights drawn anew"
    if fold.pipeline.history_ is not None:
        return None, f"{type(model).__name__} offers no randomised weights, and training it again is not cheap"
    from sklearn.base import clone

    some = fold.train.take(stratified_rows(fold.train, REFIT_ROWS, seed))
    labels = np.random.default_rng(seed).permutation(np.asarray(some.y))
    if len(np.unique(labels)) < len(fold.classes):
        return None, "too few training rows hold every class"
    refit = clone(model).fit(fold.pipeline.transform_inputs(some), labels)
    return refit.predict_proba, f"the model fitted to shuffled labels of {len(some):,} training rows"
