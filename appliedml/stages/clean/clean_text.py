"""Make texts plain: one unicode form, no markup, addresses as tokens, single spaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from appliedml.core.params import AnyOf, Boolean, Choice, Integer, Null, Rule
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.stages.clean import _text_repairs as repairs
from appliedml.stages.clean._text_cleaning import TextCleanStage

# Repairs can uncover work for one another (an escaped tag); more rounds than these only a hostile text needs.
MAX_ROUNDS = 5


class CleanText(TextCleanStage):
    """Repair texts: unicode form, HTML, addresses, user names, repeated letters, control characters, spaces, length.

    Parameters
    ----------
    unicode_form : {"NFC", "NFKC", "keep"}
        Unicode normal form. NFKC also turns look-alikes (ligatures, full-width letters) into plain letters.
    html : {"remove", "keep"}
        Take out tags, comments, scripts and styles, and turn entities such as ``&amp;`` into characters. Only names of
        HTML elements are tags: ``<3`` and ``<grin>`` stay.
    urls, emails, user_names : {"token", "remove", "keep"}
        Web addresses, e-mail addresses, and names of the form ``@name`` become ``[url]``, ``[email]`` and ``[user]``,
        or nothing: a model should not learn them by heart, and they may name a person.
    repeated_letters : int or None
        Longest run of one letter or mark ("sooooo!!!!!" becomes "sooo!!!"); None leaves them. Digits are left alone.
    control_characters : {"remove", "keep"}
        Control and invisible formatting characters, which can reorder or hide text; broken characters become U+FFFD.
    spaces : bool
        Whether runs of spaces and line ends become one space.
    max_characters : int or None
        Cut longer texts, at a space where there is one. None leaves them whole.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows whose text changed.
    notes_ : list of str
        How many rows each repair changed, and how many texts are empty after it.

    Raises
    ------
    StageError
        From ``clean``: if the inputs are no texts.

    Notes
    -----
    Each text is repaired by itself. Missing texts stay missing, and a text may become empty: put ``drop_empty_texts``
    behind.

    Source
    ------
    Unicode Standard Annex 15, Unicode normalization forms; HTML living standard, section 4 (elements).

    Examples
    --------
    >>> texts = Texts(["Soooooo  good!<br />See https://example.org &amp; tell @jo"])
    >>> list(CleanText().clean(Samples(texts, [1])).X)
    ['Sooo good! See [url] & tell [user]']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "unicode_form": Choice("NFC", "NFKC", "keep"),
        "html": Choice("remove", "keep"),
        "urls": Choice("token", "remove", "keep"),
        "emails": Choice("token", "remove", "keep"),
        "user_names": Choice("token", "remove", "keep"),
        "repeated_letters": AnyOf(Integer(1), Null()),
        "control_characters": Choice("remove", "keep"),
        "spaces": Boolean(),
        "max_characters": AnyOf(Integer(1), Null()),
    }

    def __init__(
        self,
        unicode_form: str = "NFC",
        html: str = "remove",
        urls: str = "token",
        emails: str = "token",
        user_names: str = "token",
        repeated_letters: int | None = 3,
        control_characters: str = "remove",
        spaces: bool = True,
        max_characters: int | None = None,
    ) -> None:
        self.unicode_form = unicode_form
        self.html = html
        self.urls = urls
        self.emails = emails
        self.user_names = user_names
        self.repeated_letters = repeated_letters
        self.control_characters = control_characters
        self.spaces = spaces
        self.max_characters = max_characters

    def clean(self, samples: Samples) -> Samples:
        """Return the samples with repaired texts.

        Parameters
        ----------
        samples : Samples
            Inputs must be Texts.

        Returns
        -------
        Samples
            Same rows, same order.
        """
        texts = self._begin_texts(samples)
        steps = self._steps()
        touched = {said: np.zeros(len(texts), dtype=bool) for said in steps}
        out = texts.strings.copy()
        for row, text in enumerate(texts.strings):
            if text is None:
                continue
            now = text
            for _ in range(MAX_ROUNDS):
                before = now
                for said, change in steps.items():
                    after = change(now)
                    if after != now:
                        touched[said][row] = True
                        now = after
                if now == before:
                    break
            out[row] = now
        for said, rows in touched.items():
            self._record(rows, f"{texts.column}: {said} in {{n}}.")
        emptied = sum(
            bool(old and old.strip()) and not new.strip() for old, new in zip(texts.strings, out, strict=True)
        )
        if emptied:
            are = "text is" if emptied == 1 else "texts are"
            self.notes_.append(
                f"{texts.column}: {emptied:,} {are} empty after cleaning: put drop_empty_texts after it."
            )
        return samples.replace(X=Texts(out, texts.column))

    def _steps(self) -> dict[str, Callable[[str], str]]:
        """Return the repairs that are switched on, in order, each under what it is called in the notes."""
        steps: dict[str, Callable[[str], str]] = {}
        if self.control_characters == "remove":
            steps["control characters removed"] = repairs.without_controls
        if self.html == "remove":
            steps["HTML removed"] = repairs.without_html
        if self.unicode_form != "keep":
            form = self.unicode_form
            steps[f"unicode form {form} restored"] = lambda text: repairs.normal_form(text, form)
        for name, option, change, token in (
            ("web addresses", self.urls, repairs.without_urls, repairs.URL_TOKEN),
            ("e-mail addresses", self.emails, repairs.without_emails, repairs.EMAIL_TOKEN),
            ("user names", self.user_names, repairs.without_users, repairs.USER_TOKEN),
        ):
            if option != "keep":
                by = f"replaced by {token}" if option == "token" else "removed"
                steps[f"{name} {by}"] = _with_token(change, token if option == "token" else "")
        if self.repeated_letters is not None:
            most = int(self.repeated_letters)
            steps[f"runs of one letter shortened to {most}"] = lambda text: repairs.shortened(text, most)
        if self.spaces:
            steps["spaces made single"] = repairs.single_spaces
        if self.max_characters is not None:
            longest = int(self.max_characters)
            steps[f"text cut to {longest:,} characters"] = lambda text: repairs.cut(text, longest)
        return steps


def _with_token(change: Callable[[str, str], str], token: str) -> Callable[[str], str]:
    return lambda text: change(text, token)
