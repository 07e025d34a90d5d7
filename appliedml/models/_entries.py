"""Parameters of a classifier as plans, files and descriptions hold them: names and numbers only."""

from __future__ import annotations

import json
from typing import Any

from appliedml.errors import StageError
from appliedml.models._metrics import metric_name
from appliedml.models._named import LOSS, METRIC, OPTIMIZER, NotInFile
from appliedml.models._optimizers import exclusions, optimizer_entry

_HELD = ("optimizer", "loss", "metrics", "callbacks")


def plan_parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of a classifier with objects of Keras as entries of their names.

    Parameters
    ----------
    estimator : KerasClassifier

    Returns
    -------
    dict

    Raises
    ------
    StageError
        If a parameter has no such form: a class or a function of the user, callbacks; or was not in a file.
    """
    given: dict[str, Any] = estimator.get_params(deep=False)
    lost = [one for name in _HELD for one in _items(given[name]) if isinstance(one, NotInFile)]
    if lost:
        raise StageError(f"KerasClassifier: it was loaded from a file.{lost[0].remedy}")
    if given["callbacks"] is not None:
        raise StageError(
            "KerasClassifier: a plan file cannot hold callbacks: they are Python objects. Early stopping and schedules "
            "have parameters of their own (patience_epochs, schedule); for others, use the pipeline without a plan."
        )
    given["optimizer"] = optimizer_entry(given["optimizer"])
    if _is_function("loss", given["loss"]):
        raise StageError(
            f"KerasClassifier: a plan file cannot hold the loss {_named(given['loss'])}: it is a Python function. Name "
            "a loss, or use the pipeline without a plan."
        )
    given["loss"] = LOSS.entry(given["loss"])
    if given["metrics"] is not None:
        given["metrics"] = [_metric_entry(entry) for entry in given["metrics"]]
    return given


def _metric_entry(metric: Any) -> Any:
    entry = METRIC.entry(metric)
    if METRIC.holds(metric) and isinstance(entry, dict):
        ((name, config),) = entry.items()
        return {name: {**config, "name": metric_name(metric)}}
    return entry


def shown(name: str, value: Any) -> Any:
    """Return a parameter as a description shows it: its entry, or else the name of what it is.

    Parameters
    ----------
    name : str
        "optimizer", "loss", "metrics" or "callbacks".
    value : object

    Returns
    -------
    JSON value
    """
    if value is None or isinstance(value, str | dict):
        return value
    if isinstance(value, list | tuple):
        return [shown(name, item) for item in value]
    try:
        if isinstance(value, NotInFile):
            return value.name
        if name == "optimizer":
            return optimizer_entry(value)
        if _is_function(name, value):
            return _named(value)
        return LOSS.entry(value) if name == "loss" else _metric_entry(value)
    except StageError:
        return _named(value)


def file_parameters(estimator: Any) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Return the parameters for a saved classifier, and apart from them those that hold more than names and numbers.

    Parameters
    ----------
    estimator : KerasClassifier

    Returns
    -------
    parameters : dict
        As in a plan; those apart are at their default.
    apart : dict of str to list of dict
        For each object of a parameter its entry in a plan, its name among those registered with Keras with its
        configuration, or else only what it was.
    """
    given: dict[str, Any] = estimator.get_params(deep=False)
    defaults = type(estimator)().get_params(deep=False)
    apart = {}
    for name in _HELD:
        try:
            given[name] = plan_parameters(type(estimator)(**{name: given[name]}))[name]
        except StageError:
            apart[name] = [_file_form(name, item) for item in _items(given[name])]
            given[name] = defaults[name]
    return given, apart


def from_file_form(name: str, forms: list[dict[str, Any]]) -> Any:
    """Return a parameter that was kept apart in a file.

    Parameters
    ----------
    name : str
        Of the parameter.
    forms : list of dict

    Returns
    -------
    object
        With a :class:`NotInFile` in the place of each object that the file does not hold, or that nothing imported has
        registered: the classifier predicts, and refuses to be trained.
    """
    found = [_from_form(name, form) for form in forms]
    return found if name in ("metrics", "callbacks") else found[0]


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _file_form(name: str, value: Any) -> dict[str, Any]:
    import keras

    if isinstance(value, NotInFile):
        return {"not_held": value.name}
    if name == "metrics":
        try:
            return {"entry": _metric_entry(value)}
        except StageError:
            pass
    a_class = any(kind.holds(value) for kind in (OPTIMIZER, LOSS, METRIC))
    known = type(value) if a_class else value
    registered = keras.saving.get_registered_name(known) if hasattr(known, "__name__") else ""
    if ">" not in registered or name == "callbacks" or exclusions(value) is not None or LOSS.lost(value):
        return {"not_held": _named(value)}
    form = {"registered": registered, "config": value.get_config() if a_class else None}
    try:
        json.dumps(form)
    except TypeError:
        return {"not_held": _named(value)}
    return form


def _from_form(name: str, form: dict[str, Any]) -> Any:
    import keras

    if "entry" in form:
        return form["entry"]
    known = keras.saving.get_registered_object(form.get("registered", ""))
    if known is None:
        return NotInFile(name, form.get("not_held") or form["registered"])
    return known if form["config"] is None else known.from_config(form["config"])


def _is_function(name: str, value: Any) -> bool:
    return name == "callbacks" or (callable(value) and not LOSS.holds(value) and not METRIC.holds(value))


def _named(value: Any) -> str:
    return value.name if isinstance(value, NotInFile) else str(getattr(value, "__name__", type(value).__name__))
