"""How losses and metrics of Keras see labels and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Form:
    """What an object of Keras is given for class codes and logits.

    Parameters
    ----------
    codes : bool
        Labels as class codes of shape (n,), not as 0 and 1 in columns.
    pairs : bool
        Two classes as two columns, not as one column for the class of code 1.
    logits : bool
        Outputs as logits, not as probabilities.

    Examples
    --------
    >>> Form(pairs=True)
    Form(codes=False, pairs=True, logits=False)
    """

    codes: bool = False
    pairs: bool = False
    logits: bool = False

    def __call__(self, y: Any, output: Any) -> tuple[Any, Any]:
        """Return (y_true, y_pred) of class codes (n,) and logits (n, n_outputs)."""
        import tensorflow as tf

        n_classes = output.shape[-1]
        if n_classes == 1 and (self.codes or self.pairs):
            # The softmax of (-z/2, z/2) is (1 - sigmoid(z), sigmoid(z)).
            output, n_classes = tf.concat([-0.5 * output, 0.5 * output], axis=-1), 2
        seen = output
        if not self.logits:
            seen = tf.sigmoid(output) if n_classes == 1 else tf.nn.softmax(output)
        if self.codes:
            return y, seen
        return (tf.cast(y, tf.float32)[:, None] if n_classes == 1 else tf.one_hot(y, n_classes)), seen


# Losses and metrics that compare whole distributions over classes.
_PAIRS = (
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "kl_divergence",
    "top_k_categorical_accuracy",
)
_CODES = (
    "categorical_generalized_cross_entropy",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
)
# A margin is a difference of scores, not of probabilities.
_MARGINS = ("hinge", "squared_hinge", "categorical_hinge")


def form_of(name: str | None, from_logits: bool) -> Form:
    """Return what a loss or metric sees.

    Parameters
    ----------
    name : str or None
        Its name among Keras' own; None for one of the user.
    from_logits : bool
        Whether it was told to expect logits.

    Returns
    -------
    Form
    """
    return Form(codes=name in _CODES, pairs=name in _PAIRS, logits=from_logits or name in _MARGINS)
