"""What a network began from: random weights and their seed, or weights that others trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Networks of this package that begin from random weights alone, and those around a pre-trained network. What a builder
# of somebody else does is not known here.
_RANDOM = frozenset({"autoencoder", "cnn", "deep_cross", "mlp", "recurrent", "text_cnn", "text_transformer", "vit"})
_AROUND = frozenset({"image_transfer", "text_transfer"})
_UNKNOWN = "not known to this report"
# Where the description of a model, or of a stage before it, names weights of others.
_OTHERS = ("backbone", "pretrained")


def initial_weights(info: Mapping[str, Any]) -> str:
    """Say what the network of a run began from.

    Parameters
    ----------
    info : mapping
        ``run.json``.

    Returns
    -------
    str
        Empty where the model is no network.

    Examples
    --------
    >>> model = {"model": "keras_classifier", "builder": {"cnn": {}}}
    >>> initial_weights({"model": model, "seed": 7})
    'random; the seed of every fold is derived from the root seed 7'
    """
    model = info.get("model") or {}
    builder = model.get("builder")
    if model.get("model") != "keras_classifier" or not isinstance(builder, Mapping) or not builder:
        return ""
    name = next(iter(builder))
    if name not in _RANDOM | _AROUND:
        return f"{_UNKNOWN}: the builder {name} sets them"
    inside = [str(model[key].get("name", key)) for key in _OTHERS if _trained(model.get(key))]
    # A stage before the model tells of itself under its own name.
    before = [
        str(said[key].get("name", key))
        for said in model.values()
        if isinstance(said, Mapping)
        for key in _OTHERS
        if _trained(said.get(key))
    ]
    text = f"random{' for the layers trained here' if inside else ''}; {_seed(info)}"
    if inside:
        text += f". The network inside ({', '.join(inside)}) begins from pre-trained weights, listed here too"
    if before:
        text += f". The network in front ({', '.join(before)}) has pre-trained weights, listed here too"
    return text


def weights_are_known(info: Mapping[str, Any]) -> bool:
    """Whether the report can say what the network of a run began from.

    Parameters
    ----------
    info : mapping
        ``run.json``.

    Returns
    -------
    bool

    Examples
    --------
    >>> weights_are_known({"model": {"model": "keras_classifier", "builder": {"my_network": {}}}})
    False
    """
    said = initial_weights(info)
    return bool(said) and not said.startswith(_UNKNOWN)


def _trained(said: Any) -> bool:
    """Whether a description names a network whose weights others trained."""
    if not isinstance(said, Mapping):
        return False
    weights = said.get("weights")
    return (weights.get("asked") if isinstance(weights, Mapping) else weights) != "random"


def _seed(info: Mapping[str, Any]) -> str:
    steps: Sequence[Mapping[str, Any]] = info.get("pipeline") or ()
    own = next((step["parameters"].get("random_state") for step in steps if step["verb"] == "predict"), None)
    if own is not None:
        return f"seed {own} in every fold"
    return f"the seed of every fold is derived from the root seed {info.get('seed')}"
