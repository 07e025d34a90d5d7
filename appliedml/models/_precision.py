"""Mixed precision of one network, with no policy left behind for others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


@contextmanager
def built_in(precision: str) -> Iterator[None]:
    """Build layers that calculate in a precision; their weights stay float32.

    Parameters
    ----------
    precision : str
        One of ``PRECISIONS``.

    Yields
    ------
    None
        Keras' policy of this thread is as before afterwards.

    Source
    ------
    Micikevicius et al. (2018), Mixed Precision Training.
    """
    import keras

    before = keras.config.dtype_policy()
    if before.name == precision:
        yield
        return
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def scaled(optimizer: Any, precision: str) -> Any:
    """Return the optimizer for a precision: float16's small gradients are lost unless the loss is scaled up.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
    precision : str

    Returns
    -------
    keras.optimizers.Optimizer
    """
    import keras

    return keras.optimizers.LossScaleOptimizer(optimizer) if precision == "mixed_float16" else optimizer


def inner(optimizer: Any) -> Any:
    """Return the optimizer inside loss scaling.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer

    Returns
    -------
    keras.optimizers.Optimizer
    """
    return getattr(optimizer, "inner_optimizer", optimizer)
