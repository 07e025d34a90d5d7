"""Word pieces of texts, cut to a length, by the tokeniser that an encoder was trained with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.optional import require
from appliedml.errors import DataError

# Texts of one call to the tokeniser: it runs on all cores, and holds some 100 bytes a piece meanwhile.
_TEXTS_AT_ONCE = 1_024


class Tokeniser:
    """Turns texts into codes of word pieces, with the marks of start and end around them.

    Parameters
    ----------
    path : path
        A ``tokenizer.json``.

    Raises
    ------
    MissingExtraError
        If the package ``tokenizers`` is not installed.
    DataError
        If the file is none, or its padding is not code 0.
    """

    def __init__(self, path: Path) -> None:
        tokenizers = require("tokenizers", "text", "Splitting texts into word pieces")
        try:
            self._tokeniser: Any = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise DataError(f"{path} is not a tokeniser that can be read: {error}.") from error
        self._tokeniser.no_truncation()
        self._tokeniser.no_padding()
        marks = {name: self._tokeniser.token_to_id(name) for name in ("[PAD]", "[CLS]", "[SEP]")}
        if marks["[PAD]"] != 0 or None in marks.values():
            raise DataError(f"{path}: a BERT tokeniser has [PAD] as code 0, [CLS] and [SEP]. This one has {marks}.")
        self._start, self._end = int(marks["[CLS]"]), int(marks["[SEP]"])

    def __call__(self, texts: Iterable[str], length: int, keep: str = "start") -> list[NDArray[np.int32]]:
        """Return the codes of each text.

        Parameters
        ----------
        texts : iterable of str
        length : int
            Most pieces of a text, with its two marks; at least 4.
        keep : str
            Of a longer text: "start", or "both" for the first and the last pieces, half each.

        Returns
        -------
        list of array of int32
            Each of at least 2 and at most ``length`` codes.
        """
        # Lone surrogates, which broken files can hold, are no text for the tokeniser.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        found = []
        for start in range(0, len(clean), _TEXTS_AT_ONCE):
            coded = self._tokeniser.encode_batch(clean[start : start + _TEXTS_AT_ONCE], add_special_tokens=False)
            found += [self._cut(one.ids, length - 2, keep) for one in coded]
        return found

    def _cut(self, codes: list[int], room: int, keep: str) -> NDArray[np.int32]:
        if len(codes) > room:
            last = room // 2 if keep == "both" else 0
            codes = codes[: room - last] + codes[len(codes) - last :]
        return np.array([self._start, *codes, self._end], dtype=np.int32)
