"""Objects of Keras through clones and pickles, whole.

Keras itself copies and pickles what ``get_config`` tells, and loses the rest: ``delta`` of a Huber loss, what was left
out of weight decay, the parameters of a class of one's own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator

from appliedml.errors import ParameterError
from appliedml.models._callbacks import AsGiven, carried, copies_of, unused
from appliedml.models._named import LOSS, METRIC, OPTIMIZER
from appliedml.models._optimizers import exclusions

HELD = ("optimizer", "loss", "metrics")


class Carrying(BaseEstimator):
    """An estimator with parameters that may be objects of Keras."""

    _as_given: AsGiven | None = None

    def __sklearn_clone__(self) -> Any:
        """Return an unfitted copy, which shares the objects of Keras that no training changes.

        Its callbacks are copies of those given, as they were before they were trained with.
        """
        bare = type(self).__new__(type(self))
        bare.__dict__.update(self.__dict__, **dict.fromkeys((*HELD, "callbacks")))
        made: Any = BaseEstimator.__sklearn_clone__(bare)
        own = {name: _shared(getattr(self, name)) for name in HELD}
        return made.set_params(**own, callbacks=copies_of(unused(self.callbacks, self._as_given)))

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for a pickle."""
        state: dict[str, Any] = super().__getstate__()
        own = {name: _carried(state[name]) for name in HELD}
        own["callbacks"], own["_as_given"] = carried(state["callbacks"], self._as_given)
        return {**state, **own}


def _shared(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_shared, value))
    return copy.deepcopy(value) if isinstance(value, dict) else value


def _carried(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_carried, value))
    held = any(kind.holds(value) for kind in (OPTIMIZER, LOSS, METRIC))
    return Carried(value) if held else value


class Carried:
    """An object of Keras in a pickle, from which it comes out as it was.

    Parameters
    ----------
    value : keras.optimizers.Optimizer, keras.losses.Loss or keras.metrics.Metric
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Return how to make it again.

        Raises
        ------
        ParameterError
            If something of it would be lost.
        """
        value = self.value
        # Asked here too, for the process that reads the pickle cannot know what is lost.
        lost = OPTIMIZER.lost(value) or METRIC.lost(value)
        if lost:
            raise ParameterError(lost)
        if OPTIMIZER.holds(value):
            return _optimizer, (type(value), OPTIMIZER.config(value), exclusions(value))
        if METRIC.holds(value):
            return _metric, (type(value), METRIC.config(value))
        return _loss, (type(value), dict(vars(value)))


def _optimizer(made_by: Any, config: dict[str, Any], left_out: list[str] | None) -> Any:
    made = made_by.from_config(config)
    if left_out is not None:
        made.exclude_from_weight_decay(var_names=left_out)
    return made


def _metric(made_by: Any, config: dict[str, Any]) -> Any:
    return made_by.from_config(config)


def _loss(made_by: Any, facts: dict[str, Any]) -> Any:
    made = made_by.__new__(made_by)
    made.__dict__.update(facts)
    return made
