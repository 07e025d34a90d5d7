"""Steps of an epoch one by one, for the modes in which a step is one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from appliedml.models._callbacks import Watchers

if TYPE_CHECKING:
    from appliedml.models._programs import Program


def call(function: Any, *arguments: Any) -> Any:
    """Return what a compiled function gives.

    Parameters
    ----------
    function : tf.function
    *arguments : tensors

    Returns
    -------
    tensors
    """
    # Through the concrete function: TensorFlow counts traces by line of source, and would warn of "retracing" when many
    # architectures are compiled here, each once.
    return function.get_concrete_function(*arguments)(*arguments)


class Steps:
    """The steps of one epoch, and the mean of their losses.

    Parameters
    ----------
    program : Program
    watchers : Watchers, optional
        Told of every batch, if one of them watches batches.
    """

    def __init__(self, program: Program, watchers: Watchers | None) -> None:
        self.program = program
        self.watchers = watchers if watchers is not None and watchers.watch_batches else None
        self.n_steps = self.n_rows = 0
        # Read when they are asked for: a step need not wait for the loss of the one before it.
        self._losses: list[tuple[Any, int]] = []
        self._total = 0.0
        self._trace: Any = None

    @property
    def mean(self) -> float:
        """The mean loss a row so far."""
        for loss, count in self._losses:
            self._total += float(loss) * count
        self._losses.clear()
        return self._total / max(self.n_rows, 1)

    def step(self, data: Any, rows: Any, count: int, controls: NDArray[np.float32]) -> bool:
        """Take a step.

        Parameters
        ----------
        data : tuple
            Arrays, labels and weights as tensors.
        rows : tensor of int, shape (batch_size,)
            Which of them.
        count : int
            How many of the rows are real; the others have no weight.
        controls : array of shape (n_steps, 2)

        Returns
        -------
        bool
            Whether the epoch goes on.
        """
        import tensorflow as tf

        program = self.program
        # A stream may have a few more batches than it was said to have.
        control = controls[min(self.n_steps, len(controls) - 1)]
        if self.watchers:
            control = np.array([self.watchers.begin_batch(self.n_steps, control[0], {}), control[1]], np.float32)
        arguments = (*data, rows, tf.constant(count), tf.constant(control))
        if self._trace is None:
            # See call. Every step of an epoch has the same shapes, and looking for the trace takes as long as a step.
            self._trace = program.one_step.get_concrete_function(*arguments)
        self._losses.append((self._trace(*arguments), count))
        self.n_rows += count
        if self.watchers:
            self.watchers.tell("on_train_batch_end", self.n_steps, {"loss": self.mean, **program.metrics.current()})
        self.n_steps += 1
        return not (self.watchers and self.watchers.stop)
