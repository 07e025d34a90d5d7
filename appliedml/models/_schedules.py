"""Learning rates step by step: made on the host, so that a schedule never changes the compiled program."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.params import AnyOf, Choice, Integer, Null, Real, Record, Rule
from appliedml.errors import StageError

DEFAULTS: dict[str, dict[str, Any]] = {
    "step": {"every_epochs": 10, "factor": 0.5},
    "exponential": {"factor": 0.95},
    "cosine": {"warmup_epochs": 0, "floor": 0.0},
    "cyclical": {"cycle_epochs": 10, "peak": 10.0, "decay": 1.0},
    "reduce_on_plateau": {"patience_epochs": 3, "factor": 0.5, "floor": 0.01},
}

_SHARE = Real(0, 1, open_low=True)
_FIELDS: dict[str, dict[str, Rule]] = {
    "step": {"every_epochs": Integer(1), "factor": _SHARE},
    "exponential": {"factor": _SHARE},
    "cosine": {"warmup_epochs": Integer(0), "floor": Real(0, 1)},
    "cyclical": {"cycle_epochs": Integer(2), "peak": Real(1), "decay": _SHARE},
    "reduce_on_plateau": {"patience_epochs": Integer(1), "factor": Real(0, 1, open_low=True, open_high=True)}
    | {"floor": Real(0, 1)},
}
SCHEDULE_RULE = AnyOf(
    Null(),
    Choice(*DEFAULTS),
    *(Record({name: Record(fields, optional=tuple(fields))}) for name, fields in _FIELDS.items()),
)


class Schedule:
    """The learning rate of every step of a fit.

    Parameters
    ----------
    learning_rate : float
        The rate at the start (after warm-up for "cosine").
    schedule : None, str or mapping with one name
        None keeps the rate. "step" multiplies it by ``factor`` every ``every_epochs``; "exponential" by ``factor`` an
        epoch, smoothly; "cosine" climbs in ``warmup_epochs`` and falls on a half cosine to ``floor`` times the rate at
        the last epoch; "cyclical" goes up to ``peak`` times the rate and back in ``cycle_epochs`` (triangles, their
        height times ``decay`` a cycle); "reduce_on_plateau" multiplies by ``factor``, down to ``floor`` times the rate,
        after ``patience_epochs`` without a better monitored value.
    epochs : int

    Raises
    ------
    StageError
        If the schedule has no such name.

    Source
    ------
    Loshchilov, Hutter (2017), SGDR, equation 5, for the cosine; Smith (2017), Cyclical Learning Rates.

    Examples
    --------
    >>> Schedule(1.0, {"step": {"every_epochs": 2, "factor": 0.5}}, 4).rates(2, 3).tolist()
    [0.5, 0.5, 0.5]
    """

    def __init__(self, learning_rate: float, schedule: str | Mapping[str, Any] | None, epochs: int) -> None:
        self.rate = float(learning_rate)
        self.epochs = int(epochs)
        self.name, given = (
            (schedule, {}) if isinstance(schedule, str) else next(iter((schedule or {}).items()), ("", {}))
        )
        if self.name and self.name not in DEFAULTS:
            raise StageError(f"Schedule {self.name!r} is not known. Known: {', '.join(DEFAULTS)}.")
        self.settings = {**DEFAULTS.get(self.name, {}), **given}
        self._factor = 1.0
        self._best = math.inf
        self._bad_epochs = 0

    @property
    def watches(self) -> bool:
        """Whether the schedule needs the monitored value of each epoch."""
        return self.name == "reduce_on_plateau"

    def to_json(self) -> dict[str, Any] | None:
        """Return the name with all its settings, or None for a constant rate."""
        return {self.name: self.settings} if self.name else None

    def rates(self, epoch: int, n_steps: int) -> NDArray[np.float32]:
        """Return the rates of the steps of one epoch.

        Parameters
        ----------
        epoch : int
            From 0.
        n_steps : int

        Returns
        -------
        array of shape (n_steps,), float32
        """
        time = epoch + np.arange(n_steps) / max(n_steps, 1)
        return np.asarray(self.rate * self._share(time, epoch), dtype=np.float32)

    def _share(self, time: NDArray[np.float64], epoch: int) -> Any:
        its = self.settings
        if self.name == "step":
            return np.full(len(time), its["factor"] ** (epoch // its["every_epochs"]))
        if self.name == "exponential":
            return its["factor"] ** time
        if self.name == "cosine":
            warm = its["warmup_epochs"]
            done = np.clip((time - warm) / max(self.epochs - warm, 1), 0.0, 1.0)
            share = its["floor"] + (1.0 - its["floor"]) * 0.5 * (1.0 + np.cos(np.pi * done))
            return np.where(time < warm, (time + 1.0 / max(len(time), 1)) / max(warm, 1), share)
        if self.name == "cyclical":
            cycle, place = np.divmod(time, its["cycle_epochs"])
            triangle = 1.0 - np.abs(2.0 * place / its["cycle_epochs"] - 1.0)
            return 1.0 + (its["peak"] - 1.0) * triangle * its["decay"] ** cycle
        return np.full(len(time), self._factor)

    def saw(self, value: float) -> None:
        """Take note of the monitored value of an epoch, smaller is better; only "reduce_on_plateau" acts on it.

        Parameters
        ----------
        value : float
        """
        if not self.watches:
            return
        if value < self._best:
            self._best, self._bad_epochs = value, 0
            return
        self._bad_epochs += 1
        if self._bad_epochs >= self.settings["patience_epochs"]:
            self._factor = max(self._factor * self.settings["factor"], self.settings["floor"])
            self._bad_epochs = 0
