"""The lists of identity terms and the templates: shipped ones and the users' own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from appliedml.errors import StageError

FOLDER = Path(__file__).with_name("identity_terms")
NO_SLOT = "none"
OWN_TONE = "own"


@dataclass(frozen=True)
class Form:
    """Terms of one grammatical form, matched between groups by position.

    Parameters
    ----------
    slot : str
        Which noun phrase templates make of them; "none" where they are used in own sentences only.
    name : str
        Grammatical form.
    terms : mapping of str to tuple of str
        Group to its terms.
    case_sensitive : bool
        Whether own sentences must have the same capitals ("Polish", "Mark").
    own_sentences : bool
        Whether own sentences are swapped; false for words that mostly mean something else there.
    """

    slot: str
    name: str
    terms: Mapping[str, tuple[str, ...]]
    case_sensitive: bool = False
    own_sentences: bool = True


@dataclass(frozen=True)
class Dimension:
    """One axis of identity, with its groups and their terms."""

    name: str
    forms: tuple[Form, ...]
    source: str = ""
    note: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups in order of first appearance."""
        return tuple(dict.fromkeys(group for form in self.forms for group in form.terms))


@dataclass(frozen=True)
class Term:
    """A term as templates use it."""

    dimension: str
    group: str
    slot: str
    text: str


@dataclass(frozen=True)
class Frame:
    """A sentence with a place for a person: ``{subject}`` (a noun phrase) or ``{term}`` (the term as it is)."""

    tone: str
    text: str


@cache
def shipped() -> dict[str, Dimension]:
    """Return the shipped dimensions by name, sorted.

    Returns
    -------
    dict of str to Dimension

    Examples
    --------
    >>> list(shipped())
    ['age', 'disability', 'gender', 'names', 'nationality', 'orientation', 'religion']
    """
    paths = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.startswith("_"))
    found = [_dimension(_read(path), path.name) for path in paths]
    return {item.name: item for item in found}


@cache
def _shipped_templates() -> Mapping[str, Any]:
    data: Mapping[str, Any] = _read(FOLDER / "_templates.yaml")
    return data


def phrases() -> dict[str, str]:
    """Return the noun phrase of every slot, with ``{term}`` in it.

    Returns
    -------
    dict of str to str
    """
    return dict(_shipped_templates()["phrases"])


def find_dimensions(wanted: Sequence[str] | None, own: Any = None) -> list[Dimension]:
    """Return the dimensions asked for.

    Parameters
    ----------
    wanted : sequence of str or None
        Names; None for all shipped and own ones.
    own : str, mapping or None
        Own lists: a path to a YAML file, or dimension to group to terms. One with a shipped name replaces it.

    Returns
    -------
    list of Dimension

    Raises
    ------
    StageError
        If a name is not known, or a list cannot be used.

    Examples
    --------
    >>> [item.name for item in find_dimensions(["gender"])]
    ['gender']
    >>> find_dimensions(["job"], {"job": {"care": ["nurse"], "law": ["lawyer"]}})[0].groups
    ('care', 'law')
    """
    known = {**shipped(), **_own_dimensions(own)}
    for name in wanted or ():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise StageError(f"IdentitySwaps: {name!r} is not a dimension. There are: {', '.join(known)}.{hint}")
    return [known[name] for name in (known if wanted is None else dict.fromkeys(wanted))]


def find_frames(own: Any = None) -> tuple[Frame, ...]:
    """Return the templates.

    Parameters
    ----------
    own : str, sequence of str or None
        Own templates, in place of the shipped ones: texts, or a path to a YAML file with a list, or with a mapping of
        tones to lists.

    Returns
    -------
    tuple of Frame

    Raises
    ------
    StageError
        If a template has no place for a term, or there are fewer than two.

    Examples
    --------
    >>> find_frames(["{subject} came.", "We met {term}."])[1]
    Frame(tone='own', text='We met {term}.')
    """
    data = _shipped_templates()["frames"] if own is None else _read(Path(own)) if isinstance(own, str) else own
    by_tone = data if isinstance(data, Mapping) else {OWN_TONE: data}
    frames = tuple(Frame(str(tone), str(text)) for tone, texts in by_tone.items() for text in texts or ())
    wrong = [frame.text for frame in frames if "{subject}" not in frame.text and "{term}" not in frame.text]
    if wrong or len(frames) < 2:
        what = f"{wrong[0]!r} has neither" if wrong else f"there are {len(frames)} templates"
        raise StageError(
            "IdentitySwaps: templates must be at least two texts with {subject} (a noun phrase) or {term} in each; "
            f"{what}."
        )
    return frames


def template_terms(dimensions: Sequence[Dimension]) -> list[Term]:
    """Return the terms that templates can be filled with, where a slot has at least two of a dimension.

    Parameters
    ----------
    dimensions : sequence of Dimension

    Returns
    -------
    list of Term
        Each once, in the order of the lists.
    """
    known, found = phrases(), []
    for dimension in dimensions:
        terms = dict.fromkeys(
            Term(dimension.name, group, form.slot, text)
            for form in dimension.forms
            if form.slot in known
            for group, texts in form.terms.items()
            for text in texts
        )
        groups: dict[str, set[str]] = {}
        for term in terms:
            groups.setdefault(term.slot, set()).add(term.group)
        found += [term for term in terms if len(groups[term.slot]) > 1]
    return found


def fill(frame: Frame, term: Term) -> str:
    """Return a template with a term in it, capitals at its start.

    Parameters
    ----------
    frame : Frame
    term : Term

    Returns
    -------
    str

    Examples
    --------
    >>> fill(Frame("own", "{subject} came late."), Term("gender", "female", "person", "woman"))
    'The woman came late.'
    """
    subject = phrases()[term.slot].replace("{term}", term.text)
    text = frame.text.replace("{subject}", subject).replace("{term}", term.text)
    return text[:1].upper() + text[1:]


def _own_dimensions(own: Any) -> dict[str, Dimension]:
    if own is None:
        return {}
    where = own if isinstance(own, str) else "terms"
    data = _read(Path(own)) if isinstance(own, str) else own
    items = data if isinstance(data, list) else [data]
    found: list[Dimension] = []
    for item in items:
        if isinstance(item, Mapping) and "forms" in item:
            found.append(_dimension(item, where))
        elif isinstance(item, Mapping):
            found += [_simple(str(name), groups, where) for name, groups in item.items()]
        else:
            raise StageError(f"IdentitySwaps: {where} must hold a mapping of dimensions to groups to lists of terms.")
    return {item.name: item for item in found}


def _simple(name: str, groups: Any, where: str) -> Dimension:
    """Read dimension -> group -> terms: words after "the", or names where all terms begin with a capital."""
    if not isinstance(groups, Mapping):
        raise StageError(f"IdentitySwaps: {where}: {name!r} must be a mapping of groups to lists of terms.")
    terms = [str(text) for texts in groups.values() if isinstance(texts, list | tuple) for text in texts]
    named = bool(terms) and all(text[:1].isupper() for text in terms)
    form = {"slot": "name" if named else "person", "form": "own", "terms": groups, "case_sensitive": named}
    return _dimension({"dimension": name, "source": "given by the user", "forms": [form]}, where)


def _dimension(data: Any, where: str) -> Dimension:
    try:
        forms = tuple(
            Form(
                slot=str(item["slot"]),
                name=str(item["form"]),
                terms={str(group): _texts(texts) for group, texts in item["terms"].items()},
                case_sensitive=bool(item.get("case_sensitive", False)),
                own_sentences=bool(item.get("own_sentences", True)),
            )
            for item in data["forms"]
        )
        found = Dimension(str(data["dimension"]), forms, str(data.get("source", "")), str(data.get("note", "")))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StageError(
            f"IdentitySwaps: the list in {where} cannot be used ({error}). Each form needs slot, form and terms, a "
            "mapping of groups to lists of texts."
        ) from error
    strange = [form.slot for form in found.forms if form.slot != NO_SLOT and form.slot not in phrases()]
    if strange:
        raise StageError(f"IdentitySwaps: {where}: slot {strange[0]!r} is none of {', '.join([*phrases(), NO_SLOT])}.")
    if len(found.groups) < 2:
        raise StageError(f"IdentitySwaps: {where}: dimension {found.name!r} needs at least two groups to swap between.")
    return found


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not values or not all(isinstance(v, str) and v.strip() for v in values):
        raise ValueError(f"{values!r} is not a list of texts")
    return tuple(value.strip() for value in values)


def _read(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StageError(f"IdentitySwaps: {path} cannot be read as YAML: {error}.") from error
