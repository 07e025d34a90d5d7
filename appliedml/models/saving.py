"""Fitted classifiers as files: JSON and ``.keras``, no pickle.

::

    classifier.json     format version, parameters, classes, columns and levels, history
    model.keras         the first member: a Keras model that gives probabilities
    model_1.keras ...   further members

The ``.keras`` files open with plain Keras once the files ``appliedml/models/builders/_*layers.py`` are imported. The
same fitted classifier gives the same bytes: dates inside the files are set to a constant.

A loss, metric or optimizer of one's own is kept by the name under which it is registered with Keras
(``keras.saving.register_keras_serializable``); import it before loading. Where it is not registered, and for callbacks,
the loaded classifier predicts as before, and refuses to be trained until it is given them again.
"""

from __future__ import annotations

import importlib
import io
import json
import pkgutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.errors import RunError
from appliedml.models._encoder import encoder_class
from appliedml.models._entries import file_parameters, from_file_form
from appliedml.models._programs import values_of
from appliedml.models._quiet import quiet_keras
from appliedml.models._settings import Network

if TYPE_CHECKING:
    from appliedml.models.keras_classifier import KerasClassifier

FORMAT_VERSION = 2
_FACTS = "classifier.json"
# The earliest date a zip archive can hold.
_DATE = (1980, 1, 1, 0, 0, 0)


def with_probabilities(network: Network, weights: list[NDArray[Any]]) -> Any:
    """Return a Keras model with given weights whose output is a probability.

    Parameters
    ----------
    network : Network
    weights : list of array
        Values of all its variables.

    Returns
    -------
    keras.Model
    """
    import keras

    model = network.build(0)
    for variable, value in zip(model.variables, weights, strict=True):
        variable.assign(value)
    activation = "sigmoid" if network.n_outputs == 1 else "softmax"
    output = keras.layers.Activation(activation, dtype="float32", name="probability")(model.output)
    return keras.Model(model.input, output, name=model.name)


def to_files(estimator: KerasClassifier) -> dict[str, bytes]:
    """Return the files of a fitted classifier.

    Parameters
    ----------
    estimator : KerasClassifier

    Returns
    -------
    dict of str to bytes
        File name to content.
    """
    classes = np.asarray(estimator.classes_)
    parameters, apart = file_parameters(estimator)
    facts = {
        "format_version": FORMAT_VERSION,
        "kind": "keras_classifier",
        "parameters": parameters,
        **({"objects": apart} if apart else {}),
        "classes": {"dtype": "object" if classes.dtype.kind in "OT" else classes.dtype.str, "values": classes.tolist()},
        "encoder": {"kind": estimator.encoder_.kind, **estimator.encoder_.to_json()},
        "n_features": int(estimator.n_features_in_),
        "feature_names": [str(name) for name in getattr(estimator, "feature_names_in_", [])],
        "histories": [history.to_dict(orient="split", index=False) for history in estimator.member_histories_],
        "best_epoch": estimator.best_epoch_,
        "mode": estimator.mode_,
        "layers": estimator.layers_,
        "n_members": len(estimator.members_),
    }
    files = {_FACTS: (json.dumps(_plain(facts), indent=1, sort_keys=True, allow_nan=True) + "\n").encode()}
    for member, weights in enumerate(estimator.members_):
        files[_member_file(member)] = _keras_bytes(with_probabilities(estimator.network_, weights))
    return files


def from_files(files: dict[str, bytes], where: str) -> KerasClassifier:
    """Return the classifier of its files.

    Parameters
    ----------
    files : dict of str to bytes
    where : str
        Where they came from, for messages.

    Returns
    -------
    KerasClassifier

    Raises
    ------
    RunError
        If the files are not those of a classifier, or of a newer format.
    """
    from appliedml.core import registry
    from appliedml.models._scoring import Scorer
    from appliedml.models.keras_classifier import KerasClassifier

    facts = _facts(files, where)
    objects = {name: from_file_form(name, forms) for name, forms in facts.get("objects", {}).items()}
    estimator = KerasClassifier(**{**facts["parameters"], **objects})
    estimator.classes_ = np.array(facts["classes"]["values"], dtype=facts["classes"]["dtype"])
    estimator.n_features_in_ = facts["n_features"]
    if facts["feature_names"]:
        estimator.feature_names_in_ = np.array(facts["feature_names"], dtype=object)
    n_outputs = 1 if len(estimator.classes_) == 2 else len(estimator.classes_)
    builder = registry.build("builders", estimator.builder)
    estimator.encoder_ = encoder_class(facts["encoder"]["kind"]).from_json(facts["encoder"])
    estimator.network_ = Network(builder, estimator.encoder_.spec, n_outputs, estimator.precision)
    estimator.members_ = [_read_weights(files, _member_file(member), where) for member in range(facts["n_members"])]
    estimator.member_histories_ = [pd.DataFrame(**history) for history in facts["histories"]]
    estimator.history_ = pd.concat(estimator.member_histories_).groupby("epoch", as_index=False).mean()
    estimator.best_epoch_ = facts["best_epoch"]
    estimator.mode_ = facts["mode"]
    estimator.layers_ = facts["layers"]
    estimator.scorer_ = Scorer(estimator.network_, estimator.members_)
    return estimator


def save_classifier(estimator: KerasClassifier, folder: Path) -> None:
    """Write a fitted classifier to a folder.

    Parameters
    ----------
    estimator : KerasClassifier
    folder : Path
        Made if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = to_files(estimator)
    # The facts come last: a folder with them is complete.
    for name in sorted(files, key=lambda name: name == _FACTS):
        (folder / name).write_bytes(files[name])


def load_classifier(folder: Path) -> KerasClassifier:
    """Return the classifier in a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    KerasClassifier

    Raises
    ------
    RunError
        If the folder does not hold a saved classifier.
    """
    found = sorted(folder.glob("*")) if folder.is_dir() else []
    files = {path.name: path.read_bytes() for path in found if path.name == _FACTS or path.suffix == ".keras"}
    return from_files(files, str(folder))


def to_bytes(estimator: KerasClassifier) -> bytes:
    """Return a fitted classifier as one zip archive.

    Parameters
    ----------
    estimator : KerasClassifier

    Returns
    -------
    bytes
    """
    return _zipped(to_files(estimator))


def from_bytes(data: bytes) -> KerasClassifier:
    """Return the classifier of an archive made by :func:`to_bytes`.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    KerasClassifier

    Raises
    ------
    RunError
        If the bytes are not such an archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise RunError("These bytes are not a saved classifier: they are not a zip archive.") from error
    return from_files(files, "the archive")


def _member_file(member: int) -> str:
    return f"model_{member}.keras" if member else "model.keras"


def _facts(files: dict[str, bytes], where: str) -> dict[str, Any]:
    if _FACTS not in files:
        raise RunError(f"{where} does not hold a saved classifier: {_FACTS} is missing.")
    facts: dict[str, Any] = json.loads(files[_FACTS])
    if facts.get("kind") != "keras_classifier":
        raise RunError(f"{where} holds a {facts.get('kind')!r}, not a keras_classifier.")
    if facts["format_version"] > FORMAT_VERSION:
        raise RunError(
            f"{where} was written by a newer version (format {facts['format_version']}, this one reads up to "
            f"{FORMAT_VERSION}). Upgrade appliedml to read it."
        )
    return facts


def _read_weights(files: dict[str, bytes], name: str, where: str) -> list[NDArray[Any]]:
    import tempfile

    import keras

    _know_layers()
    if name not in files:
        raise RunError(f"{where} is not complete: {name} is missing.")
    # Keras loads from a path only.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(files[name])
        with quiet_keras():
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    return values_of(model.variables)


def _know_layers() -> None:
    """Import the files of our layers, which makes them known to Keras."""
    from appliedml import pretrained
    from appliedml.models import builders

    for room in (builders, pretrained):
        for module in pkgutil.iter_modules(room.__path__):
            if module.name.startswith("_") and module.name.endswith("layers"):
                importlib.import_module(f"{room.__name__}.{module.name}")


def _keras_bytes(model: Any) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        with quiet_keras():
            model.save(path)
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(files["metadata.json"])
    metadata["date_saved"] = "1980-01-01@00:00:00"
    files["metadata.json"] = json.dumps(metadata).encode()
    return _zipped(files)


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _DATE), files[name])
    return buffer.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
