"""Maps from a model's probabilities to calibrated ones, fitted on rows the model was not trained on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliedml.core._logistic import EPSILON, fit_logistic, logit, sigmoid
from appliedml.core.params import Choice, rule_sentence
from appliedml.errors import DataError, ParameterError, StageError

CALIBRATIONS = ("none", "platt", "isotonic", "temperature")
# A slope of zero would throw the order of the scores away, a negative one would turn it round.
MIN_SLOPE = 1e-3


class Calibrator(ABC):
    """A fitted map of probabilities; the order of binary scores is never turned round.

    Attributes
    ----------
    n_classes_ : int
        Number of columns seen in :meth:`fit`.
    """

    method: ClassVar[str]
    n_classes_: int

    def fit(self, probabilities: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn the map.

        Parameters
        ----------
        probabilities : array of shape (n_samples, n_classes)
            Of rows that were not used in training.
        y : array of shape (n_samples,)
            Class codes 0 .. n_classes - 1.
        sample_weight : array of shape (n_samples,), optional
            Non-negative.

        Returns
        -------
        Calibrator
            Itself.

        Raises
        ------
        DataError
            If shapes differ or a probability is missing.
        StageError
            If the rows are of fewer than two classes.
        """
        given = _probabilities(probabilities)
        codes = np.asarray(y).astype(np.int64)
        weight = np.ones(len(codes)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if codes.shape != (len(given),) or weight.shape != codes.shape:
            raise DataError(
                f"Calibration needs one label and one weight per row. There are {len(given)} rows, "
                f"labels of shape {codes.shape} and weights of shape {weight.shape}."
            )
        self.n_classes_ = given.shape[1]
        used = weight > 0
        present = np.unique(codes[used])
        if self.method != "none" and len(present) < 2:
            what = f"all of class {present[0]}" if len(present) else "none with a positive weight"
            raise StageError(
                f"Calibration {self.method!r} needs rows of at least two classes among those set aside. "
                f"It was given {len(codes)} rows, {what}. Set more rows aside (validation), or use calibration: none."
            )
        if len(present) and not 0 <= present[0] <= present[-1] < self.n_classes_:
            raise DataError(f"Calibration: class codes must lie between 0 and {self.n_classes_ - 1}.")
        self._fit(given[used], codes[used], weight[used] / max(float(weight[used].mean()), EPSILON))
        return self

    def transform(self, probabilities: ArrayLike) -> NDArray[np.float64]:
        """Map probabilities.

        Parameters
        ----------
        probabilities : array of shape (n_samples, n_classes)

        Returns
        -------
        array of shape (n_samples, n_classes), float64
            Each row sums to 1.

        Raises
        ------
        DataError
            If the number of classes is not that of ``fit``, or a probability is missing.
        StageError
            If the calibrator is not fitted.
        """
        if not hasattr(self, "n_classes_"):
            raise StageError(f"Calibration {self.method!r} is not fitted. Call fit first.")
        given = _probabilities(probabilities)
        if given.shape[1] != self.n_classes_:
            raise DataError(f"Calibration was fitted on {self.n_classes_} classes, not {given.shape[1]}.")
        return self._transform(given) if len(given) else given

    def get_state(self) -> dict[str, Any]:
        """Return everything that was learned as JSON values.

        Returns
        -------
        dict
        """
        return {"method": self.method, "n_classes": self.n_classes_, **self._state()}

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Calibrator:
        """Return a fitted calibrator from what :meth:`get_state` gave.

        Parameters
        ----------
        state : mapping

        Returns
        -------
        Calibrator
        """
        found = make_calibrator(state["method"])
        found.n_classes_ = int(state["n_classes"])
        found._restore(state)
        return found

    @abstractmethod
    def _fit(self, given: NDArray[np.float64], codes: NDArray[np.int64], weight: NDArray[np.float64]) -> None: ...

    @abstractmethod
    def _transform(self, given: NDArray[np.float64]) -> NDArray[np.float64]: ...

    @abstractmethod
    def _state(self) -> dict[str, Any]: ...

    @abstractmethod
    def _restore(self, state: Mapping[str, Any]) -> None: ...


class NoCalibration(Calibrator):
    """Gives the probabilities back as they are."""

    method = "none"

    def _fit(self, given: NDArray[np.float64], codes: NDArray[np.int64], weight: NDArray[np.float64]) -> None:
        """Nothing is learned."""

    def _transform(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        return given

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Nothing was learned."""


class PlattCalibrator(Calibrator):
    """Logistic curve of the logit, one for each class (binary: one); rows are then made to sum to 1.

    Notes
    -----
    Targets are smoothed as Platt proposed, so that the fit is finite where the classes are separated. The slope is at
    least 0.001: the order of the scores is kept even where they say nothing.

    Source
    ------
    Platt (1999), Probabilistic outputs for support vector machines; Zadrozny and Elkan (2002), Transforming classifier
    scores into accurate multiclass probability estimates, KDD.
    """

    method = "platt"

    def _fit(self, given: NDArray[np.float64], codes: NDArray[np.int64], weight: NDArray[np.float64]) -> None:
        self.curves_ = [_curve(logit(given[:, code]), codes == code, weight) for code in _own_codes(self.n_classes_)]

    def _transform(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = [
            sigmoid(slope * logit(given[:, code]) + intercept)
            for code, (slope, intercept) in zip(_own_codes(self.n_classes_), self.curves_, strict=True)
        ]
        return _joined(columns, given)

    def _state(self) -> dict[str, Any]:
        return {"curves": [list(curve) for curve in self.curves_]}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.curves_ = [(float(slope), float(intercept)) for slope, intercept in state["curves"]]


class IsotonicCalibrator(Calibrator):
    """Non-decreasing steps, joined by lines, one for each class (binary: one); rows are then made to sum to 1.

    Notes
    -----
    Different scores can become ties, which may lower the AUROC a little. From n rows no probability nearer to 0 or 1
    than 1 / (n + 2) can be learned (Laplace's rule of succession): outputs are kept inside, so that the log loss stays
    finite.

    Source
    ------
    Zadrozny and Elkan (2002), Transforming classifier scores into accurate multiclass probability estimates, KDD.
    """

    method = "isotonic"

    def _fit(self, given: NDArray[np.float64], codes: NDArray[np.int64], weight: NDArray[np.float64]) -> None:
        from sklearn.isotonic import IsotonicRegression

        edge = 1 / (len(codes) + 2)
        self.steps_ = []
        for code in _own_codes(self.n_classes_):
            curve = IsotonicRegression(out_of_bounds="clip", y_min=edge, y_max=1 - edge)
            curve.fit(given[:, code], (codes == code).astype(float), sample_weight=weight)
            self.steps_.append((curve.X_thresholds_.astype(float), curve.y_thresholds_.astype(float)))

    def _transform(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = [
            np.interp(given[:, code], scores, values)
            for code, (scores, values) in zip(_own_codes(self.n_classes_), self.steps_, strict=True)
        ]
        return _joined(columns, given)

    def _state(self) -> dict[str, Any]:
        return {"steps": [{"scores": scores.tolist(), "values": values.tolist()} for scores, values in self.steps_]}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.steps_ = [
            (np.array(step["scores"], dtype=float), np.array(step["values"], dtype=float)) for step in state["steps"]
        ]


class TemperatureCalibrator(Calibrator):
    """Divides all log probabilities by one temperature: sharper or softer, the most probable class stays.

    Source
    ------
    Guo, Pleiss, Sun, Weinberger (2017), On calibration of modern neural networks, ICML.
    """

    method = "temperature"

    def _fit(self, given: NDArray[np.float64], codes: NDArray[np.int64], weight: NDArray[np.float64]) -> None:
        scores = np.log(np.clip(given, EPSILON, 1))
        own = scores[np.arange(len(codes)), codes]
        # Where every row is right, the loss falls for ever the sharper the scores become, and the first wrong answer
        # later on costs everything. After n right answers the next is wrong with probability 1 / (n + 2) (Laplace's
        # rule of succession), as in Platt's targets.
        wrong = 1 / (len(codes) + 2)
        others = (scores.sum(axis=1) - own) / (scores.shape[1] - 1)
        own = (1 - wrong) * own + wrong * others

        def slope_of_loss(power: float) -> float:
            expected = (_softmax(power * scores) * scores).sum(axis=1)
            return float((weight * (expected - own)).sum())

        # The log loss is convex in 1 / temperature: its derivative has one root, found by halving.
        low, high = np.log(1e-2), np.log(1e2)
        for _ in range(60):
            middle = (low + high) / 2
            if slope_of_loss(float(np.exp(middle))) > 0:
                high = middle
            else:
                low = middle
        self.temperature_ = float(np.exp(-(low + high) / 2))

    def _transform(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        return _softmax(np.log(np.clip(given, EPSILON, 1)) / self.temperature_)

    def _state(self) -> dict[str, Any]:
        return {"temperature": self.temperature_}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.temperature_ = float(state["temperature"])


_KINDS: dict[str, type[Calibrator]] = {
    kind.method: kind for kind in (NoCalibration, PlattCalibrator, IsotonicCalibrator, TemperatureCalibrator)
}


def make_calibrator(method: str) -> Calibrator:
    """Return an unfitted calibrator.

    Parameters
    ----------
    method : {"none", "platt", "isotonic", "temperature"}

    Returns
    -------
    Calibrator

    Raises
    ------
    ParameterError
        If the method is none of these.

    Examples
    --------
    >>> scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    >>> calibrator = make_calibrator("platt").fit(scores, [0, 1, 0, 1])
    >>> calibrator.transform(scores).shape
    (4, 2)
    """
    rule = Choice(*CALIBRATIONS)
    if not rule.accepts(method):
        raise ParameterError(rule_sentence("make_calibrator", "method", rule, method))
    return _KINDS[method]()


def _probabilities(values: ArrayLike) -> NDArray[np.float64]:
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] < 2:
        raise DataError(f"Calibration needs probabilities of shape (n_samples, n_classes). The shape is {given.shape}.")
    if not np.isfinite(given).all():
        raise DataError("Calibration: a probability is missing or infinite. The model may have diverged in training.")
    return given


def _own_codes(n_classes: int) -> tuple[int, ...]:
    """Classes that get a curve of their own: in a binary task the class of interest only."""
    return (1,) if n_classes == 2 else tuple(range(n_classes))


def _joined(columns: list[NDArray[np.float64]], given: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(columns) == 1:
        return np.column_stack([1 - columns[0], columns[0]])
    stacked = np.column_stack(columns)
    total = stacked.sum(axis=1, keepdims=True)
    # A row that no curve believes in keeps the model's own probabilities.
    return np.where(total > EPSILON, stacked / np.maximum(total, EPSILON), given)


def _softmax(z: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return found


def _curve(z: NDArray[np.float64], positive: NDArray[np.bool_], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept of largest likelihood with smoothed targets; the slope is at least ``MIN_SLOPE``."""
    n_positive, n_negative = float(weight[positive].sum()), float(weight[~positive].sum())
    target = np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    slope, intercept = fit_logistic(np.column_stack([z, np.ones(len(z))]), target, weight)
    if slope < MIN_SLOPE:
        # The likelihood is concave, so the best allowed slope lies on the border.
        (intercept,) = fit_logistic(np.ones((len(z), 1)), target, weight, offset=MIN_SLOPE * z)
        slope = MIN_SLOPE
    return float(slope), float(intercept)
