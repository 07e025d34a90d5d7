"""What the Shapley engines ask of inputs, and the batched calls they make."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError

Scorer = Callable[[Any], Any]
BATCH_ROWS = 65_536
# Calibrated probabilities may be exactly 0 or 1; their log-odds are cut at +-13.8.
LOG_ODDS_MARGIN = 1e-6


class TimeOverError(Exception):
    """The time for calls of a scorer is over; caught where there are results to give."""


class Clocked:
    """A scorer that counts what it scores, and makes no new call after some time.

    Parameters
    ----------
    scorer : callable
    max_seconds : float, optional
        From now on.
    """

    def __init__(self, scorer: Scorer, max_seconds: float | None = None) -> None:
        self._scorer = scorer
        self.max_seconds = max_seconds
        self.ends = None if max_seconds is None else time.monotonic() + max_seconds
        self.n_scored = 0

    def __call__(self, inputs: Any) -> NDArray[np.float64]:
        """Return the scores of some inputs."""
        if self.over:
            raise TimeOverError
        scores = np.asarray(self._scorer(inputs), dtype=np.float64)
        self.n_scored += len(scores) if scores.ndim else 0
        return scores

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return self.ends is not None and time.monotonic() > self.ends

    def note(self, n_done: int, n_rows: int) -> tuple[str, ...]:
        """Return what a reader must know where rows are missing."""
        if n_done == n_rows:
            return ()
        return (
            f"The time of {self.max_seconds:g} seconds was over after {n_done} of {n_rows} rows. The others have no "
            "values (NaN).",
        )

    def nothing(self, who: str) -> StageError:
        """Return the error for an explanation of which not one row was finished.

        Parameters
        ----------
        who : str
            The function.

        Returns
        -------
        StageError
        """
        return StageError(
            f"{who}: no row was explained within max_seconds={self.max_seconds:g}; {self.n_scored} inputs were scored. "
            "Give more time, or fewer background rows or players."
        )


class Masker(Protocol):
    """Inputs whose parts (players) can be replaced by those of a background.

    Attributes
    ----------
    names : tuple of str
        One name a player.
    n_rows : int
        Rows that can be explained.
    n_background : int
        Background rows. Inputs with one neutral stand-in (a mask token, a grey patch) have one.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """One name a player."""
        ...

    @property
    def n_rows(self) -> int:
        """Number of rows that can be explained."""
        ...

    @property
    def n_background(self) -> int:
        """Number of background rows."""
        ...

    def masked(self, rows: NDArray[np.intp], present: NDArray[np.bool_], background: NDArray[np.intp]) -> Any:
        """Return inputs that show some players of a row and take the others from a background row.

        Parameters
        ----------
        rows : array of int, shape (n,)
            Explained rows, by position.
        present : array of bool, shape (n or 1, m, n_players)
            Which players keep the explained row's value, in each of m coalitions of each row.
        background : array of int, shape (m,)
            Background row of each coalition.

        Returns
        -------
        object
            n * m inputs as the scorer takes them, the coalitions of the first row first.
        """
        ...


def evaluate(
    masker: Masker,
    scorer: Scorer,
    rows: NDArray[np.intp],
    present: NDArray[np.bool_],
    background: NDArray[np.intp],
    batch_rows: int = BATCH_ROWS,
) -> NDArray[np.float64]:
    """Score the coalitions of some rows in calls of bounded size.

    Parameters
    ----------
    masker : Masker
    scorer : callable
        Takes what ``masker.masked`` makes, returns shape (n,) or (n, n_outputs).
    rows, present, background
        As in :meth:`Masker.masked`.
    batch_rows : int
        Most inputs a call.

    Returns
    -------
    array of float64, shape (n, m, n_outputs)

    Raises
    ------
    StageError
        If the scorer returns another number of rows, or values that are not finite.
    """
    n, m = len(rows), len(background)
    rows_a_call = max(1, batch_rows // m)
    parts = []
    for start in range(0, n, rows_a_call):
        block = rows[start : start + rows_a_call]
        shown = present if len(present) == 1 else present[start : start + rows_a_call]
        columns = [
            _scores(masker, scorer, block, shown[:, at : at + batch_rows], background[at : at + batch_rows])
            for at in range(0, m, batch_rows)
        ]
        parts.append(columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _scores(
    masker: Masker,
    scorer: Scorer,
    rows: NDArray[np.intp],
    present: NDArray[np.bool_],
    background: NDArray[np.intp],
) -> NDArray[np.float64]:
    n = len(rows) * len(background)
    scores = np.asarray(scorer(masker.masked(rows, present, background)), dtype=np.float64)
    if scores.ndim not in (1, 2) or len(scores) != n:
        raise StageError(f"Shapley: the scorer must return one row per input. It got {n}, it returned {scores.shape}.")
    if not np.isfinite(scores).all():
        raise StageError(
            "Shapley: the scorer returned values that are not finite. Explanations need finite scores: impute missing "
            "inputs before the model, or check the model's weights."
        )
    return scores.reshape(len(rows), len(background), -1)


def rows_to_explain(owner: str, rows: Any, n_rows: int) -> NDArray[np.intp]:
    """Return the rows to explain as positions, checked.

    Parameters
    ----------
    owner : str
        Who asks, for the error message.
    rows : array of int, or None
        None: all rows.
    n_rows : int
        Rows there are.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    StageError
        If there is no row, or one that does not exist.

    Examples
    --------
    >>> rows_to_explain("sampled_shapley", None, 3).tolist()
    [0, 1, 2]
    """
    if rows is None:
        return np.arange(n_rows)
    given = np.asarray(rows)
    if given.size == 0:
        raise StageError(
            f"{owner}: rows must name at least one row to explain. It is empty. Leave rows out to explain all {n_rows}."
        )
    if given.ndim != 1 or given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= n_rows:
        shown = repr(rows) if given.size <= 10 else f"{given.size} values, {given.ravel()[:3].tolist()} first"
        raise StageError(
            f"{owner}: rows must be a list of whole numbers from 0 to {n_rows - 1}, the rows of the masker. "
            f"It is {shown}. Use np.flatnonzero for a mask of true and false."
        )
    return given.astype(np.intp)


def full_scores(masker: Masker, scorer: Scorer, batch_rows: int = BATCH_ROWS) -> NDArray[np.float64]:
    """Scores of the explained rows as they are.

    Parameters
    ----------
    masker : Masker
    scorer : callable
    batch_rows : int

    Returns
    -------
    array of float64, shape (n_rows, n_outputs)
    """
    shown = np.ones((1, 1, len(masker.names)), dtype=bool)
    scores = evaluate(masker, scorer, np.arange(masker.n_rows), shown, np.zeros(1, dtype=np.intp), batch_rows)
    found: NDArray[np.float64] = scores[:, 0]
    return found


def background_scores(masker: Masker, scorer: Scorer, batch_rows: int = BATCH_ROWS) -> NDArray[np.float64]:
    """Scores of the background rows as they are.

    Parameters
    ----------
    masker : Masker
    scorer : callable
    batch_rows : int

    Returns
    -------
    array of float64, shape (n_background, n_outputs)
    """
    hidden = np.zeros((1, masker.n_background, len(masker.names)), dtype=bool)
    first = np.zeros(1, dtype=np.intp)
    scores = evaluate(masker, scorer, first, hidden, np.arange(masker.n_background), batch_rows)
    found: NDArray[np.float64] = scores[0]
    return found


def class_scorer(score: Scorer, outputs: tuple[int, ...], scale: str = "probability") -> Scorer:
    """Return a scorer of some columns of a probability table, on the probability or the log-odds scale.

    Parameters
    ----------
    score : callable
        Returns shape (n, n_classes).
    outputs : tuple of int
        Columns to explain: ``(1,)`` for the class of interest of a binary task.
    scale : {"probability", "log_odds"}
        Log-odds are those of each class against all others, of probabilities kept 1e-6 away from 0 and 1.

    Returns
    -------
    callable

    Raises
    ------
    StageError
        If the scale is unknown.

    Examples
    --------
    >>> class_scorer(lambda x: np.array([[0.5, 0.5]]), (1,), "log_odds")(None).tolist()
    [[0.0]]
    """
    if scale not in ("probability", "log_odds"):
        raise StageError(f"class_scorer: scale must be 'probability' or 'log_odds'. It is {scale!r}.")
    columns = list(outputs)

    def scorer(inputs: Any) -> NDArray[np.float64]:
        chosen = np.asarray(score(inputs), dtype=np.float64)[:, columns]
        if scale == "probability":
            return chosen
        inside = np.clip(chosen, LOG_ODDS_MARGIN, 1 - LOG_ODDS_MARGIN)
        return np.asarray(np.log(inside) - np.log1p(-inside))

    return scorer
