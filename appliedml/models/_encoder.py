"""What stands between a user's rows and the arrays of a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import RunError


class Spec(Protocol):
    """What a builder must know of its inputs."""

    def shape_key(self) -> list[Any]:
        """Return what decides the shape of the network, as a JSON value."""
        ...


class LazyRows(Protocol):
    """An array that is made row by row, for inputs that are too large for memory."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """Return some rows, by slice or by an array of positions or booleans, as an array."""
        ...


class Encoder(ABC):
    """Turns rows into the arrays a network reads. What it has learned, it learned on training rows."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def spec(self) -> Any:
        """What the builder is given: a :class:`Spec`."""

    @abstractmethod
    def encode(self, inputs: Any) -> dict[str, Any]:
        """Return one array an input of the network, each with one row a row of ``inputs``.

        Parameters
        ----------
        inputs : DataFrame, Images, Texts or array

        Returns
        -------
        dict of str to array or LazyRows

        Raises
        ------
        DataError
            If the inputs are not of the kind that was learned.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return the encoder as a JSON value, without ``kind``."""

    @classmethod
    @abstractmethod
    def from_json(cls, data: Mapping[str, Any]) -> Encoder:
        """Return the encoder of a JSON value."""

    def front(self) -> Any | None:
        """Return a Keras model from float pixels, 0..255, to the network's arrays, where they are not the pixels.

        Returns
        -------
        keras.Model or None
            Differentiable; its output is a mapping by name.
        """
        return None

    def describe(self) -> dict[str, Any]:
        """Return facts for the run's record, as a JSON value: sizes, where weights came from."""
        return {}


def encoder_class(kind: str) -> type[Encoder]:
    """Return the encoder of a kind; the module of a builder that uses it must have been imported.

    Parameters
    ----------
    kind : str

    Returns
    -------
    type

    Raises
    ------
    RunError
        If no encoder is of that kind.
    """
    waiting, found = [Encoder], {}
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        found[getattr(one, "kind", "")] = one
    if kind not in found:
        raise RunError(f"This version reads no inputs of the kind {kind!r}. Upgrade appliedml to read the classifier.")
    return found[kind]
