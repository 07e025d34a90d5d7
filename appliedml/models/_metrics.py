"""Metrics of Keras an epoch, and which value decides about the best epoch."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core import registry
from appliedml.core.stage import snake_case
from appliedml.errors import ParameterError
from appliedml.models._forms import Form, form_of
from appliedml.models._named import METRIC

ALWAYS = ("val_loss", "val_roc_auc", "val_average_precision", "loss")
MODES = ("auto", "min", "max")
_SMALLER_IS_BETTER = re.compile(r"loss|error|crossentropy|hinge|divergence|poisson|false_|log_cosh|logcosh")
_LARGER_IS_BETTER = re.compile(r"accuracy|auc|precision|recall|f1|fbeta|true_|similarity|sensitivity|specificity")
_ROWS_AT_ONCE = 65_536


def metric_name(entry: Any) -> str:
    """Return the name of a metric in the history: as it was written, as in Keras.

    Parameters
    ----------
    entry : str, mapping or keras.metrics.Metric

    Returns
    -------
    str

    Examples
    --------
    >>> metric_name("auc"), metric_name({"auc": {"curve": "PR", "name": "pr_auc"}}), metric_name("mse")
    ('auc', 'pr_auc', 'mse')
    """
    if METRIC.holds(entry):
        # Keras numbers the metrics of a process that were given no name: auc_1, auc_2.
        plain = snake_case(type(entry).__name__)
        return plain if re.fullmatch(rf"{re.escape(plain)}_\d+", entry.name) else str(entry.name)
    name, given = registry.split_entry(entry)
    return str(given.get("name", name))


def metric_problems(metrics: Sequence[Any] | None, monitor: str, monitor_mode: str) -> list[str]:
    """Return a sentence for every metric that has the name of another value, and for a monitor that is not there.

    Parameters
    ----------
    metrics : sequence or None
    monitor, monitor_mode : str

    Returns
    -------
    list of str
    """
    names = [metric_name(entry) for entry in metrics or []]
    taken = {"epoch", "learning_rate", "roc_auc", "average_precision", *ALWAYS}
    problems = []
    for place, name in enumerate(names):
        if name in taken or name in names[:place] or name.startswith("val_"):
            problems.append(
                f"KerasClassifier: the history has a value named {name!r} already, or the name is reserved. Give the "
                f"metric another as in {{auc: {{name: area}}}}."
            )
    known = [*ALWAYS, *names, *(f"val_{name}" for name in names)]
    if monitor not in known:
        close = get_close_matches(monitor, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        problems.append(
            f"KerasClassifier: monitor must be one of {', '.join(map(repr, known))}; a metric is named in metrics "
            f"first. It is {monitor!r}.{hint}"
        )
    elif monitor_mode == "auto" and direction(metrics, monitor) == 0:
        problems.append(
            f'KerasClassifier: it is not known whether a large {monitor} is good. Give monitor_mode="min" or "max".'
        )
    return problems


def reported(metrics: Sequence[Any] | None, *, validated: bool) -> list[str]:
    """Return the names of the values that each epoch reports.

    Parameters
    ----------
    metrics : sequence or None
    validated : bool
        Whether there are validation rows.

    Returns
    -------
    list of str

    Examples
    --------
    >>> reported(["auc"], validated=False)
    ['loss', 'auc', 'learning_rate']
    """
    names = [metric_name(entry) for entry in metrics or []]
    held = ["val_loss", "val_roc_auc", "val_average_precision", *(f"val_{name}" for name in names)]
    return ["loss", *names, "learning_rate", *(held if validated else [])]


def direction(metrics: Sequence[Any] | None, monitor: str, monitor_mode: str = "auto") -> int:
    """Return 1 where a larger value is better, -1 where a smaller one is, 0 where that is not known.

    Parameters
    ----------
    metrics : sequence or None
    monitor, monitor_mode : str

    Returns
    -------
    int

    Examples
    --------
    >>> direction(["precision"], "val_precision"), direction(None, "val_loss"), direction(None, "val_roc_auc")
    (1, -1, 1)
    """
    if monitor_mode != "auto":
        return 1 if monitor_mode == "max" else -1
    name = monitor.removeprefix("val_")
    for entry in metrics or []:
        if metric_name(entry) == name:
            own = {"up": 1, "down": -1}.get(str(getattr(entry, "_direction", "")))
            if own:
                return own
            name = snake_case(type(entry).__name__) if METRIC.holds(entry) else METRIC.split(entry)[0]
    if _SMALLER_IS_BETTER.search(name):
        return -1
    return 1 if _LARGER_IS_BETTER.search(name) else 0


class EpochMetrics:
    """The metrics of one training, made once and set back for every epoch.

    Parameters
    ----------
    entries : sequence of str, mapping or keras.metrics.Metric, or None
    n_outputs : int
        1 for two classes.
    """

    def __init__(self, entries: Sequence[Any] | None, n_outputs: int) -> None:
        self.items: list[tuple[str, Any, Form]] = []
        for entry in entries or []:
            metric, form = _made(entry, n_outputs)
            if "sample_weight" not in inspect.signature(metric.update_state).parameters:
                raise ParameterError(
                    f"KerasClassifier: update_state of the metric {type(metric).__name__} must take sample_weight: a "
                    "last batch that is not full is filled up with rows of no weight."
                )
            self.items.append((metric_name(entry), metric, form))
        if self.items:
            # Some make their variables when they see the first rows, which a compiled program must not do.
            self.update(np.zeros(1, np.int32), np.zeros((1, n_outputs), np.float32), np.ones(1, np.float32))
            self.reset()

    def update(self, y: Any, outputs: Any, weight: Any) -> None:
        """Take rows in: class codes (n,), logits (n, n_outputs), weights (n,)."""
        import tensorflow as tf

        for _, metric, form in self.items:
            y_true, y_pred = form(tf.convert_to_tensor(y), tf.convert_to_tensor(outputs))
            metric.update_state(y_true, y_pred, sample_weight=weight)

    def reset(self) -> None:
        """Forget all rows."""
        for _, metric, _ in self.items:
            metric.reset_state()

    def current(self, prefix: str = "") -> dict[str, float]:
        """Return the value of each metric over the rows taken in so far.

        Parameters
        ----------
        prefix : str
            Before each name.

        Returns
        -------
        dict of str to float

        Raises
        ------
        ParameterError
            If a metric gives more than one number.
        """
        found = {}
        for name, metric, _ in self.items:
            value = np.asarray(metric.result())
            if value.size != 1:
                raise ParameterError(
                    f"KerasClassifier: the metric {name} gives {value.size} numbers, not one. Average them "
                    "(average='macro'), or choose a class (class_id)."
                )
            found[f"{prefix}{name}"] = float(value.reshape(()))
        return found

    def values(self, prefix: str = "") -> dict[str, float]:
        """Return what :meth:`current` does, and forget the rows."""
        found = self.current(prefix)
        self.reset()
        return found

    def measure(
        self, y: NDArray[Any], outputs: NDArray[Any], weight: NDArray[Any], prefix: str = "val_"
    ) -> dict[str, float]:
        """Return the value of each metric over given rows.

        Parameters
        ----------
        y : array of shape (n,)
        outputs : array of shape (n, n_outputs)
        weight : array of shape (n,)
        prefix : str

        Returns
        -------
        dict of str to float
        """
        if not self.items:
            return {}
        self.reset()
        for start in range(0, len(y), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            self.update(y[part], outputs[part].astype(np.float32), weight[part].astype(np.float32))
        return self.values(prefix)


def as_keras_metrics(metrics: EpochMetrics) -> list[Any]:
    """Return metrics that take class codes and logits, for ``compile(weighted_metrics=...)``.

    Parameters
    ----------
    metrics : EpochMetrics

    Returns
    -------
    list of keras.metrics.Metric
    """
    import keras
    import tensorflow as tf

    class OfLogits(keras.metrics.Metric):
        def __init__(self, name: str, metric: Any, form: Form) -> None:
            super().__init__(name=name)
            self._own, self._form = metric, form
            self._direction = getattr(metric, "_direction", None)

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            codes = tf.cast(tf.reshape(y_true, [-1]), tf.int32)
            self._own.update_state(*self._form(codes, tf.cast(y_pred, tf.float32)), sample_weight=sample_weight)

        def result(self) -> Any:
            return tf.reshape(self._own.result(), [])

        def reset_state(self) -> None:
            self._own.reset_state()

    return [OfLogits(name, metric, form) for name, metric, form in metrics.items]


def _made(entry: Any, n_outputs: int) -> tuple[Any, Form]:
    if METRIC.holds(entry):
        own = type(entry)
        names = {known: name for name, (known, _) in METRIC.known.items()}
        name = names.get(own.__name__) if own.__module__.startswith("keras.") else None
        config: Mapping[str, Any] = METRIC.config(entry)
        return METRIC.make(entry), form_of(name, bool(config.get("from_logits", False)))
    name, given = METRIC.split(entry)
    defaults: dict[str, Any] = {"name": name}
    if name == "accuracy":
        name = "binary_accuracy" if n_outputs == 1 else "categorical_accuracy"
        return METRIC.make({name: given}, defaults), form_of(name, False)
    if name in ("f1_score", "fbeta_score"):
        defaults |= {"average": "macro"} | ({"threshold": 0.5} if n_outputs == 1 else {})
    return METRIC.make(entry, defaults), form_of(name, bool(given.get("from_logits", False)))
