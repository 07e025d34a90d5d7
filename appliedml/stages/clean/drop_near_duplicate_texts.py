"""Drop texts that nearly repeat an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from appliedml.core.params import Rule
from appliedml.core.samples import Samples
from appliedml.stages.clean._text_cleaning import SIMILARITY_RULES, SimilarTexts, different_labels


class DropNearDuplicateTexts(SimilarTexts):
    """Drop all but the first of texts that are nearly the same: one of them would stand in training, one in test.

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
        Rows that were dropped.
    notes_ : list of str
        How many were dropped, how many of them lie in the group of the row they repeat, and how many contradict its
        label.

    Raises
    ------
    StageError
        From ``clean``: if the inputs are no texts.

    Notes
    -----
    Whether a row goes depends on other rows, so this stage only drops rows. Where both texts are worth keeping (a
    translation, a template), ``GroupNearDuplicates`` keeps them on one side of every split instead. The comparison is
    exact up to 64-bit hashes, not sampled.

    Source
    ------
    Broder (1997), On the resemblance and containment of documents; Lee et al. (2022), Deduplicating training data makes
    language models better, ACL.

    Examples
    --------
    >>> from appliedml.core.texts import Texts
    >>> texts = Texts(["The tea is good, buy it now!", "the tea is good - buy it now", "Not for me, thank you all."])
    >>> list(DropNearDuplicateTexts().clean(Samples(texts, [1, 1, 0])).X)
    ['The tea is good, buy it now!', 'Not for me, thank you all.']
    """

    looks_across_rows: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = SIMILARITY_RULES

    def __init__(self, threshold: float = 0.8, words: int = 3, min_words: int = 5) -> None:
        self.threshold = threshold
        self.words = words
        self.min_words = min_words

    def clean(self, samples: Samples) -> Samples:
        """Return the samples without near-duplicates.

        Parameters
        ----------
        samples : Samples
            Inputs must be Texts.

        Returns
        -------
        Samples
        """
        shingles = self._shingles(self._begin_texts(samples))
        firsts = shingles.firsts(float(self.threshold))
        repeated = firsts != np.arange(len(samples))
        self._record(repeated, f"{{n}} dropped: near-duplicate of an earlier one (Jaccard {self.threshold:g} or more).")
        if repeated.any():
            if samples.group is not None:
                group = np.asarray(samples.group, dtype=object)
                within = int((group[firsts] == group)[repeated].sum())
                other = int(repeated.sum()) - within
                self.notes_.append(f"{within:,} of them repeat a row of their own group, {other:,} one of another.")
            n = int(different_labels(samples, firsts).sum())
            if n:
                self.notes_.append(f"{n:,} of them had another label than the row that was kept.")
        self._note_short(shingles)
        return samples[~repeated]
