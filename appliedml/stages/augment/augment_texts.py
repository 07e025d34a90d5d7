"""Make new training texts by small changes of the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.params import AnyOf, Boolean, Integer, ListOf, MapOf, Null, Real, Rule, Text
from appliedml.core.stage import Configured
from appliedml.core.texts import Texts
from appliedml.errors import StageError
from appliedml.stages.augment._word_changes import changed_text, shipped_synonyms

# Chances decide whether anything changes; a short text is worth a few tries before it counts as unchangeable.
TRIES = 5
_CHANCE = Real(0, 0.5)


class AugmentTexts(Configured):
    """Add changed copies of training texts: words left out, neighbours swapped, synonyms put.

    Parameters
    ----------
    copies : float or mapping of str to float
        New rows for each training row; 0.5 makes one for every second row. A mapping gives it class by class, each
        class by its label as text (in a plan: the class code, "0" or "1"); classes that are not named get none.
    balance : bool
        Whether smaller classes then get further copies until every class has as many rows as the largest.
    word_dropout : float
        Chance that a word is left out, 0 to 0.5.
    swaps : float
        Chance that a word changes places with the next, 0 to 0.5.
    synonyms : float
        Chance that a word that has a synonym gives way to it, 0 to 0.5.
    own_synonyms : mapping of str to list of str, optional
        Further words in lower case with their synonyms; they go before the shipped English list.
    random_state : int, optional
        Seed.

    Attributes
    ----------
    sample_indices_ : array of int, shape (n_out,)
        The input row of every output row: all rows in order, then the copies. Group, sensitive features and weight
        follow it.
    synthetic_rows_ : array of bool, shape (n_out,)
        Which output rows hold a changed text.
    notes_ : list of str
        How many copies were made, and how many texts could not be changed.

    Raises
    ------
    StageError
        From ``fit_resample``: if the rows are no texts, labels are missing, or a class named in ``copies`` is absent.

    Notes
    -----
    Negations and contrasts ("not", "never", "but") are neither dropped nor moved, and at least half of the words stay:
    a change must not turn the label. A text in which nothing can be changed gets no copy, unless ``balance`` needs one:
    then it is repeated as it is. Whether augmentation helps is a question for the data; the ablation answers it.

    Source
    ------
    Wei and Zou (2019), EDA: easy data augmentation techniques for boosting performance on text classification tasks,
    EMNLP.

    Examples
    --------
    >>> texts = Texts(["a big box of tea", "it was a really fast delivery", "not good at all, do not buy it"])
    >>> stage = AugmentTexts(copies=0, balance=True, random_state=1)
    >>> more, labels = stage.fit_resample(texts, [1, 1, 0])
    >>> labels.tolist(), stage.sample_indices_.tolist(), stage.synthetic_rows_.tolist()
    ([1, 1, 0, 0], [0, 1, 2, 2], [False, False, False, True])
    """

    _estimator_type: ClassVar[str] = "sampler"
    # The pipeline hands it the texts themselves, not their positions.
    reads_inputs: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "copies": AnyOf(Real(0, 20), MapOf(Real(0, 20))),
        "balance": Boolean(),
        "word_dropout": _CHANCE,
        "swaps": _CHANCE,
        "synonyms": _CHANCE,
        "own_synonyms": AnyOf(MapOf(ListOf(Text(), 1)), Null()),
        "random_state": AnyOf(Integer(0, 2**32 - 1), Null()),
    }

    def __init__(
        self,
        copies: float | Mapping[str, float] = 1.0,
        balance: bool = False,
        word_dropout: float = 0.1,
        swaps: float = 0.05,
        synonyms: float = 0.2,
        own_synonyms: Mapping[str, Sequence[str]] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.copies = copies
        self.balance = balance
        self.word_dropout = word_dropout
        self.swaps = swaps
        self.synonyms = synonyms
        self.own_synonyms = own_synonyms
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return the training texts with changed copies behind them. Never use it on validation or test rows.

        Parameters
        ----------
        X : Texts, or list, array or Series of str, n_samples rows
        y : array of shape (n_samples,)
            Labels.

        Returns
        -------
        X : Texts, or array or Series of str, n_out rows
        y : array or Series of shape (n_out,)

        Raises
        ------
        StageError
            If a parameter breaks its rule, or the rows are not as needed.
        """
        self.check_parameters()
        strings = _strings(X)
        labels = np.asarray(y)
        self._check_labels(strings, labels)
        rng = np.random.default_rng(self.random_state)
        known = dict(shipped_synonyms()) | {k: tuple(v) for k, v in (self.own_synonyms or {}).items()}
        classes, codes = np.unique(labels, return_inverse=True)
        made: list[tuple[int, str, bool]] = []
        n_unchanged = n_repeated = 0
        for row in self._wanted(classes, codes, rng):
            text = self._changed(strings[row] or "", rng, known)
            if text is None:
                n_unchanged += 1
            else:
                made.append((int(row), text, True))
        if self.balance:
            counts = np.bincount(codes[[row for row, _, _ in made]], minlength=len(classes)) if made else 0
            counts = np.bincount(codes, minlength=len(classes)) + counts
            for code in range(len(classes)):
                rows = np.flatnonzero(codes == code)
                for row in _spread(rows, int(counts.max() - counts[code]), rng):
                    text = self._changed(strings[row] or "", rng, known)
                    n_repeated += text is None
                    made.append((int(row), strings[row] if text is None else text, text is not None))
        rows = np.array([row for row, _, _ in made], dtype=np.intp)
        self.sample_indices_ = np.concatenate([np.arange(len(strings)), rows])
        self.synthetic_rows_ = np.array([False] * len(strings) + [new for _, _, new in made], dtype=bool)
        self._note(len(made), n_unchanged, n_repeated)
        more = np.empty(len(strings) + len(made), dtype=object)
        more[:] = [*strings, *(text for _, text, _ in made)]
        return _like(X, more), _labels_like(y, labels[self.sample_indices_])

    def _check_labels(self, strings: NDArray[Any], labels: NDArray[Any]) -> None:
        name = type(self).__name__
        if labels.shape != (len(strings),):
            raise StageError(
                f"{name} needs one label per row. There are {len(strings)} texts, y has shape {labels.shape}. "
                "Give y as one column with the same rows."
            )
        n_missing = int(pd.isna(labels).sum())
        if n_missing:
            raise StageError(
                f"{name} needs a label for every row. {n_missing} of {len(labels)} are missing. Drop those rows first."
            )
        if isinstance(self.copies, Mapping):
            known = {str(label) for label in labels.tolist()}
            absent = [label for label in self.copies if label not in known]
            if absent:
                raise StageError(
                    f"{name}: copies names the class {absent[0]!r}, which no training row has. Classes: "
                    f"{', '.join(sorted(known))}. In a plan a class is named by its code."
                )

    def _wanted(self, classes: NDArray[Any], codes: NDArray[np.intp], rng: np.random.Generator) -> list[int]:
        """Return the rows to copy, in order, each as often as it is to be copied."""
        chosen: list[int] = []
        for code, label in enumerate(classes.tolist()):
            rate = self.copies.get(str(label), 0.0) if isinstance(self.copies, Mapping) else self.copies
            rows = np.flatnonzero(codes == code)
            chosen += _spread(rows, round(float(rate) * len(rows)), rng)
        return sorted(chosen)

    def _changed(self, text: str, rng: np.random.Generator, known: Mapping[str, tuple[str, ...]]) -> str | None:
        for _ in range(TRIES):
            new = changed_text(text, rng, float(self.word_dropout), float(self.swaps), float(self.synonyms), known)
            if new != text:
                return new
        return None

    def _note(self, n_made: int, n_unchanged: int, n_repeated: int) -> None:
        self.notes_ = [f"{n_made:,} copies were added, {n_made - n_repeated:,} of them with changed words."]
        if n_unchanged:
            self.notes_.append(f"{n_unchanged:,} texts could not be changed and got no copy.")
        if n_repeated:
            self.notes_.append(f"{n_repeated:,} texts could not be changed and were repeated as they are.")


def _spread(rows: NDArray[np.intp], n: int, rng: np.random.Generator) -> list[int]:
    """Return ``n`` of the rows: all of them as often as they fit in, the rest drawn without replacement."""
    whole, rest = divmod(n, len(rows))
    return [*(rows.tolist() * whole), *np.sort(rng.choice(rows, rest, replace=False)).tolist()]


def _strings(X: Any) -> NDArray[Any]:
    if isinstance(X, Texts):
        return X.strings
    if isinstance(X, pd.DataFrame) or getattr(X, "ndim", 1) != 1 or isinstance(X, str):
        raise StageError(
            f"AugmentTexts works on texts, one a row. It was given {type(X).__name__}"
            f"{f' of shape {X.shape}' if hasattr(X, 'shape') else ''}. Put it before the stage that turns texts into "
            "numbers, or leave it out."
        )
    try:
        return Texts(X).strings
    except (TypeError, ValueError) as error:
        raise StageError(f"AugmentTexts works on texts, one a row. {error}") from error


def _like(X: Any, strings: NDArray[Any]) -> Any:
    if isinstance(X, Texts):
        return Texts(strings, X.column)
    return pd.Series(strings, name=X.name, dtype=X.dtype) if isinstance(X, pd.Series) else strings


def _labels_like(y: Any, labels: NDArray[Any]) -> Any:
    return pd.Series(labels, name=y.name).astype(y.dtype) if isinstance(y, pd.Series) else labels
