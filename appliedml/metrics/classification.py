"""Measures of a classifier, each defined once for one value and for thousands of resamples.

With two classes the measures are about class 1, the class of interest. With more, precision, recall, specificity, F1,
AUROC and average precision are one-vs-rest and averaged over the classes for which they are defined (macro). What is
undefined is NaN; ``Metric.undefined`` says when that is. Nothing warns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from appliedml.errors import DataError
from appliedml.metrics._weighted import Floats, Rows, Weighted, mean_of_defined, quotient


@dataclass(frozen=True)
class Metric:
    """A measure of a classifier.

    Parameters
    ----------
    name : str
        As in ``scores.parquet``.
    title : str
        In words.
    needs : {"scores", "labels"}
        Whether it is computed from probabilities or from predicted classes.
    higher_is_better : bool or None
        None where neither is better.
    bounds : (float, float)
        Smallest and largest value.
    function : callable
        From rows under the weights of some resamples to one value per resample.
    multiclass : bool
        Whether it is defined for more than two classes.
    undefined : str
        When it is NaN, in words.

    Examples
    --------
    >>> METRICS["roc_auc"]([0, 1, 1], [0.2, 0.1, 0.9])
    0.5
    """

    name: str
    title: str
    needs: Literal["scores", "labels"]
    higher_is_better: bool | None
    bounds: tuple[float, float]
    function: Callable[[Weighted], Floats]
    multiclass: bool
    undefined: str

    def __call__(self, y: ArrayLike, given: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the measure of some rows.

        Parameters
        ----------
        y : array of shape (n_samples,)
            Class codes.
        given : array
            Probabilities, of shape (n_samples,) for class 1 or (n_samples, n_classes); or predicted class codes.
        sample_weight : array of shape (n_samples,), optional
            Non-negative.

        Returns
        -------
        float
            NaN where undefined.

        Raises
        ------
        DataError
            If the shapes do not fit, a weight is negative or not finite, or there are more classes than the measure
            can judge.
        """
        rows = Rows(y, probabilities=given) if self.needs == "scores" else Rows(y, predictions=given)
        if rows.n_classes > 2 and not self.multiclass:
            raise DataError(f"{self.title} needs two classes. There are {rows.n_classes}.")
        return float(self.function(rows.weighted(_one_draw(self.title, sample_weight)))[0])


def confusion(
    y: ArrayLike, predicted: ArrayLike, sample_weight: ArrayLike | None = None, n_classes: int | None = None
) -> Floats:
    """Return the confusion matrix.

    Parameters
    ----------
    y, predicted : array of shape (n_samples,)
        Class codes.
    sample_weight : array of shape (n_samples,), optional
    n_classes : int, optional
        Default: one more than the largest code, and at least 2.

    Returns
    -------
    array of shape (n_classes, n_classes)
        Rows are true classes, columns predicted ones.

    Examples
    --------
    >>> confusion([0, 0, 1], [0, 1, 1]).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    weights = _one_draw("Confusion matrix", sample_weight)
    table: Floats = Rows(y, predictions=predicted, n_classes=n_classes).weighted(weights).confusion[0]
    return table


def _one_draw(who: str, sample_weight: ArrayLike | None) -> Floats | None:
    """Weights of rows as those of one resample, shape (1, n_samples)."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64).reshape(1, -1)
    wrong = np.flatnonzero(~(np.isfinite(weights[0]) & (weights[0] >= 0)))
    if len(wrong):
        raise DataError(
            f"{who}: sample_weight must be finite and not negative. Row {wrong[0]} has {weights[0, wrong[0]]:g}. "
            "Leave a row out, or weigh it 0."
        )
    return weights


def _of_interest(per_class: Floats) -> Floats:
    """Class 1 of two, or the mean over several; the last axis is the class."""
    return per_class[..., 1] if per_class.shape[-1] == 2 else mean_of_defined(per_class)


def _parts(rows: Weighted) -> tuple[Floats, Floats, Floats, Floats]:
    """Right calls, calls, members of every class, shape (n_resamples, n_classes); and all weight (n_resamples, 1)."""
    table = rows.confusion
    return (
        np.diagonal(table, axis1=1, axis2=2),
        table.sum(axis=1),
        table.sum(axis=2),
        table.sum(axis=(1, 2))[:, None],
    )


def _accuracy(rows: Weighted) -> Floats:
    right, _, _, total = _parts(rows)
    return quotient(right.sum(axis=1), total[:, 0])


def _balanced_accuracy(rows: Weighted) -> Floats:
    right, _, members, _ = _parts(rows)
    recalls = quotient(right, members)
    # With two classes the loss of one leaves a plain recall, which is another measure.
    return mean_of_defined(recalls) if members.shape[1] > 2 else recalls.mean(axis=1)


def _precision(rows: Weighted) -> Floats:
    right, called, _, _ = _parts(rows)
    return _of_interest(quotient(right, called))


def _recall(rows: Weighted) -> Floats:
    right, _, members, _ = _parts(rows)
    return _of_interest(quotient(right, members))


def _specificity(rows: Weighted) -> Floats:
    right, called, members, total = _parts(rows)
    return _of_interest(quotient(total - members - called + right, total - members))


def _f1(rows: Weighted) -> Floats:
    right, called, members, _ = _parts(rows)
    return _of_interest(quotient(2 * right, called + members))


def _mcc(rows: Weighted) -> Floats:
    right, called, members, total = _parts(rows)
    covariance = right.sum(axis=1) * total[:, 0] - (called * members).sum(axis=1)
    spread_called = total[:, 0] ** 2 - (called**2).sum(axis=1)
    spread_true = total[:, 0] ** 2 - (members**2).sum(axis=1)
    value = quotient(covariance, np.sqrt(np.maximum(spread_called * spread_true, 0.0)))
    # By convention (as in scikit-learn) calls that are all the same carry no information: 0.
    return np.where(spread_true > 0, np.where(spread_called > 0, value, 0.0), np.nan)


def _selection_rate(rows: Weighted) -> Floats:
    _, called, _, total = _parts(rows)
    return quotient(called[:, 1], total[:, 0])


def _roc_auc(rows: Weighted) -> Floats:
    return mean_of_defined(np.column_stack([ranked.roc_auc() for ranked in rows.ranked.values()]))


def _average_precision(rows: Weighted) -> Floats:
    return mean_of_defined(np.column_stack([ranked.average_precision() for ranked in rows.ranked.values()]))


def _log_loss(rows: Weighted) -> Floats:
    loss: Floats = rows.mean_losses[0]
    return loss


def _brier(rows: Weighted) -> Floats:
    loss: Floats = rows.mean_losses[1]
    return loss


_UNIT = (0.0, 1.0)
_BOTH = "one of the two classes does not occur"
_NO_CALL = "no row is called positive"
_NO_ROW = "there is no row"


def cost(false_negative: float = 1.0, false_positive: float = 1.0) -> Metric:
    """Return the measure "cost per row" for given costs of the two errors.

    Parameters
    ----------
    false_negative, false_positive : float
        Cost of one such error, in any unit.

    Returns
    -------
    Metric

    Examples
    --------
    >>> cost(false_negative=20)([1, 1, 0, 0], [1, 0, 1, 0])
    5.25
    """

    def function(rows: Weighted) -> Floats:
        table = rows.confusion
        lost = false_negative * table[:, 1, 0] + false_positive * table[:, 0, 1]
        return quotient(lost, table.sum(axis=(1, 2)))

    largest = float(max(false_negative, false_positive))
    return Metric("cost", "Cost per row", "labels", False, (0.0, largest), function, False, _NO_ROW)


def recall_at_precision(precision: float = 0.5) -> Metric:
    """Return the measure "recall at a fixed precision": the largest recall of a threshold with at least it.

    Parameters
    ----------
    precision : float
        Between 0 and 1.

    Returns
    -------
    Metric
        0 where no threshold reaches the precision.

    Examples
    --------
    >>> recall_at_precision(0.9)([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4])
    0.5
    """

    def function(rows: Weighted) -> Floats:
        return rows.ranked[1].recall_at_precision(precision)

    title = f"Recall at a precision of {precision:g}"
    return Metric("recall_at_precision", title, "scores", True, _UNIT, function, False, _BOTH)


def _entry(
    name: str,
    title: str,
    needs: Literal["scores", "labels"],
    better: bool | None,
    function: Callable[[Weighted], Floats],
    undefined: str,
    bounds: tuple[float, float] = _UNIT,
    multiclass: bool = True,
) -> tuple[str, Metric]:
    return name, Metric(name, title, needs, better, bounds, function, multiclass, undefined)


METRICS: dict[str, Metric] = dict(
    (
        _entry("roc_auc", "AUROC", "scores", True, _roc_auc, _BOTH),
        _entry("average_precision", "Average precision", "scores", True, _average_precision, _BOTH),
        _entry("log_loss", "Log loss", "scores", False, _log_loss, _NO_ROW, (0.0, float("inf"))),
        _entry("brier", "Brier score", "scores", False, _brier, _NO_ROW),
        ("recall_at_precision", recall_at_precision()),
        _entry("accuracy", "Accuracy", "labels", True, _accuracy, _NO_ROW),
        _entry("balanced_accuracy", "Balanced accuracy", "labels", True, _balanced_accuracy, _BOTH),
        _entry("precision", "Precision", "labels", True, _precision, _NO_CALL),
        _entry("recall", "Recall", "labels", True, _recall, "no row is positive"),
        _entry("specificity", "Specificity", "labels", True, _specificity, "no row is negative"),
        _entry("f1", "F1", "labels", True, _f1, "no row is positive or called positive"),
        _entry("mcc", "Matthews correlation", "labels", True, _mcc, "only one class occurs", (-1.0, 1.0)),
        _entry("selection_rate", "Selection rate", "labels", None, _selection_rate, _NO_ROW, multiclass=False),
        ("cost", cost()),
    )
)
"""Every measure by name. ``cost`` counts both errors as 1; :func:`cost` makes it for other costs."""


def metrics_for(
    n_classes: int,
    *,
    costs: Mapping[str, float] | None = None,
    precision: float = 0.5,
    names: Sequence[str] | None = None,
) -> dict[str, Metric]:
    """Return the measures that apply.

    Parameters
    ----------
    n_classes : int
    costs : mapping, optional
        ``{"false_negative": 20, "false_positive": 1}``. Without it cost is left out, or counts both errors as 1 where
        ``names`` asks for it.
    precision : float
        Of "recall at a fixed precision".
    names : sequence of str, optional
        Only these; names that do not apply are passed over.

    Returns
    -------
    dict of str to Metric

    Examples
    --------
    >>> list(metrics_for(3))[-3:]
    ['specificity', 'f1', 'mcc']
    """
    chosen = dict(METRICS)
    chosen["recall_at_precision"] = recall_at_precision(precision)
    if costs is not None:
        chosen["cost"] = cost(**costs)
    elif names is None:
        del chosen["cost"]
    return {
        name: metric
        for name, metric in chosen.items()
        if (n_classes == 2 or metric.multiclass) and (names is None or name in names)
    }


roc_auc = METRICS["roc_auc"]
average_precision = METRICS["average_precision"]
log_loss = METRICS["log_loss"]
brier = METRICS["brier"]
accuracy = METRICS["accuracy"]
balanced_accuracy = METRICS["balanced_accuracy"]
precision = METRICS["precision"]
recall = METRICS["recall"]
specificity = METRICS["specificity"]
f1 = METRICS["f1"]
mcc = METRICS["mcc"]
selection_rate = METRICS["selection_rate"]
