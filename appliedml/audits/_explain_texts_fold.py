"""The texts of one fold explained word by word, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.audits._explain_rows import outputs_of, stratified_rows
from appliedml.core.fold import Fold
from appliedml.core.seeds import derive_seed
from appliedml.core.texts import Texts
from appliedml.explain.agreement import rank_correlations
from appliedml.explain.exact import exact_shapley
from appliedml.explain.faithfulness import Walks, deletion_insertion
from appliedml.explain.masker import Scorer, class_scorer
from appliedml.explain.shapley import FEWEST_DRAWS, MIN_DRAWS, Budget, sampled_shapley
from appliedml.explain.values import ShapleyValues
from appliedml.explain.words import EncodedWordMasker, WordMasker, players_of_words, word_spans

# Words of the short texts on which sampling is compared with enumeration, and how many texts.
EXACT_WORDS = 10
EXACT_TEXTS = 3
WALK_RANDOM = 2
AUTO_EXACT = 8
_CALL_ROWS = 2_048


class TextGame:
    """Texts of a fold, and how each becomes a game between its words.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    outputs : tuple of int
        Class codes that are explained.
    scale : str
        "probability" or "log_odds".
    max_players : int
    token : str
        What stands for a hidden word; "" removes it.
    """

    def __init__(self, pipeline: Any, outputs: tuple[int, ...], scale: str, max_players: int, token: str) -> None:
        self.pipeline, self.outputs, self.scale = pipeline, outputs, scale
        self.max_players, self.token = max_players, token
        model = pipeline.model_
        encoder = getattr(model, "encoder_", None)
        transforms = any(hasattr(stage, "transform") for _, stage in pipeline.steps_)
        # Arrays with hidden words are made from the encoded text; otherwise each text is written out and read again.
        able = not transforms and not token and hasattr(encoder, "mask") and hasattr(encoder, "words")
        self.encoder = encoder if able else None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a text stand, those only that the model reads where that is known."""
        if self.encoder is None:
            return word_spans(text)
        spans = [(start, stop) for start, stop, _ in self.encoder.words([text])[0]]
        places = self.encoder.token_positions(len(spans))
        return [span for span, place in zip(spans, places, strict=True) if place >= 0]

    def of(self, text: str) -> tuple[Any, list[tuple[int, int]], list[NDArray[np.intp]]] | None:
        """Return the masker of a text, its words and players; None for a text without words."""
        spans = self.spans(text)
        if not spans:
            return None
        players = players_of_words(len(spans), self.max_players)
        plain = WordMasker(text, spans, players, self.token, Texts)
        if self.encoder is None:
            return plain, spans, players
        encoder, arrays = self.encoder, self.encoder.encode([text])

        def mask(hidden: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
            found: dict[str, NDArray[Any]] = encoder.mask(arrays, 0, hidden)
            return found

        return EncodedWordMasker(mask, len(spans), players, plain.names), spans, players

    def scorer(self, score: Callable[[Any], NDArray[np.float64]] | None = None) -> Scorer:
        """Return the calibrated scores of what the maskers make; of another network where one is given."""
        pipeline = self.pipeline
        if score is not None:
            return class_scorer(score, self.outputs, self.scale)
        if self.encoder is not None:
            return class_scorer(pipeline.score_transformed, self.outputs, self.scale)
        return class_scorer(pipeline.predict_proba, self.outputs, self.scale)


def explain_texts(fold: Fold, options: Any, n_texts: int, seed: int) -> dict[str, Any] | str:
    """Explain test texts of a fold; a text says why that is not possible.

    Parameters
    ----------
    fold : Fold
    options : ExplainTexts
    n_texts : int
    seed : int

    Returns
    -------
    dict or str
        Plain data for ``conclude``. No text, unless the plan releases texts.
    """
    if not isinstance(fold.test.X, Texts):
        return f"The rows are {type(fold.test.X).__name__}, not texts; only texts are explained by this audit."
    rows = stratified_rows(fold.test, n_texts, derive_seed(seed, "rows"))
    test = fold.test.take(rows)
    texts, outputs = list(test.X), outputs_of(fold)
    game = TextGame(fold.pipeline, outputs, options.output, options.max_players, options.hidden_token)
    scorer, budget = game.scorer(), _budget(options)
    unit = test.row_id if test.group is None else test.group
    found: dict[str, Any] = {
        "fold": fold.number, "seed": seed, "classes": fold.classes, "outputs": outputs, "texts": [], "n_empty": 0,
        "in_arrays": game.encoder is not None, "walks": [], "check": None, "randomised": None,
    }  # fmt: skip
    for place, text in enumerate(texts):
        made = game.of(text)
        if made is None:
            found["n_empty"] += 1
            continue
        masker, spans, players = made
        values = _values(masker, scorer, budget, derive_seed(seed, "sample", place))
        decided = int(values.scores[0].argmax())
        found["walks"].append(
            deletion_insertion(
                masker, scorer, values, output=decided, n_random=WALK_RANDOM, seed=derive_seed(seed, "walk", place),
                batch_rows=_CALL_ROWS,
            )
        )  # fmt: skip
        found["texts"].append(_record(values, text, spans, players, decided) | {"unit": unit[place]})
        if place < options.release_texts:
            found["texts"][-1] |= _released(text, spans, players, str(test.row_id[place]))
    if not found["texts"]:
        return "None of the test texts that were drawn has a word."
    found["walks"] = Walks.joined(found["walks"])
    if fold.number == 0:
        found["check"] = _check(game, scorer, texts, budget, seed)
        found["randomised"] = _randomised(game, fold.pipeline, texts, budget, seed)
    return found


def _budget(options: Any) -> Budget:
    most = options.n_permutations
    fewest = MIN_DRAWS if most is None else max(FEWEST_DRAWS, min(MIN_DRAWS, most))
    return Budget(
        target_error=options.target_error, max_permutations=most, min_permutations=fewest, batch_rows=_CALL_ROWS
    )


def _values(masker: Any, scorer: Scorer, budget: Budget, seed: int) -> ShapleyValues:
    if len(masker.names) <= AUTO_EXACT:
        return exact_shapley(masker, scorer, batch_rows=budget.batch_rows)
    return sampled_shapley(masker, scorer, budget=budget, seed=seed)


def _record(
    values: ShapleyValues, text: str, spans: list[tuple[int, int]], players: list[NDArray[np.intp]], decided: int
) -> dict[str, Any]:
    """What is kept of a text: values by word form, never the text itself."""
    words = [text[start:stop].casefold() for start, stop in spans]
    # A phrase's value is shared evenly among its words.
    shares = [np.repeat(values.values[0, [k]] / len(own), len(own), axis=0) for k, own in enumerate(players)]
    forms: dict[str, NDArray[np.float64]] = {}
    for word, value in zip(words, np.concatenate(shares), strict=True):
        forms[word] = forms.get(word, 0.0) + value
    return {
        "forms": forms,
        "values": values.values[0],
        "errors": values.standard_errors[0],
        "base": values.base_values,
        "score": values.scores[0],
        "decided": decided,
        "residual": values.additivity_residual,
        "n_words": len(words),
        "n_players": len(players),
        "n_evaluations": values.n_evaluations,
        "n_permutations": int(values.n_permutations[0]),
        "reached": values.reached_target,
    }


def _released(text: str, spans: list[tuple[int, int]], players: list[NDArray[np.intp]], row_id: str) -> dict[str, Any]:
    """The text in pieces: what lies between players belongs to nobody (player -1)."""
    pieces: list[tuple[str, int]] = []
    end = 0
    for number, words in enumerate(players):
        start, stop = spans[words[0]][0], spans[words[-1]][1]
        if start > end:
            pieces.append((text[end:start], -1))
        pieces.append((text[start:stop], number))
        end = stop
    if end < len(text):
        pieces.append((text[end:], -1))
    return {"row_id": row_id, "pieces": pieces}


def _check(game: TextGame, scorer: Scorer, texts: list[str], budget: Budget, seed: int) -> dict[str, Any] | None:
    """How far sampled values are from exact ones, on the first words of some texts."""
    off, size, expected, n = 0.0, 0.0, 0.0, 0
    for place, text in enumerate(texts):
        spans = game.spans(text)[:EXACT_WORDS]
        if len(spans) < EXACT_WORDS or n == EXACT_TEXTS:
            continue
        short = text[: spans[-1][1]]
        made = game.of(short)
        if made is None or len(made[0].names) > EXACT_WORDS + 2:
            continue
        exact = exact_shapley(made[0], scorer, batch_rows=budget.batch_rows).values
        drawn = sampled_shapley(
            made[0], scorer, budget=replace(budget, target_error=None, max_permutations=MIN_DRAWS),
            seed=derive_seed(seed, "check", place),
        )  # fmt: skip
        off += float(((drawn.values - exact) ** 2).sum())
        size += float((exact**2).sum())
        expected += float((drawn.standard_errors**2).sum())
        n += 1
    if not n or size == 0:
        return None
    return {"n": n, "distance": float(np.sqrt(off / size)), "expected": float(np.sqrt(expected / size))}


def _randomised(game: TextGame, pipeline: Any, texts: list[str], budget: Budget, seed: int) -> dict[str, Any]:
    """Rank correlation of absolute values with those of networks with random weights."""
    model = pipeline.model_
    if game.encoder is None or not hasattr(model, "randomised_scorer"):
        return {"correlations": None, "how": "the model offers no copy of itself with random weights"}
    # The same scale as the explanation: its calibrator comes after the network in both.
    random = model.randomised_scorer(derive_seed(seed, "randomised"))
    calibrated = pipeline.calibrator_.transform
    other = game.scorer(lambda arrays: calibrated(random(arrays)))
    correlations = []
    for place, text in enumerate(texts[:20]):
        made = game.of(text)
        if made is None or len(made[0].names) < 4:
            continue
        limited = replace(budget, target_error=None, max_permutations=budget.min_permutations)
        seeds = derive_seed(seed, "pair", place)
        own, theirs = (
            sampled_shapley(made[0], one, budget=limited, seed=seeds).values[:, :, 0] for one in (game.scorer(), other)
        )
        correlations.append(rank_correlations(np.abs(own), np.abs(theirs)))
    if not correlations:
        return {"correlations": None, "how": "no text has four words"}
    return {"correlations": np.concatenate(correlations), "how": "all weights random"}
