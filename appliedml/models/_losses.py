"""Losses a row from logits, for compiled programs and for plain Keras alike.

A loss of Keras, or a function of one's own, sees labels and outputs in one of these forms:

============================================  ======================================  ================================
loss                                          y_true                                  y_pred
============================================  ======================================  ================================
binary_crossentropy, hinge, mean errors, ...  two classes: 0 or 1, (n, 1); of more,   logits where its ``from_logits``
functions and ``Loss`` classes of one's own   one-hot, (n, n_classes)                 is true, else probabilities;
categorical_*, kl_divergence, cosine          one-hot, (n, n_classes), of two         margins (hinge) see logits;
                                              classes too                             as wide as y_true
sparse_categorical_crossentropy,              class codes, (n,)                       (n, n_classes)
categorical_generalized_cross_entropy
============================================  ======================================  ================================

By name, ``from_logits`` is true unless it is said to be false: the same loss, computed without rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliedml.errors import StageError
from appliedml.models._forms import form_of
from appliedml.models._named import LOSS

RowLoss = Callable[[Any, Any], Any]
OWN_LOSSES = ("crossentropy", "focal")
# They score each class by itself, while probabilities of several classes sum to 1.
_TWO_CLASSES_ONLY = ("binary_crossentropy", "binary_focal_crossentropy")


def reduction_problem(loss: Any) -> str | None:
    """Return what is wrong with the reduction of a loss, in words, or None.

    Parameters
    ----------
    loss : str, mapping, keras.losses.Loss or callable

    Returns
    -------
    str or None
    """
    if not LOSS.holds(loss) or loss.reduction in ("sum_over_batch_size", "mean"):
        return None
    return (
        f"KerasClassifier: the losses of the rows of a batch are averaged, so the reduction of {_name(loss)} must be "
        f"'sum_over_batch_size' or 'mean'. It is {loss.reduction!r}. For a sum, raise the learning rate instead."
    )


def row_loss(loss: Any, n_outputs: int, *, gamma: float, label_smoothing: float, trains_on_labels: bool) -> RowLoss:
    """Return a function of (class codes, outputs) that gives one loss a row, as TensorFlow code.

    Parameters
    ----------
    loss : str, mapping, keras.losses.Loss or callable
        "crossentropy", "focal", or a loss of Keras.
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

    Raises
    ------
    StageError
        If the loss cannot be used for so many classes.

    Source
    ------
    Lin et al. (2017), Focal Loss for Dense Object Detection, equation 4 (without the class balance, for which there is
    ``class_weight``); Szegedy et al. (2016), section 7, for label smoothing.
    """
    import tensorflow as tf

    if trains_on_labels and not (isinstance(loss, str) and loss in OWN_LOSSES):
        return _keras_row_loss(loss, n_outputs)
    exponent = gamma if loss == "focal" else 0.0

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


def _keras_row_loss(loss: Any, n_outputs: int) -> RowLoss:
    import tensorflow as tf

    function, form, name = _parts(loss)
    if name in _TWO_CLASSES_ONLY and n_outputs > 1:
        other = name.replace("binary", "categorical")
        raise StageError(
            f"KerasClassifier: the loss {name!r} is for two classes; there are {n_outputs}. Use {other!r}."
        )

    def rows(y: Any, output: Any) -> Any:
        found = tf.convert_to_tensor(function(*form(tf.convert_to_tensor(y), tf.convert_to_tensor(output))))
        if found.shape.rank == 2 and found.shape[1] == 1:
            found = found[:, 0]
        if found.shape.rank != 1:
            raise StageError(
                f"KerasClassifier: a loss must give one value a row, for rows have weights. {_name(loss)} gives the "
                f"shape {tuple(found.shape)}: take the mean over the last axis only."
            )
        return found

    return rows


def _parts(loss: Any) -> tuple[Any, Any, str | None]:
    """Return the function a row, the form of what it sees, and the name among Keras' losses."""
    if callable(loss) and not LOSS.holds(loss):
        return loss, form_of(None, bool(getattr(loss, "from_logits", False))), None
    if LOSS.holds(loss):
        names = {known: name for name, (known, _) in LOSS.known.items()}
        name = names.get(type(loss).__name__) if type(loss).__module__.startswith("keras.") else None
        from_logits = LOSS.config(loss).get("from_logits", getattr(loss, "from_logits", False))
        # ``call`` gives a loss a row; the reduction over rows is the trainer's, which knows their weights.
        return loss.call, form_of(name, bool(from_logits)), name
    name, given = LOSS.split(loss)
    takes_logits = "from_logits" in LOSS.parameters(name)
    from_logits = takes_logits and bool(given.get("from_logits", True))
    made = LOSS.make(loss, {"from_logits": True} if takes_logits else None)
    return made.call, form_of(name, from_logits), name


def _name(loss: Any) -> str:
    return str(getattr(loss, "__name__", None) or (loss if isinstance(loss, str) else type(loss).__name__))
