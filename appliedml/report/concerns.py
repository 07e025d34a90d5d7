"""Which standards a run is held against, and why one of them does not concern it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliedml.report.ledger import Standard, load_standards

OTHER = "other"
_INPUTS = {"images": "images", "texts": "texts", "table": "a table"}


def known_fields() -> tuple[str, ...]:
    """Return what ``field`` in ``context.yaml`` may say: the fields that standards are for, and "other".

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> known_fields()
    ('employment', 'health care', 'other')
    """
    return (*sorted({field for standard in load_standards().values() for field in standard.fields}), OTHER)


def in_question(context: Mapping[Any, Any], inputs: str | None = None) -> dict[str, str]:
    """Return the standards that a context asks for, all by default, each with why it does not concern the run.

    Parameters
    ----------
    context : mapping
        Content of ``context.yaml``. Names that are no standards are passed over.
    inputs : str, optional
        "images", "texts" or "table"; None where nobody knows: every kind of inputs is then thinkable.

    Returns
    -------
    dict of str to str
        Name and reason, in the order asked for; an empty reason where the standard concerns the run.

    Notes
    -----
    A standard for other inputs never concerns a run. In which field a model is used no machine knows, so that counts
    only where ``field`` says it, and not for standards that ``standards`` names: a person may want one of another field
    as a checklist.

    Examples
    --------
    >>> in_question({"standards": ["claim_2024", "model_card"]}, "texts")["claim_2024"]
    "It is for models that read medical images; this run's inputs are texts."
    >>> in_question({"field": "employment"})["tripod_ai"]
    'It is for prediction models in health care; the field that context.yaml names is employment.'
    >>> in_question({})["tripod_ai"]
    ''
    """
    known, asked = load_standards(), context.get("standards")
    named = isinstance(asked, list)
    names = [name for name in asked if isinstance(name, str) and name in known] if isinstance(asked, list) else known
    field = None if named else _field(context)
    return {name: _why_not(known[name], inputs, field) for name in names}


def inputs_of(run: Any) -> str | None:
    """Return the kind of inputs that a run was made on, if it says so.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str or None
    """
    found = (run.info.get("data") or {}).get("inputs")
    return None if found is None else str(found)


def _field(context: Mapping[Any, Any]) -> str | None:
    """The field stated; one that is not known is taken for none, lest a slip of the pen drops a standard."""
    stated = context.get("field")
    field = stated.strip().lower() if isinstance(stated, str) else None
    return field if field in known_fields() else None


def _why_not(standard: Standard, inputs: str | None, field: str | None) -> str:
    if standard.inputs and inputs is not None and inputs not in standard.inputs:
        return f"It is for {standard.concerns}; this run's inputs are {_INPUTS.get(inputs, inputs)}."
    if standard.fields and field is not None and field not in standard.fields:
        return f"It is for {standard.concerns}; the field that context.yaml names is {field}."
    return ""
