"""Shapley values of words: shap's Partition explainer over ``model.predict`` against the engine.

::

    python tests/benchmarks/bench_text_shapley.py [--small] [--json FILE]

50 reviews, a small ``text_cnn``. shap as people use it: ``Text(r"\\W+")`` cuts the text, Partition asks for 500
evaluations, the function encodes the texts and calls Keras's ``model.predict``. Ours as the audit of texts does it:
words hidden in the arrays, one compiled call. The seconds of both are of the same texts, in turns.

Every word of a text is a player on both sides. The audit itself goes further: it explains long texts by at most 40
phrases, and how long that takes is given beside it.

Errors are measured on ten words of other reviews, against enumeration of all 1,024 sets of words. **The games**: shap
writes what is left of the text anew (a blank as mask token, runs of blanks made one: a hidden word is gone, and the
others move up), while the audit leaves a hidden word's place empty. So ours is measured twice: in shap's game, where
both have the same exact values, and in its own. A draw of the engine costs the same in both. The engine's draws are
the fewest of a ladder whose error is not above Partition's in either game; the seconds of the audit are those of the
draws it makes at least.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from _harness import ROOT, Record, options, show, write

from appliedml.audits._explain_texts_fold import TextGame
from appliedml.audits.explain_texts import ExplainTexts
from appliedml.compose.pipeline import Pipeline
from appliedml.core.texts import Texts
from appliedml.explain.exact import exact_shapley
from appliedml.explain.masker import Scorer
from appliedml.explain.shapley import MIN_DRAWS, Budget, sampled_shapley
from appliedml.explain.values import relative
from appliedml.explain.words import WordMasker, players_of_words, word_spans
from appliedml.models.keras_classifier import KerasClassifier

SHAP_EVALS = 500
LADDER = (8, 16, MIN_DRAWS, 64, 128)
N_WORDS = 10
WANTED = 10.0
# More than any review has.
MOST_WORDS = 10_000
Predict = Callable[[Any], np.ndarray]


def fitted(n_train: int, epochs: int) -> tuple[Pipeline, pd.DataFrame]:
    """Return a fitted pipeline, and reviews it has not seen."""
    reviews = pd.read_parquet(ROOT / "data" / "reviews.parquet")
    reviews = reviews.sample(frac=1, random_state=0).reset_index(drop=True)
    train, rest = reviews.iloc[:n_train], reviews.iloc[n_train:]
    # Punctuation only separates words, as in shap's own cut; so the words of both sides are the same.
    builder = {"text_cnn": {"embedding_width": 16, "filters": 16, "punctuation": False}}
    network = KerasClassifier(builder, epochs=epochs, batch_size=64, random_state=0)
    labels = (train["score"] == train["score"].iloc[0]).astype(int).to_numpy()
    return Pipeline([network], random_state=0).fit(Texts(list(train["text"])), labels), rest


def as_people_use_it(pipeline: Pipeline) -> Predict:
    """Return the probability of class 1 of texts, through Keras's own ``predict``."""
    network, encoder = pipeline.model_.to_keras(), pipeline.model_.encoder_

    def predict(texts: Any) -> np.ndarray:
        return network.predict(encoder.encode([str(text) for text in texts]), verbose=0)[:, 0].astype(np.float64)

    return predict


def shap_values(explainer: Any, text: str) -> tuple[np.ndarray, list[str]]:
    """Explain one text; values and words, without shap's empty last piece."""
    found = explainer([text], max_evals=SHAP_EVALS, silent=True)
    values, words = np.asarray(found.values[0], dtype=np.float64), [str(word) for word in found.data[0]]
    kept = [place for place, word in enumerate(words) if word.strip()]
    return values[kept], [words[place] for place in kept]


def budget(draws: int) -> Budget:
    """Return a budget that is used in full."""
    return Budget(None, max_permutations=draws, min_permutations=min(draws, MIN_DRAWS), batch_rows=2_048)


def short_texts(reviews: pd.DataFrame, n: int) -> list[str]:
    """Return the first ten words of some reviews, a blank between two."""
    words = [re.findall(r"[A-Za-z]+", text)[:N_WORDS] for text in reviews["text"].iloc[-4 * n :]]
    return [" ".join(own) for own in words if len(own) == N_WORDS][:n]


def written_out(text: str) -> WordMasker:
    """Return shap's game: what is left of the text is written anew and read again."""
    spans = word_spans(text)
    return WordMasker(text, spans, players_of_words(len(spans), N_WORDS), "", Texts)


def errors(
    game: TextGame, texts_scorer: Scorer, explainer: Any, predict: Predict, texts: list[str], ladder: tuple[int, ...]
) -> dict[str, Any]:
    """Relative errors against enumeration on short texts, and how far the two games are apart."""
    exact: dict[str, list[np.ndarray]] = {"written": [], "arrays": []}
    theirs: list[np.ndarray] = []
    ours: dict[tuple[str, int], list[np.ndarray]] = {}
    worst = 0.0
    for number, text in enumerate(texts):
        maskers = {"written": written_out(text), "arrays": game.of(text)[0]}
        scorers = {"written": texts_scorer, "arrays": game.scorer()}
        for name, masker in maskers.items():
            exact[name].append(exact_shapley(masker, scorers[name], batch_rows=2_048).values[0, :, 0])
            for draws in ladder:
                drawn = sampled_shapley(masker, scorers[name], budget=budget(draws), seed=number)
                ours.setdefault((name, draws), []).append(drawn.values[0, :, 0])
        theirs.append(shap_values(explainer, text)[0])
        worst = max(worst, _game_difference(explainer, maskers["written"], texts_scorer, predict, text))
    held = {name: np.array(values) for name, values in exact.items()}
    return {
        "partition": relative(np.array(theirs) - held["written"], held["written"]),
        "ours": {
            draws: {name: relative(np.array(ours[name, draws]) - held[name], held[name]) for name in held}
            for draws in ladder
        },
        "games_apart": relative(held["arrays"] - held["written"], held["written"]),
        "worst_difference_of_scores": worst,
    }


def _game_difference(explainer: Any, masker: WordMasker, scorer: Scorer, predict: Predict, text: str) -> float:
    """Return the largest difference between shap's game and ours written out, over some sets of words."""
    shown = np.random.default_rng(0).random((32, N_WORDS)) < 0.5
    width = explainer.masker.shape(text)[1]
    padded = np.ones((len(shown), width), dtype=bool)
    padded[:, :N_WORDS] = shown
    texts = [str(explainer.masker(row, text)[0][0]) for row in padded]
    ours = scorer(masker.masked(np.zeros(1, dtype=np.intp), shown[None], np.zeros(len(shown), dtype=np.intp)))
    return float(np.abs(predict(texts) - np.asarray(ours)[:, 0]).max())


def run(n_train: int, epochs: int, n_texts: int, n_timed: int, n_exact: int, ladder: tuple[int, ...]) -> Record:
    """Measure both sides on the same network and texts."""
    import shap

    pipeline, reviews = fitted(n_train, epochs)
    predict = as_people_use_it(pipeline)
    explainer = shap.PartitionExplainer(predict, shap.maskers.Text(r"\W+", mask_token=" ", collapse_mask_token=True))
    most_players = ExplainTexts().max_players
    audits, game = (TextGame(pipeline, (1,), "probability", most, "") for most in (most_players, MOST_WORDS))
    texts_scorer: Scorer = lambda texts: pipeline.predict_proba(texts)[:, [1]]  # noqa: E731
    off = errors(game, texts_scorer, explainer, predict, short_texts(reviews, n_exact), ladder)
    good = [draws for draws in ladder if max(off["ours"][draws].values()) <= off["partition"]]
    draws = good[0] if good else ladder[-1]
    texts = list(reviews["text"].iloc[: n_texts + 1])
    scorer = game.scorer()

    def ours(text: str, its: TextGame = game, n_draws: int = draws) -> None:
        sampled_shapley(its.of(text)[0], scorer, budget=budget(n_draws))

    works: dict[str, Callable[[str], Any]] = {
        "shap": lambda text: shap_values(explainer, text),
        "ours": ours,
        "audit": lambda text: ours(text, audits, MIN_DRAWS),
    }
    for work in works.values():
        work(texts[-1])  # compiles
    seconds = dict.fromkeys(works, 0.0)
    timed = np.linspace(0, n_texts - 1, n_timed).astype(int)
    for number in range(n_texts):
        names = list(works) if number % 2 == 0 else list(reversed(works))
        for name in names if number in timed else ():
            started = time.perf_counter()
            works[name](texts[number])
            seconds[name] += time.perf_counter() - started
    started = time.perf_counter()
    for text in texts[:n_texts]:
        ours(text, audits, MIN_DRAWS)
    all_audit = time.perf_counter() - started
    ratio = seconds["shap"] / seconds["ours"]
    mine = off["ours"][draws]
    return Record(
        work=f"{n_texts} reviews, text_cnn, one output",
        today=f"Partition over model.predict, {SHAP_EVALS} evaluations: {seconds['shap'] / n_timed:.2f} s a text "
        f"({n_timed} timed)",
        ours=f"{seconds['ours'] / n_timed:.3f} s a text ({draws} draws, every word a player); as the audit does, "
        f"at most {most_players} phrases and {MIN_DRAWS} draws: {seconds['audit'] / n_timed:.3f} s; so all {n_texts}: "
        f"{all_audit:.1f} s",
        ratio=ratio,
        accuracy=f"relative error on {N_WORDS} words {off['partition']:.3f} / {mine['written']:.3f} in the same game, "
        f"{mine['arrays']:.3f} in the audit's",
        target=f"{WANTED:g}x at no larger error",
        met=bool(ratio >= WANTED and good),
        details={
            "seconds_of_the_same_texts": seconds,
            "seconds_of_all_as_the_audit_does": all_audit,
            "n_timed": n_timed,
            "n_exact": n_exact,
            "most_players_of_the_audit": most_players,
            "errors": {**off, "ours": {str(number): by_game for number, by_game in off["ours"].items()}},
        },
    )


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    record = run(200, 1, 4, 1, 1, LADDER[:2]) if given.small else run(2_000, 6, 50, 10, 12, LADDER)
    show(record)
    write(given.json, [record])


if __name__ == "__main__":
    main()
