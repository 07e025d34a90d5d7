"""Keep near-duplicate texts on one side of every split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.near_duplicates import root
from appliedml.core.params import Rule
from appliedml.core.samples import Samples
from appliedml.stages.clean._text_cleaning import SIMILARITY_RULES, SimilarTexts, different_labels


class GroupNearDuplicates(SimilarTexts):
    """Join the groups of texts that are nearly the same, so that ``group_kfold`` never parts them.

    Parameters
    ----------
    threshold : float
        Jaccard index of the two texts' runs of words from which they are near-duplicates, 0.3 to 1. At 1 only texts
        with the same runs are; case, punctuation and spacing never count.
    words : int
        Length of a run of words.
    min_words : int
        Texts of fewer words are near-duplicates only if they are equal; all empty or missing texts are.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows whose group has another name now.
    notes_ : list of str
        How many rows have a near-duplicate, how many groups were joined, and how many labels contradict each other.

    Raises
    ------
    StageError
        From ``clean``: if the inputs are no texts.

    Notes
    -----
    No row, text or label changes. Rows that shared a group still do: groups only grow, also along chains (A like B, B
    like C). A joined group bears the name of its first row's. Where the schema names no group, every family of
    near-duplicates becomes one, and every other text its own; use ``group_kfold`` then too.

    Source
    ------
    Broder (1997), On the resemblance and containment of documents.

    Examples
    --------
    >>> from appliedml.core.texts import Texts
    >>> texts = Texts(["The tea is good, buy it now!", "Not for me, thank you all.", "the tea is good - buy it now"])
    >>> GroupNearDuplicates().clean(Samples(texts, [1, 0, 1])).group.tolist()
    [0, 1, 0]
    """

    looks_across_rows: ClassVar[bool] = True
    joins_groups: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = SIMILARITY_RULES

    def __init__(self, threshold: float = 0.8, words: int = 3, min_words: int = 5) -> None:
        self.threshold = threshold
        self.words = words
        self.min_words = min_words

    def clean(self, samples: Samples) -> Samples:
        """Return the same rows with joined groups.

        Parameters
        ----------
        samples : Samples
            Inputs must be Texts.

        Returns
        -------
        Samples
        """
        shingles = self._shingles(self._begin_texts(samples))
        families = shingles.families(float(self.threshold))
        sizes = np.bincount(families, minlength=len(families)) if len(families) else families
        alike = sizes[families] > 1
        before = samples.group
        given = np.arange(len(samples)) if before is None else pd.factorize(_objects(before), use_na_sentinel=False)[0]
        heads = _joined(families, np.asarray(given, dtype=np.intp))
        names = np.arange(len(samples)) if before is None else before
        after = names[heads]
        own = np.arange(len(samples))
        # The head of every group of old is its first row: rows that now bear another group's name have moved.
        self.changed_rows_ = given[heads] != given if len(heads) else self.changed_rows_
        if alike.any():
            n_families = len(np.unique(families[alike]))
            n_old, n_new = len(np.unique(given)), len(np.unique(heads))
            what = "groups" if before is not None else "rows, each a group of its own,"
            self.notes_.append(
                f"{int(alike.sum()):,} rows are in {n_families:,} families of near-duplicates (Jaccard "
                f"{self.threshold:g} or more): {n_old:,} {what} became {n_new:,} groups."
            )
            n = int(different_labels(samples, np.where(alike, families, own)).sum())
            if n:
                self.notes_.append(f"{n:,} of them have another label than the first of their family.")
        self._note_short(shingles)
        meta = samples.meta.assign(group=after)
        return Samples(samples.X, samples.y, meta, samples.schema)


def _joined(families: NDArray[np.intp], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the first row of the joined group of every row: rows of one group or one family belong together."""
    parent = np.arange(len(families))
    first_of: dict[int, int] = {}
    for row, (family, group) in enumerate(zip(families.tolist(), groups.tolist(), strict=True)):
        for other in (family, first_of.setdefault(group, row)):
            a, b = root(parent, row), root(parent, other)
            parent[max(a, b)] = min(a, b)
    return np.array([root(parent, row) for row in range(len(parent))], dtype=np.intp)


def _objects(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(values, dtype=object)
