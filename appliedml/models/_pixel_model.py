"""A fitted network that can be differentiated with respect to pixels."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from appliedml.models._encoder import Encoder
from appliedml.models._settings import Network

PIXELS = "pixels"


def pixel_model(network: Network, weights: list[NDArray[Any]], encoder: Encoder) -> Any | None:
    """Return a Keras model from float pixels to probabilities.

    Parameters
    ----------
    network : Network
    weights : list of array
        Values of all its variables.
    encoder : Encoder
        Its ``front()``, where it has one, leads from pixels to the network's arrays.

    Returns
    -------
    keras.Model or None
        None where the network does not read pictures, or the way from the pixels cannot be differentiated.
    """
    import keras

    if network.builder.reads != "images":
        return None
    front = encoder.front()
    model = _float_inputs(network, weights)
    if model is None or (front is None and PIXELS not in {tensor.name for tensor in model.inputs}):
        return None
    size = front.input.shape[1:] if front is not None else model.input[PIXELS].shape[1:]
    pixels = keras.Input(shape=size, name=PIXELS, dtype="float32")
    logits = model({PIXELS: pixels} if front is None else front(pixels))
    if network.n_outputs > 1:
        return keras.Model(pixels, keras.layers.Softmax(dtype="float32", name="probabilities")(logits))
    positive = keras.layers.Activation("sigmoid", dtype="float32", name="probability")(logits)
    negative = keras.layers.Rescaling(-1.0, 1.0, name="other")(positive)
    return keras.Model(pixels, keras.layers.Concatenate(name="probabilities")([negative, positive]))


def _float_inputs(network: Network, weights: list[NDArray[Any]]) -> Any | None:
    """The network with inputs of float32: a gradient does not pass through integers."""
    import keras

    model = network.build(0)
    for variable, value in zip(model.variables, weights, strict=True):
        variable.assign(value)
    inputs = model.input if isinstance(model.input, dict) else {tensor.name: tensor for tensor in model.inputs}
    fresh = {name: keras.Input(shape=tensor.shape[1:], dtype="float32", name=name) for name, tensor in inputs.items()}
    shared = {id(layer): layer for layer in model.layers}
    return keras.models.clone_model(
        model,
        input_tensors=fresh,
        clone_function=lambda layer: shared[id(layer)],
        call_function=lambda layer, *arguments, **named: (
            layer(*arguments, **{**named, "training": False}) if _takes_training(layer) else layer(*arguments, **named)
        ),
    )


def _takes_training(layer: Any) -> bool:
    return bool(getattr(layer, "_call_has_training_arg", False))
