"""What a kind of evidence must be like before an item of a standard counts as evidenced by it, or applies at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliedml.report.ledger import Item
from appliedml.report.sections._initial_weights import weights_are_known
from appliedml.report.signatures import why_not_signed

NOT_AUGMENTED = "The pipeline has no step and no setting that augments training data."
# What else the setting says, and no augmentation by itself.
_NOT_AUGMENTATIONS = frozenset({"fill"})


def why_not_applicable(item: Item, run: Any) -> str:
    """Return why an item does not apply to a run; empty where it does.

    Parameters
    ----------
    item : Item
    run : Run

    Returns
    -------
    str
    """
    return NOT_AUGMENTED if "augmentation_examples" in item.evidence and not augments(run.info) else ""


def why_not_evidence(item: Item, run: Any) -> str:
    """Return why what a run holds is no evidence of an item; empty where nothing speaks against it.

    Parameters
    ----------
    item : Item
    run : Run

    Returns
    -------
    str
    """
    if "initial_weights" in item.evidence and not weights_are_known(run.info):
        return "The report does not know what the weights of this model began from."
    return why_not_signed(run) if "sign_offs" in item.evidence else ""


def augments(info: Mapping[str, Any]) -> bool:
    """Whether a pipeline changes training data at random, by a step of its own or inside its model.

    Parameters
    ----------
    info : mapping
        ``run.json``.

    Returns
    -------
    bool

    Examples
    --------
    >>> augments({"pipeline": [{"name": "keras_classifier", "parameters": {"builder": {"cnn": {"mixup": 0.2}}}}]})
    True
    >>> augments({"pipeline": [{"name": "smote", "parameters": {"neighbors": 5}}]})
    False
    """
    steps = info.get("pipeline") or ()
    return any(str(step["name"]).startswith("augment_") or _switched_on(step["parameters"]) for step in steps)


def _switched_on(settings: Any) -> bool:
    if isinstance(settings, list | tuple):
        return any(map(_switched_on, settings))
    if not isinstance(settings, Mapping):
        return False
    own = settings.get("augment")
    if isinstance(own, Mapping) and any(value for name, value in own.items() if name not in _NOT_AUGMENTATIONS):
        return True
    return bool(settings.get("mixup")) or any(map(_switched_on, settings.values()))
