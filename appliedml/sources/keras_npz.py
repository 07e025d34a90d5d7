"""Read a picture data set in the format of Keras' own ``mnist.npz``."""

from __future__ import annotations

from typing import ClassVar

from appliedml.sources._npz import Part
from appliedml.sources._npz_source import NpzSource


class KerasNpz(NpzSource):
    """Read a ``.npz`` file with ``x_train``, ``y_train``, ``x_test`` and ``y_test``, as Keras' ``mnist.npz``.

    Parameters
    ----------
    path, classes, size, channels
        As in ``NpzSource``: the file, the names of the classes, and what the pictures are brought to.

    Raises
    ------
    DataError
        From :meth:`read`: if the file is damaged or lacks an array.

    Notes
    -----
    Training and test part stand in ``meta["split"]``, for the split ``predefined``. CIFAR-10 fits after
    ``numpy.savez("cifar10.npz", x_train=..., y_train=..., x_test=..., y_test=...)``.

    Examples
    --------
    >>> KerasNpz("mnist.npz", size=32)
    KerasNpz(path='mnist.npz', size=32)
    """

    parts: ClassVar[tuple[Part, ...]] = tuple(Part(name, f"x_{name}", f"y_{name}") for name in ("train", "test"))
