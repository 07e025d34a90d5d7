"""Losses a row from logits, for compiled programs and for plain Keras alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

RowLoss = Callable[[Any, Any], Any]


def row_loss(name: str, n_outputs: int, *, gamma: float, label_smoothing: float, trains_on_labels: bool) -> RowLoss:
    """Return a function of (class codes, outputs) that gives one loss a row, as TensorFlow code.

    Parameters
    ----------
    name : str
        "crossentropy" or "focal".
    n_outputs : int
        1 for two classes.
    gamma : float
        Focusing exponent of the focal loss; 0 is cross-entropy.
    label_smoothing : float
        Share of each label spread evenly over the classes.
    trains_on_labels : bool
        False where the output of the network is itself the loss of the row (a reconstruction error).

    Returns
    -------
    callable
        Codes of shape (n,), outputs of shape (n, n_outputs) -> losses of shape (n,).

    Source
    ------
    Lin et al. (2017), Focal Loss for Dense Object Detection, equation 4 (without the class balance, for which there is
    ``class_weight``); Szegedy et al. (2016), section 7, for label smoothing.
    """
    import tensorflow as tf

    exponent = gamma if name == "focal" else 0.0

    def output_is_loss(y: Any, output: Any) -> Any:  # noqa: ARG001 - the labels do not enter
        return output[:, 0]

    def binary(y: Any, output: Any) -> Any:
        logit = output[:, 0]
        target = tf.cast(y, logit.dtype) * (1.0 - label_smoothing) + 0.5 * label_smoothing
        if not exponent:
            return tf.nn.sigmoid_cross_entropy_with_logits(labels=target, logits=logit)
        chance = tf.sigmoid(logit)
        yes = target * (1.0 - chance) ** exponent * tf.nn.softplus(-logit)
        return yes + (1.0 - target) * chance**exponent * tf.nn.softplus(logit)

    def several(y: Any, output: Any) -> Any:
        target = tf.one_hot(y, n_outputs, dtype=output.dtype) * (1.0 - label_smoothing) + label_smoothing / n_outputs
        if not exponent:
            return tf.nn.softmax_cross_entropy_with_logits(labels=target, logits=output)
        log_chance = tf.nn.log_softmax(output)
        return -tf.reduce_sum(target * (1.0 - tf.exp(log_chance)) ** exponent * log_chance, axis=-1)

    if not trains_on_labels:
        return output_is_loss
    return binary if n_outputs == 1 else several
