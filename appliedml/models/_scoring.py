"""Probabilities in one compiled call: the fast path of predictions and explanations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json
from appliedml.core.seeds import derive_seed
from appliedml.models._inputs import Arrays
from appliedml.models._lazy import rows_a_call
from appliedml.models._programs import cached, values_of
from appliedml.models._settings import Network

# Rows of one call. Larger tables go through in parts of this size, so that memory stays bounded.
_MOST_ROWS = 65_536
# Rows are filled up to a multiple of this, so that no row goes through the kernels' code for left-over rows and a row
# scores the same alone and in company (to the last bits of float32).
_ROW_STEP = 32


class Scorer:
    """Probabilities of one or more networks of the same architecture, averaged.

    Weights are arguments of the compiled function, which all networks of the architecture share: an estimator that is
    pickled, cloned or fitted again does not compile again. Calls from several threads do not disturb each other.

    Parameters
    ----------
    network : Network
    members : list of list of array
        The values of all variables, for each network.
    """

    def __init__(self, network: Network, members: list[list[NDArray[Any]]]) -> None:
        self._network = network
        self._members = members
        self._ready: tuple[Any, list[list[Any]]] | None = None

    def __reduce__(self) -> tuple[type[Scorer], tuple[Network, list[list[NDArray[Any]]]]]:
        """Pickle what it was made of: no TensorFlow object."""
        return (Scorer, (self._network, self._members))

    def _compiled(self) -> tuple[Any, list[list[Any]]]:
        import tensorflow as tf

        if self._ready is None:
            key = canonical_json(["score", self._network.key()])
            call = cached(key, lambda: _compile(self._network))
            self._ready = call, [[tf.constant(value) for value in weights] for weights in self._members]
        return self._ready

    def __call__(self, x: Arrays) -> NDArray[np.float64]:
        """Return probabilities of shape (n_rows, n_classes)."""
        import tensorflow as tf

        call, members = self._compiled()
        n_rows = len(next(iter(x.values())))
        parts = []
        step = rows_a_call(x, _MOST_ROWS, self._network.builder.values_a_row(self._network.spec))
        for start in range(0, n_rows, step):
            stop = min(start + step, n_rows)
            room = -(-(stop - start) // _ROW_STEP) * _ROW_STEP
            batch = {name: tf.constant(_filled(array[start:stop], room)) for name, array in x.items()}
            total = sum(call(batch, weights).numpy().astype(np.float64) for weights in members)
            parts.append(np.asarray(total)[: stop - start] / len(members))
        chances = np.concatenate(parts) if parts else np.empty((0, self._network.n_outputs))
        if self._network.n_outputs == 1:
            return np.column_stack([1.0 - chances[:, 0], chances[:, 0]])
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def random_scorer(network: Network, n_members: int, seed: int) -> Scorer:
    """Return a scorer of the same networks with fresh random weights.

    Parameters
    ----------
    network : Network
    n_members : int
    seed : int

    Returns
    -------
    Scorer
    """
    fresh = [network.build(derive_seed(seed, "random", member)) for member in range(n_members)]
    return Scorer(network, [values_of(model.variables) for model in fresh])


def _filled(array: NDArray[Any], room: int) -> NDArray[Any]:
    if len(array) == room:
        return array
    return np.concatenate([array, np.repeat(array[-1:], room - len(array), axis=0)])


def _compile(network: Network) -> Any:
    import tensorflow as tf

    model = network.build(0)
    n_trainable = len(model.trainable_variables)
    place = {id(variable): number for number, variable in enumerate(model.variables)}
    trainable = [place[id(variable)] for variable in model.trainable_variables]
    fixed = [place[id(variable)] for variable in model.non_trainable_variables]

    def call(x: Any, weights: Any) -> Any:
        output, _ = model.stateless_call(
            [weights[number] for number in trainable],
            [weights[number] for number in fixed],
            x,
            training=False,
        )
        output = tf.cast(output, tf.float32)
        return tf.sigmoid(output) if network.n_outputs == 1 else tf.nn.softmax(output)

    if n_trainable + len(fixed) != len(model.variables):
        raise RuntimeError("a Keras model must list every variable once")
    inputs = {tensor.name: tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs}
    values = [tf.TensorSpec(variable.shape, variable.dtype) for variable in model.variables]
    # The concrete function: TensorFlow counts traces by line of source, and would warn of "retracing".
    return tf.function(call, autograph=False).get_concrete_function(inputs, values)
