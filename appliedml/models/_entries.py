"""Parameters of a classifier as plans, files and descriptions hold them: names and numbers only."""

from __future__ import annotations

from typing import Any

from appliedml.errors import StageError
from appliedml.models._metrics import metric_name
from appliedml.models._named import LOSS, METRIC
from appliedml.models._optimizers import optimizer_entry


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
        If a parameter has no such form: a class or a function of the user, callbacks.
    """
    given: dict[str, Any] = estimator.get_params(deep=False)
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
        if name == "optimizer":
            return optimizer_entry(value)
        if _is_function(name, value):
            return _named(value)
        return LOSS.entry(value) if name == "loss" else _metric_entry(value)
    except StageError:
        return _named(value)


def file_parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters for a saved classifier; what a file cannot hold is at its default there.

    Parameters
    ----------
    estimator : KerasClassifier

    Returns
    -------
    dict
        A loaded classifier predicts the same; to train it again, give it the objects again.
    """
    given: dict[str, Any] = estimator.get_params(deep=False)
    defaults = type(estimator)().get_params(deep=False)
    for name in ("optimizer", "loss", "metrics", "callbacks"):
        try:
            given[name] = plan_parameters(type(estimator)(**{name: given[name]}))[name]
        except StageError:
            given[name] = defaults[name]
    return given


def _is_function(name: str, value: Any) -> bool:
    return name == "callbacks" or (callable(value) and not LOSS.holds(value) and not METRIC.holds(value))


def _named(value: Any) -> str:
    return str(getattr(value, "__name__", type(value).__name__))
