"""Read a MedMNIST file."""

from __future__ import annotations

from typing import ClassVar

from appliedml.sources._npz import Part
from appliedml.sources._npz_source import NpzSource


class Medmnist(NpzSource):
    """Read a MedMNIST ``.npz`` file: train, validation and test pictures with one label each.

    Parameters
    ----------
    path, classes, size, channels
        As in ``NpzSource``: the file, the names of the classes, and what the pictures are brought to.

    Raises
    ------
    DataError
        From :meth:`read`: if the file is damaged, lacks an array, or has several labels a picture (as ChestMNIST).

    Notes
    -----
    The file's own parts stand in ``meta["split"]``: the split ``predefined`` trains on train, validates on val (early
    stopping, calibration, threshold) and tests on test. Arrays that are not compressed are read one picture at a time;
    compressed ones are loaded as a whole, and ``read_report`` says so. Python objects in the file are refused.

    Source
    ------
    Yang et al. (2023), MedMNIST v2: a large-scale lightweight benchmark for 2D and 3D biomedical image
    classification, Scientific Data 10.

    Examples
    --------
    >>> Medmnist("pneumoniamnist.npz", classes=["normal", "pneumonia"])
    Medmnist(classes=['normal', 'pneumonia'], path='pneumoniamnist.npz')
    """

    parts: ClassVar[tuple[Part, ...]] = tuple(
        Part(name, f"{name}_images", f"{name}_labels") for name in ("train", "val", "test")
    )
