"""shap's own explainers by name, on the same players, scorer and result as ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError
from appliedml.explain.masker import BATCH_ROWS, Masker, Scorer, background_scores, evaluate, full_scores
from appliedml.explain.players import Players
from appliedml.explain.values import ShapleyValues

MODEL_AGNOSTIC = ("permutation", "partition", "kernel")
GRADIENT_BASED = ("deep", "gradient")
SHAP_EXPLAINERS = (*MODEL_AGNOSTIC, *GRADIENT_BASED)
RAW_OUTPUT_NOTE = (
    "This explainer attributes the network's own output, before calibration; its values add up to that output."
)


def shap_values(
    masker: Masker, scorer: Scorer, *, method: str, max_evals: int = 500, seed: int = 0, batch_rows: int = BATCH_ROWS
) -> ShapleyValues:
    """Explain with one of shap's model-agnostic explainers.

    Parameters
    ----------
    masker : Masker
    scorer : callable
        One call scores many inputs, shape (n,) or (n, n_outputs).
    method : {"permutation", "partition", "kernel"}
        "partition" gives Owen values over a tree of the players (neighbours in the table first), not Shapley values.
    max_evals : int
        Coalitions a row; each is averaged over the whole background.
    seed : int
    batch_rows : int
        Most inputs a call.

    Returns
    -------
    ShapleyValues
        Without standard errors (NaN): shap gives none.

    Raises
    ------
    StageError
        If the method is unknown, or needs a network (see :func:`shap_network_values`).

    Notes
    -----
    shap sees players, not columns: it explains the game itself, from no player to all players, so that groups of
    columns, text columns and categories work in every explainer. NumPy's global random state is left as it was found.
    """
    if method in GRADIENT_BASED:
        raise StageError(f"shap_values: {method!r} explains a Keras network from its inside. Use shap_network_values.")
    if method not in MODEL_AGNOSTIC:
        raise StageError(f"shap_values: method must be one of {', '.join(MODEL_AGNOSTIC)}. It is {method!r}.")
    background = np.arange(masker.n_background)
    base = background_scores(masker, scorer, batch_rows).mean(axis=0)
    n_players, n_outputs = len(masker.names), len(base)
    values = np.empty((masker.n_rows, n_players, n_outputs))
    counted = 0

    def game_of(row: int) -> Callable[[Any], NDArray[np.float64]]:
        def worth(coalitions: Any) -> NDArray[np.float64]:
            nonlocal counted
            shown = np.asarray(coalitions).reshape(-1, n_players) > 0.5
            counted += len(shown) * len(background)
            present = np.repeat(shown, len(background), axis=0)[None]
            draws = np.tile(background, len(shown))
            scores = evaluate(masker, scorer, np.array([row]), present, draws, batch_rows)
            mean: NDArray[np.float64] = scores.reshape(len(shown), len(background), n_outputs).mean(axis=1)
            return mean

        return worth

    with _global_seed(seed):
        for row in range(masker.n_rows):
            values[row] = _one_row(method, game_of(row), n_players, max_evals).reshape(n_players, n_outputs)
    return ShapleyValues(
        values=values,
        standard_errors=np.full(values.shape, np.nan),
        base_values=base,
        scores=full_scores(masker, scorer, batch_rows),
        names=masker.names,
        method=method,
        n_permutations=np.zeros(masker.n_rows, dtype=np.int64),
        n_evaluations=counted,
    )


def _one_row(method: str, worth: Callable[[Any], Any], n_players: int, max_evals: int) -> NDArray[np.float64]:
    import shap

    everyone, nobody = np.ones((1, n_players)), np.zeros((1, n_players))
    if n_players == 1:
        alone: NDArray[np.float64] = worth(everyone) - worth(nobody)
        return alone
    if method == "kernel":
        explainer = shap.KernelExplainer(worth, nobody)
        # shap's default keeps ten players only and gives the others 0.
        found = explainer.shap_values(everyone, nsamples=max_evals, l1_reg=False, silent=True)
        return _first(found)
    if method == "permutation":
        evals = max(max_evals, 2 * n_players + 1)
        explainer = shap.PermutationExplainer(worth, _Coalitions(n_players))
        return _first(explainer(everyone, silent=True, max_evals=evals).values)
    explainer = shap.PartitionExplainer(worth, _Coalitions(n_players, _balanced_tree(n_players)))
    return _first(explainer(everyone, silent=True, max_evals=max_evals).values)


class _Coalitions:
    """A masker, as shap asks for one, whose inputs are the coalitions themselves."""

    def __init__(self, n_players: int, clustering: NDArray[np.float64] | None = None) -> None:
        self.shape = (1, n_players)
        self.clustering = clustering
        self.supports_delta_masking = False

    def __call__(self, mask: Any, x: Any) -> tuple[NDArray[np.float64]]:
        shown = np.full(len(x), mask) if isinstance(mask, bool) else np.asarray(mask)
        return (shown.astype(float)[None],)


def _first(found: Any) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.asarray(found, dtype=np.float64)[0]
    return values


def _balanced_tree(n_players: int) -> NDArray[np.float64]:
    """Merge neighbours, then neighbouring pairs: a linkage table as SciPy writes it."""
    nodes = [(player, 1) for player in range(n_players)]
    merges: list[list[float]] = []
    level = 1
    while len(nodes) > 1:
        merged = []
        for left, right in zip(nodes[::2], nodes[1::2], strict=False):
            merges.append([left[0], right[0], level, left[1] + right[1]])
            merged.append((n_players + len(merges) - 1, left[1] + right[1]))
        nodes = merged + ([nodes[-1]] if len(nodes) % 2 else [])
        level += 1
    return np.array(merges, dtype=float)


def shap_network_values(
    model: Any,
    rows: Any,
    background: Any,
    *,
    method: str,
    players: Players | None = None,
    outputs: tuple[int, ...] | None = None,
    max_evals: int = 200,
    seed: int = 0,
) -> ShapleyValues:
    """Explain a Keras network with ``shap.DeepExplainer`` or ``shap.GradientExplainer``.

    Parameters
    ----------
    model : keras.Model
        One numeric input of shape (n, n_columns).
    rows, background : array of shape (n, n_columns), numbers
    method : {"deep", "gradient"}
    players : Players, optional
        Columns are added up by player. Default: every column for itself.
    outputs : tuple of int, optional
        Which of the network's outputs; default all.
    max_evals : int
        Gradient samples a row ("gradient" only).
    seed : int

    Returns
    -------
    ShapleyValues
        Without standard errors; the note says that the network's own output is explained.

    Raises
    ------
    StageError
        If the model is no Keras model with one numeric input, or shap cannot explain its layers: DeepExplainer knows no
        gelu, layer normalisation, attention, recurrent or separable layers.

    Notes
    -----
    A DeepExplainer that fails leaves TensorFlow unable to train for the rest of the process; what it replaces is put
    back here, whatever happens. Do not run it in a thread beside training.
    """
    if method not in GRADIENT_BASED:
        raise StageError(f"shap_network_values: method must be 'deep' or 'gradient'. It is {method!r}.")
    x, reference = _numbers(method, rows), _numbers(method, background)
    if len(getattr(model, "inputs", ()) or ()) != 1:
        raise StageError(
            f"shap_network_values: {method!r} needs a Keras model with one numeric input. "
            f"{type(model).__name__} has {len(getattr(model, 'inputs', ()) or ())}. Use 'sampled'."
        )
    import shap

    groups = players if players is not None else Players(_names(x), tuple((at,) for at in range(x.shape[1])))
    with tensorflow_guard(), _global_seed(seed), warnings.catch_warnings():
        # Both libraries warn about how shap calls the network: nothing a user could mend.
        warnings.simplefilter("ignore", UserWarning)
        try:
            if method == "deep":
                explained = shap.DeepExplainer(model, reference).shap_values(x, check_additivity=False)
            else:
                explainer = shap.GradientExplainer(model, reference)
                explained = explainer.shap_values(x, nsamples=max_evals, rseed=seed)
        except Exception as error:
            raise StageError(
                f"shap_network_values: shap's {method!r} explainer cannot explain this network "
                f"({type(error).__name__}: {str(error).splitlines()[0][:160]}). Use 'sampled', which takes any model."
            ) from error
    raw = np.asarray(explained, dtype=np.float64).reshape(len(x), x.shape[1], -1)
    scores, base = _network_scores(model, x), _network_scores(model, reference)
    keep = list(range(raw.shape[2])) if outputs is None else list(outputs)
    values = np.stack([raw[:, list(group)].sum(axis=1) for group in groups.columns], axis=1)[:, :, keep]
    return ShapleyValues(
        values=values,
        standard_errors=np.full(values.shape, np.nan),
        base_values=base.mean(axis=0)[keep],
        scores=scores[:, keep],
        names=groups.names,
        method=method,
        n_permutations=np.zeros(len(x), dtype=np.int64),
        n_evaluations=len(x) * (max_evals if method == "gradient" else len(reference)),
        notes=(RAW_OUTPUT_NOTE,),
    )


def _numbers(method: str, table: Any) -> NDArray[np.float32]:
    try:
        return np.ascontiguousarray(np.asarray(table), dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise StageError(
            f"shap_network_values: {method!r} needs numeric inputs, for it follows gradients. Use 'sampled'."
        ) from error


def _names(x: NDArray[Any]) -> tuple[str, ...]:
    return tuple(f"x{at}" for at in range(x.shape[1]))


def _network_scores(model: Any, x: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(model(x, training=False), dtype=np.float64).reshape(len(x), -1)


@contextmanager
def tensorflow_guard() -> Iterator[None]:
    """Put back what ``shap.DeepExplainer`` replaces inside TensorFlow, even where it fails.

    Yields
    ------
    None
    """
    from tensorflow.python.eager import execute

    saved = execute.record_gradient
    try:
        yield
    finally:
        execute.record_gradient = saved


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, which shap draws from, and put its state back."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
