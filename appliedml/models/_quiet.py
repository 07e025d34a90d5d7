"""Warnings of other packages that say nothing to a user."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_keras() -> Iterator[None]:
    """Leave out the warning that Keras 3.15 copies its variables in a way that NumPy 2 calls outdated.

    Yields
    ------
    None
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="__array__ implementation doesn't accept a copy", category=DeprecationWarning
        )
        yield
