"""``ExplainTexts``: which words decide, by Shapley values that print their own error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.audits._explain_findings import RANDOMISED_LIMIT, randomisation_verdict
from appliedml.audits._explain_rows import seed_of_fold, share_of_fold
from appliedml.audits._explain_texts_fold import explain_texts
from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS, Artifact, Finding, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Choice, Integer, Null, Real, Rule, Text
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured
from appliedml.explain.agreement import randomisation_interval
from appliedml.explain.faithfulness import faithfulness

KIND = "explain_texts"
PERSONAL_DATA = "The table released holds texts of the test data. Of real people, these are personal data."
N_RESAMPLES = 1000


class ExplainTexts(Configured):
    """Shapley values of words: over all texts and in single ones, with error, faithfulness and a check of the model.

    Parameters
    ----------
    max_texts : int
        Test texts explained in all folds together, spread evenly over classes and sensitive levels.
    max_players : int
        A text with more words is explained in as many phrases of neighbouring words.
    hidden_token : str
        What stands in place of a hidden word, such as "[MASK]"; by default it is removed.
    target_error : float or None
        Sampling goes on until a text's standard error is below this share of its values; None uses all draws.
    n_permutations : int or None
        Most draws a text, each of twice as many evaluations as there are words or phrases; by default 256.
    output : {"probability", "log_odds"}
        Scale of the calibrated probability that is explained: of the class of interest, or of every class.
    min_word_texts : int
        A word is listed if it stands in at least so many of the explained texts (and of groups, where rows come in
        groups): a rarer one could tell whose text it is.
    top : int
        Words listed for each output.
    release_texts : int
        Test texts a fold that may leave the audit, with their words marked. They are personal data; 0 keeps all in.
    max_folds : int or None
        Explain only the first folds.
    random_state : int or None
        Seed; by default derived from the plan's.

    Notes
    -----
    A hidden word is removed: in a network that reads word codes its place is left empty (in the bag of a linear branch
    all that contains it vanishes); for any other model the text is written without it and read again. Values say what
    the model does with words; not what a word causes. Tables of the artifact:

    ``words``
        output, rank, word, value (mean Shapley value where the word stands, with sign), low, high, size (mean
        absolute), n (texts), groups.
    ``curves``, ``advantages``
        Deletion and insertion: curve, order, share, value, low, high; and curve, value, low, high, n.
    ``randomisation``
        how, value, low, high, n, verdict.
    ``errors``
        By fold: fold, n_texts, n_empty, mean_words, mean_players, mean_permutations, n_evaluations,
        additivity_residual, relative_error, worst_text_error, reached_target.
    ``released``
        Only with ``release_texts``: text, row_id, fold, output, score, base_value, position, piece, value,
        standard_error (NaN for what lies between words).

    Intervals are 95 % bootstrap intervals over the explained texts (whole groups, where rows come in groups).

    Source
    ------
    Strumbelj & Kononenko (2014); Lundberg & Lee (2017); Petsiuk et al. (2018); Adebayo et al. (2018).

    Examples
    --------
    >>> ExplainTexts(max_texts=100, top=30).top
    30
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "max_texts": Integer(2),
        "max_players": Integer(2, 200),
        "hidden_token": AnyOf(Text(), Choice("")),
        "target_error": AnyOf(Real(0, 1, open_low=True), Null()),
        "n_permutations": AnyOf(Integer(4), Null()),
        "output": Choice("probability", "log_odds"),
        "min_word_texts": Integer(2),
        "top": Integer(1, 500),
        "release_texts": Integer(0, 100),
        "max_folds": AnyOf(Integer(1), Null()),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        max_texts: int = 50,
        max_players: int = 40,
        hidden_token: str = "",
        target_error: float | None = 0.1,
        n_permutations: int | None = None,
        output: str = "probability",
        min_word_texts: int = 5,
        top: int = 20,
        release_texts: int = 0,
        max_folds: int | None = None,
        random_state: int | None = None,
    ) -> None:
        self.max_texts = max_texts
        self.max_players = max_players
        self.hidden_token = hidden_token
        self.target_error = target_error
        self.n_permutations = n_permutations
        self.output = output
        self.min_word_texts = min_word_texts
        self.top = top
        self.release_texts = release_texts
        self.max_folds = max_folds
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any] | None:
        """Explain some test texts of a fold.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict or None
            Plain data for ``conclude``; None for folds beyond ``max_folds``.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        """
        self.check_parameters()
        n_texts = share_of_fold(fold, self.max_texts, self.max_folds)
        if not n_texts:
            return None
        seed = seed_of_fold(fold, KIND, self.random_state)
        explained = explain_texts(fold, self, n_texts, seed)
        return {"reason": explained} if isinstance(explained, str) else explained

    def conclude(self, evidence: Sequence[dict[str, Any] | None]) -> Artifact:
        """Put the folds together.

        Parameters
        ----------
        evidence : sequence of dict or None
            One a fold, in fold order.

        Returns
        -------
        Artifact
            "warning" if the explanation cannot be relied on; "not_applicable" where the inputs are no texts.
        """
        found = [item for item in evidence if item is not None]
        reasons = [item["reason"] for item in found if "reason" in item]
        if reasons or not found:
            return Artifact(KIND, Status.NOT_APPLICABLE, reasons[0] if reasons else "No fold was explained.")
        seed = derive_seed(found[0]["seed"], "conclude")
        faithful = faithfulness(_walks(found), seed)
        tables = {
            "words": self._words(found, seed),
            "curves": faithful.curves,
            "advantages": faithful.advantages,
            "randomisation": _randomisation(found, seed),
            "errors": pd.DataFrame([_errors(item) for item in found]),
        }
        if self.release_texts:
            tables["released"] = _released(found)
        summary = self._summary(found, tables)
        items = tuple(_findings(tables, summary))
        warned = any(item.severity is Severity.WARNING for item in items)
        return Artifact(
            KIND,
            Status.WARNING if warned else Status.OK,
            summary=summary,
            tables=tables,
            scores=_scores(summary, tables),
            findings=items,
        )

    def _words(self, found: Sequence[dict[str, Any]], seed: int) -> pd.DataFrame:
        """Words by the size of what they do where they stand, those only that are in enough texts and groups."""
        texts = [text for item in found for text in item["texts"]]
        units = pd.factorize(np.array([str(text["unit"]) for text in texts], dtype=object))[0]
        rng = np.random.default_rng(seed)
        n_units = int(units.max()) + 1
        weights = rng.multinomial(n_units, np.full(n_units, 1 / n_units), N_RESAMPLES)[:, units]
        places: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            for word in text["forms"]:
                if any(sign.isalnum() for sign in word):
                    places.setdefault(word, []).append(place)
        classes = [found[0]["classes"][code] for code in found[0]["outputs"]]
        rows = []
        for word in sorted(places):
            at = places[word]
            n_groups = len(set(units[at].tolist()))
            if min(len(at), n_groups) < self.min_word_texts:
                continue
            values = np.array([texts[place]["forms"][word] for place in at])
            drawn = weights[:, at]
            total = drawn.sum(axis=1, keepdims=True)
            with np.errstate(invalid="ignore"):
                means = (drawn @ values) / total
            low, high = np.nanquantile(means, [0.025, 0.975], axis=0)
            for number, name in enumerate(classes):
                own = values[:, number]
                rows.append((name, word, own.mean(), low[number], high[number], np.abs(own).mean(), len(at), n_groups))
        table = pd.DataFrame(rows, columns=["output", "word", "value", "low", "high", "size", "n", "groups"])
        table = table.sort_values(["output", "size", "word"], ascending=[True, False, True], kind="stable")
        table["rank"] = table.groupby("output").cumcount() + 1
        columns = ["output", "rank", "word", "value", "low", "high", "size", "n", "groups"]
        return table.loc[table["rank"] <= self.top, columns].reset_index(drop=True)

    def _summary(self, found: Sequence[dict[str, Any]], tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
        errors, check = tables["errors"], found[0]["check"] or {"n": 0, "distance": None, "expected": None}
        return {
            "output": self.output,
            "classes": [str(found[0]["classes"][code]) for code in found[0]["outputs"]],
            "hidden": f"replaced by {self.hidden_token}" if self.hidden_token else "removed",
            "in_arrays": bool(found[0]["in_arrays"]),
            "n_texts": int(errors["n_texts"].sum()),
            "n_empty": int(errors["n_empty"].sum()),
            "n_folds": len(found),
            "n_evaluations": int(errors["n_evaluations"].sum()),
            "max_players": self.max_players,
            "target_error": self.target_error,
            "relative_error": _overall(found),
            "worst_text_error": float(errors["worst_text_error"].max()),
            "additivity_residual": float(errors["additivity_residual"].max()),
            "distance": check["distance"],
            "expected_distance": check["expected"],
            "distance_texts": check["n"],
            "min_word_texts": self.min_word_texts,
            "randomisation_limit": RANDOMISED_LIMIT,
            "randomisation_skipped": "" if len(tables["randomisation"]) else found[0]["randomised"]["how"],
            "released": int(tables["released"]["text"].nunique()) if "released" in tables else 0,
            "notes": [PERSONAL_DATA] if self.release_texts else [],
        }


def _walks(found: Sequence[dict[str, Any]]) -> Any:
    from appliedml.explain.faithfulness import Walks

    return Walks.joined([item["walks"] for item in found])


def _overall(found: Sequence[Mapping[str, Any]]) -> float:
    errors = np.concatenate([text["errors"].ravel() for item in found for text in item["texts"]])
    values = np.concatenate([text["values"].ravel() for item in found for text in item["texts"]])
    size = float(np.linalg.norm(values))
    return float(np.linalg.norm(errors)) / size if size else 0.0


def _errors(item: Mapping[str, Any]) -> dict[str, Any]:
    texts = item["texts"]
    return {
        "fold": item["fold"],
        "n_texts": len(texts),
        "n_empty": item["n_empty"],
        "mean_words": float(np.mean([text["n_words"] for text in texts])),
        "mean_players": float(np.mean([text["n_players"] for text in texts])),
        "mean_permutations": float(np.mean([text["n_permutations"] for text in texts])),
        "n_evaluations": int(sum(text["n_evaluations"] for text in texts)),
        "additivity_residual": max(text["residual"] for text in texts),
        "relative_error": _overall([item]),
        "worst_text_error": max(_own_error(text) for text in texts),
        "reached_target": all(text["reached"] for text in texts),
    }


def _own_error(text: Mapping[str, Any]) -> float:
    size = float(np.linalg.norm(text["values"]))
    return float(np.linalg.norm(text["errors"])) / size if size else 0.0


def _randomisation(found: Sequence[dict[str, Any]], seed: int) -> pd.DataFrame:
    part = found[0]["randomised"]
    rows: list[tuple[Any, ...]] = []
    if part is not None and part["correlations"] is not None:
        value, low, high, n = randomisation_interval(part["correlations"], seed)
        rows.append((part["how"], value, low, high, n, randomisation_verdict(high, n)))
    return pd.DataFrame(rows, columns=["how", "value", "low", "high", "n", "verdict"])


def _released(found: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Pieces of the texts that the plan releases, with the value of each for the output that decided."""
    rows = []
    number = 0
    for item in found:
        for text in item["texts"]:
            if "pieces" not in text:
                continue
            number += 1
            at = text["decided"]
            name = str(item["classes"][item["outputs"][at]])
            facts = (number, text["row_id"], item["fold"], name, float(text["score"][at]), float(text["base"][at]))
            for position, (piece, player) in enumerate(text["pieces"]):
                value = (np.nan, np.nan) if player < 0 else (text["values"][player, at], text["errors"][player, at])
                rows.append((*facts, position, piece, *value))
    names = (
        "text", "row_id", "fold", "output", "score", "base_value", "position", "piece", "value", "standard_error",
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(names))


def _findings(tables: Mapping[str, pd.DataFrame], summary: Mapping[str, Any]) -> list[Finding]:
    out = []
    errors = tables["errors"]
    missed = errors[~errors["reached_target"].to_numpy(dtype=bool)]
    if summary["target_error"] is not None and len(missed):
        text = (
            f"At most {summary['target_error']:.3g} of the size of the values was asked for every text; the worst has "
            f"an expected error of {summary['worst_text_error']:.3g}, over all texts it is "
            f"{summary['relative_error']:.3g}. Raise n_permutations, lower max_players, or accept the error."
        )
        out.append(Finding(Severity.INFO, "The error of the word values is above the one asked for", text))
    for row in tables["randomisation"].itertuples():
        if row.high >= summary["randomisation_limit"]:
            text = (
                f"Word values of a network with random weights rank the words of {row.n} texts alike (correlation "
                f"{row.value:.2f}, {row.low:.2f} to {row.high:.2f}): they show the texts more than what was learnt."
            )
            out.append(Finding(Severity.WARNING, "Word values hardly depend on what the model learnt", text))
    for row in tables["advantages"].itertuples():
        if not row.low > 0:
            text = (
                f"In {row.curve}, the explained order is ahead of a random one by {row.value:.3f} ({row.low:.3f} to "
                f"{row.high:.3f}; {row.n} texts)."
            )
            out.append(Finding(Severity.WARNING, "It is not shown that the words named are those that decide", text))
    return out


def _scores(summary: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    nan = float("nan")
    rows = [
        (
            "text_explanation_relative_error",
            ALL_FOLDS,
            ALL_ROWS,
            summary["relative_error"],
            nan,
            nan,
            summary["n_texts"],
        )
    ]
    rows += [
        (f"text_explanation_{row.curve}_advantage", ALL_FOLDS, ALL_ROWS, row.value, row.low, row.high, int(row.n))
        for row in tables["advantages"].itertuples()
    ]
    return score_rows(rows)
