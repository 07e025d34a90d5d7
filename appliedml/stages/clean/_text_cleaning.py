"""What the clean stages for texts share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from appliedml.core.near_duplicates import Shingles
from appliedml.core.params import Integer, Real, Rule
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import StageError
from appliedml.stages.clean._cleaning import CleanStage, Mask

SIMILARITY_RULES: dict[str, Rule] = {
    "threshold": Real(0.3, 1),
    "words": Integer(1, 10),
    "min_words": Integer(1),
}


class TextCleanStage(CleanStage):
    """A clean stage that takes texts only."""

    def _begin_texts(self, samples: Samples) -> Texts:
        """Check parameters, clear the record, and return the texts.

        Raises
        ------
        StageError
            If the inputs are no texts.
        """
        self.check_parameters()
        self.changed_rows_ = np.zeros(len(samples), dtype=bool)
        self.notes_ = []
        if not isinstance(samples.X, Texts):
            raise StageError(
                f"{type(self).__name__} works on texts. The inputs are {type(samples.X).__name__}. Read a column of "
                "texts with the source text_table, or leave the stage out."
            )
        return samples.X


class SimilarTexts(TextCleanStage):
    """A stage that looks for near-duplicates: texts that share most runs of words."""

    threshold: float
    words: int
    min_words: int

    def _shingles(self, texts: Texts) -> Shingles:
        return Shingles(texts, int(self.words), int(self.min_words))

    def _note_short(self, shingles: Shingles) -> None:
        n = int((~shingles.compared).sum())
        if n:
            few = f"fewer than {self.min_words} words"
            self.notes_.append(f"{n:,} {'text' if n == 1 else 'texts'} of {few} compared for equality only.")


def different_labels(samples: Samples, firsts: NDArray[np.intp]) -> Mask:
    """Return the rows whose label differs from that of the row they repeat; missing labels equal each other.

    Parameters
    ----------
    samples : Samples
    firsts : array of int, shape (n_samples,)
        The row that each row repeats, or itself.

    Returns
    -------
    array of bool, shape (n_samples,)
    """
    if samples.y is None:
        return np.zeros(len(samples), dtype=bool)
    labels = np.array(["" if label != label or label is None else str(label) for label in samples.y], dtype=object)
    found: Mask = np.asarray(labels != labels[firsts], dtype=bool)
    return found
