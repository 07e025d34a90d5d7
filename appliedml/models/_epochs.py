"""The epochs of a training, whichever way each is run: rates, validation, callbacks, the best epoch."""

from __future__ import annotations

import math
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from appliedml.core.seeds import derive_seed
from appliedml.errors import DataError, StageError
from appliedml.models._callbacks import TWO_RATES, Watchers
from appliedml.models._metrics import EpochMetrics, direction
from appliedml.models._optimizers import StepSchedule, keras_schedule
from appliedml.models._schedules import Schedule
from appliedml.models._settings import Network, Rows, Settings
from appliedml.models._streams import Stream
from appliedml.models._validation import validate
from appliedml.models.builders._builder import Phase


class Runner(Protocol):
    """One fit of one network, epoch by epoch."""

    lock: Any
    model: Any
    optimizer: Any
    metrics: EpochMetrics
    layers: list[dict[str, Any]]

    def start(self, seed: int, rows: Rows | Stream, weights: list[NDArray[Any]] | None = None) -> Any:
        """Put the start of a fit into all variables."""
        ...

    def train(
        self,
        data: Any,
        order: NDArray[np.intp] | None,
        controls: NDArray[np.float32],
        watchers: Watchers | None = None,
    ) -> float:
        """Run an epoch and return its mean loss."""
        ...

    def metric_values(self) -> dict[str, float]:
        """Return the metrics of the last epoch."""
        ...

    def outputs(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the loss and the outputs of each row."""
        ...

    def watched(self) -> Any:
        """Return the model as callbacks see it."""
        ...

    def settled(self) -> AbstractContextManager[None]:
        """Put averaged weights in their place for a while."""
        ...

    def weights(self) -> list[NDArray[Any]]:
        """Return copies of the values of all variables."""
        ...

    def set_weights(self, weights: list[NDArray[Any]]) -> None:
        """Put values into all variables."""
        ...


def epoch_order(seed: int, epoch: int, n_rows: int) -> NDArray[np.intp]:
    """Return the order of rows in an epoch, or of the batches of a stream: the same for every trainer.

    Parameters
    ----------
    seed, epoch, n_rows : int

    Returns
    -------
    array of int, shape (n_rows,)

    Examples
    --------
    >>> sorted(epoch_order(7, 0, 4).tolist())
    [0, 1, 2, 3]
    """
    return np.random.default_rng([seed, epoch]).permutation(n_rows)


def epoch_mixes(alpha: float, seed: int, epoch: int, n_steps: int) -> NDArray[np.float32]:
    """Return the share of each row in the mixes of every step of an epoch: 1 where rows are not mixed.

    Parameters
    ----------
    alpha : float
        Of the Beta(alpha, alpha) distribution; 0 for no mixing.
    seed, epoch, n_steps : int

    Returns
    -------
    array of shape (n_steps,)

    Source
    ------
    Zhang et al. (2018), mixup: Beyond Empirical Risk Minimization.

    Examples
    --------
    >>> epoch_mixes(0.0, 7, 0, 3).tolist()
    [1.0, 1.0, 1.0]
    """
    if alpha <= 0:
        return np.ones(n_steps, dtype=np.float32)
    return np.random.default_rng([seed, epoch, 1]).beta(alpha, alpha, n_steps).astype(np.float32)


@dataclass
class Training:
    """One training from the first stretch to the last.

    Parameters
    ----------
    network : Network
    settings : Settings
    validation : Rows, Stream or None
    majority : int
        Code of the most frequent class of the training rows.
    seed : int
    watchers : Watchers
    """

    network: Network
    settings: Settings
    validation: Rows | Stream | None
    majority: int
    seed: int
    watchers: Watchers
    records: list[dict[str, float]] = field(default_factory=list)
    weights: list[NDArray[Any]] | None = None
    best: float = math.inf
    best_epoch: int = -1
    n_steps_taken: int = 0
    stopped: bool = False

    def run(self, phase: Phase, runner: Runner, data: Any, rows: Rows | Stream, *, last: bool) -> None:
        """Train for the epochs of a stretch; afterwards the runner has the best weights, or the last.

        Parameters
        ----------
        phase : Phase
        runner : Runner
            Started.
        data : object
            What its start gave.
        rows : Rows or Stream
            What it was started with.
        last : bool
            Whether no stretch follows.

        Raises
        ------
        DataError
            If the loss is no longer finite, or the monitored value is not defined.
        """
        schedule = self._schedule(phase)
        n_steps = rows.n_batches if isinstance(rows, Stream) else -(-len(rows) // self.settings.batch_size)
        first, last_better = len(self.records), len(self.records) - 1
        best_weights = self.weights if self.best < math.inf else None
        if self.watchers:
            self.watchers.attach(runner.watched(), self.settings.epochs, n_steps)
            if not first:
                self.watchers.tell("on_train_begin", {})
        for epoch in range(first, first + phase.epochs):
            record = self._train_epoch(epoch, epoch - first, n_steps, schedule, runner, data, rows)
            with runner.settled():
                self._look(record, runner, schedule)
                value = self._monitored(record)
                if value is not None:
                    schedule.saw(value)
                if value is not None and self.settings.patience_epochs is not None and value < self.best:
                    self.best, self.best_epoch, best_weights = value, epoch, runner.weights()
                    last_better = epoch
            patience = self.settings.patience_epochs
            self.stopped = self.watchers.stop
            if self.stopped or (value is not None and patience is not None and epoch - last_better >= patience):
                break
        if best_weights is None:
            self.best_epoch = len(self.records) - 1
            with runner.settled():
                best_weights = runner.weights()
        runner.set_weights(best_weights)
        if self.watchers and (last or self.stopped):
            self.watchers.tell("on_train_end", dict(self.records[-1]))
            restored = self.watchers.restored_epoch
            self.best_epoch = self.best_epoch if restored is None else restored
        self.weights = runner.weights()

    def _schedule(self, phase: Phase) -> Schedule | StepSchedule:
        settings = self.settings
        found = keras_schedule(settings.optimizer)
        if found is not None:
            return StepSchedule(found, phase.rate_factor, self.n_steps_taken)
        return Schedule(settings.rate * phase.rate_factor, settings.schedule, phase.epochs)

    def _train_epoch(
        self,
        epoch: int,
        place: int,
        n_steps: int,
        schedule: Any,
        runner: Runner,
        data: Any,
        rows: Rows | Stream,
    ) -> dict[str, float]:
        rates = schedule.rates(place, n_steps)
        if self.watchers:
            runner.optimizer.learning_rate = float(rates[0])
            self.watchers.tell("on_epoch_begin", epoch, {})
            if self._new_rate(rates[0], schedule, runner):
                rates = schedule.rates(place, n_steps)
        order_seed = derive_seed(self.seed, "order")
        mixes = epoch_mixes(self.network.builder.mixup, order_seed, epoch, n_steps)
        controls = np.column_stack([rates, mixes]).astype(np.float32)
        n_ordered = rows.n_shuffled if isinstance(rows, Stream) else len(rows)
        order = None if n_ordered is None else epoch_order(order_seed, epoch, n_ordered)
        loss = runner.train(data, order, controls, self.watchers)
        self.n_steps_taken += n_steps
        if self.watchers.watch_batches and self._new_rate(self.watchers.planned, schedule, runner):
            rates = np.append(rates, np.float32(schedule.rate))
        if not math.isfinite(loss):
            raise DataError(
                f"KerasClassifier: the loss is {loss} in epoch {epoch}. Use a learning_rate below "
                f"{self.settings.rate:g}, set clip_norm=1.0, or scale the numeric columns (scale_numbers)."
            )
        return {"epoch": epoch, "loss": loss, **runner.metric_values(), "learning_rate": float(rates[-1])}

    def _look(self, record: dict[str, float], runner: Runner, schedule: Any) -> None:
        """Validate, note the record, tell the callbacks."""
        if self.validation is not None:
            self.watchers.tell("on_test_begin", {})
            record.update(validate(self.network, runner, self.validation, self.majority, self.watchers))
            self.watchers.tell("on_test_end", {})
        self.records.append(record)
        if self.settings.verbose:
            sys.stdout.write("  ".join(f"{name} {value:.5g}" for name, value in record.items()) + "\n")
        if self.watchers:
            runner.optimizer.learning_rate = record["learning_rate"]
            logs = {name: value for name, value in record.items() if name != "epoch"}
            self.watchers.tell("on_epoch_end", int(record["epoch"]), logs)
            self._new_rate(np.float32(record["learning_rate"]), schedule, runner)

    def _new_rate(self, told: Any, schedule: Any, runner: Runner) -> bool:
        """Take over the learning rate that a callback has set; return whether one has."""
        found = np.float32(np.asarray(runner.optimizer.learning_rate))
        if found == np.float32(told):
            return False
        if not isinstance(schedule, Schedule) or schedule.name:
            raise StageError(TWO_RATES)
        schedule.rate = float(found)
        return True

    def _monitored(self, record: dict[str, float]) -> float | None:
        """Return the monitored value, smaller is better, or None where nothing waits for it."""
        settings = self.settings
        if settings.monitor not in record or not settings.waits:
            return None
        value = record[settings.monitor]
        if math.isnan(value):
            raise DataError(
                f"KerasClassifier: {settings.monitor} is not defined on the validation rows: they must hold every "
                'class, with finite scores. Give more validation rows, or monitor="val_loss".'
            )
        return -direction(settings.metrics, settings.monitor, settings.monitor_mode) * value
