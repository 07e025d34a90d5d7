"""Callbacks of the user, in trainings that run whole epochs as one call."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from appliedml.core.params import Rule
from appliedml.errors import ParameterError, StageError
from appliedml.models._named import NotInFile
from appliedml.models._quiet import quiet_keras

_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
_TEST_HOOKS = ("on_test_batch_begin", "on_test_batch_end")
TWO_RATES = "KerasClassifier: a callback sets the learning rate, and so does the schedule. Give one of them."


class CallbackList(Rule):
    """Callbacks, or a function that makes them: in Python only."""

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""
        if value is None or (callable(value) and not isinstance(value, type)):
            return True
        return isinstance(value, list | tuple) and all(
            hasattr(item, "set_model") and hasattr(item, "on_epoch_end") and not isinstance(item, type)
            for item in value
        )

    def describe(self) -> str:
        """The rule in words."""
        return (
            "null, or in Python a list of keras.callbacks.Callback or a function without arguments that makes one (a "
            "plan file holds no callbacks: early stopping and schedules have parameters of their own)"
        )

    def hint(self, value: Any) -> str:
        """What may have been meant: an object of a class."""
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, NotInFile):
                return item.remedy
            if isinstance(item, type):
                return f" {item.__name__} is a class: write [{item.__name__}()]."
            if hasattr(item, "set_model") and item is value:
                return f" Write it in a list: [{type(item).__name__}(...)]."
        return ""


def watches_batches(callback: Any) -> bool:
    """Return whether a callback has something to do at batches.

    Parameters
    ----------
    callback : keras.callbacks.Callback

    Returns
    -------
    bool
    """
    import keras

    if type(callback) is keras.callbacks.ModelCheckpoint:
        return bool(callback.save_freq != "epoch")
    if type(callback) is keras.callbacks.TensorBoard:
        return bool(callback.update_freq != "epoch" or callback.write_steps_per_second)
    if type(callback) is keras.callbacks.BackupAndRestore:
        return bool(callback.save_freq != "epoch")
    return _overrides(callback, _BATCH_HOOKS)


def _overrides(callback: Any, hooks: tuple[str, ...]) -> bool:
    import keras

    base = keras.callbacks.Callback
    return any(name in vars(callback) or getattr(type(callback), name) is not getattr(base, name) for name in hooks)


class Watchers:
    """The callbacks of one training.

    Parameters
    ----------
    given : None, sequence of keras.callbacks.Callback, or callable
        The objects themselves are used; a function makes fresh ones.

    Raises
    ------
    ParameterError
        If the function makes something else.
    """

    def __init__(self, given: Any) -> None:
        self.callbacks: list[Any] = _made(given)
        self.watch_batches = any(watches_batches(callback) for callback in self.callbacks)
        self.watch_validation = any(_overrides(callback, _TEST_HOOKS) for callback in self.callbacks)
        self.model: Any = None
        # The rate that the schedule has put in place last.
        self.planned: Any = None

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.callbacks)

    def attach(self, model: Any, epochs: int, n_steps: int) -> None:
        """Show the callbacks the model that trains; its ``optimizer`` and its weights are the live ones.

        Parameters
        ----------
        model : keras.Model
            Compiled.
        epochs, n_steps : int
        """
        self.model = model
        model.stop_training = False
        for callback in self.callbacks:
            callback.set_params({"epochs": epochs, "steps": n_steps, "verbose": 0})
            callback.set_model(model)

    def __enter__(self) -> Watchers:
        """Begin a training."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the model away: its program is shared, and soon holds the weights of another training."""
        for callback in self.callbacks:
            # Not ``set_model(None)``: some callbacks of Keras look into the model there.
            if hasattr(callback, "_model"):
                callback._model = None

    def tell(self, hook: str, *arguments: Any) -> None:
        """Call a hook of every callback, such as ``on_epoch_begin``.

        Parameters
        ----------
        hook : str
        *arguments
        """
        with quiet_keras():
            for callback in self.callbacks:
                getattr(callback, hook)(*arguments)

    def begin_batch(self, batch: int, planned: Any, logs: Any = None) -> Any:
        """Put the planned learning rate in place, tell the callbacks, and return the rate that stands then.

        A rate that a callback has set stays until the plan moves on, as in ``model.fit``.

        Parameters
        ----------
        batch : int
            From 0 in every epoch.
        planned : float
        logs : dict, optional

        Returns
        -------
        float32

        Raises
        ------
        StageError
            If the plan moves on, and a callback has set the rate too.
        """
        if batch == 0 or planned != self.planned:
            if batch and self.rate() != self.planned:
                raise StageError(TWO_RATES)
            self.model.optimizer.learning_rate = float(planned)
            self.planned = np.float32(planned)
        self.tell("on_train_batch_begin", batch, logs)
        return self.rate()

    def rate(self) -> Any:
        """Return the learning rate that the optimizer has now, as float32."""
        return np.float32(np.asarray(self.model.optimizer.learning_rate))

    def check_monitors(self, values: Sequence[str]) -> None:
        """Refuse callbacks that wait for a value which this training never has: they would wait in silence.

        Parameters
        ----------
        values : sequence of str
            What each epoch reports.

        Raises
        ------
        ParameterError
            If there are any.
        """
        import keras

        of_keras = keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau, keras.callbacks.ModelCheckpoint
        for callback in self.callbacks:
            waits = isinstance(callback, of_keras) and getattr(callback, "save_best_only", True)
            if waits and callback.monitor not in values:
                raise ParameterError(
                    f"KerasClassifier: the callback {type(callback).__name__} waits for {callback.monitor!r}, which "
                    f"this training does not report. It reports {', '.join(values)}. Give fit validation_data for "
                    "values of validation rows, or name another as its monitor."
                )

    @property
    def restored_epoch(self) -> int | None:
        """The epoch whose weights an ``EarlyStopping`` has put back at the end, if one has."""
        import keras

        found = None
        for callback in self.callbacks:
            own = isinstance(callback, keras.callbacks.EarlyStopping) and callback.restore_best_weights
            if own and callback.best_weights is not None:
                found = int(callback.best_epoch)
        return found

    @property
    def stop(self) -> bool:
        """Whether a callback asked for the end of the training."""
        return bool(self.callbacks) and bool(self.model.stop_training)


def copies_of(given: Any) -> Any:
    """Return callbacks that share nothing with those given; None or a function as it is.

    Parameters
    ----------
    given : None, sequence of keras.callbacks.Callback, or callable

    Returns
    -------
    None, list of keras.callbacks.Callback, or callable

    Raises
    ------
    ParameterError
        If a callback cannot be copied.
    """
    if not isinstance(given, list | tuple):
        return given
    try:
        return type(given)(copy.deepcopy(callback) for callback in given)
    except Exception as error:
        raise ParameterError(
            f"KerasClassifier: a callback cannot be copied ({error}), and clones and the members of n_members may not "
            "share one. Give a function that makes them: callbacks=lambda: [MyCallback()]."
        ) from error


@dataclass(frozen=True, eq=False)
class AsGiven:
    """Callbacks with copies from before they were trained with, for clones and pickles of what was fitted.

    Parameters
    ----------
    used : tuple of keras.callbacks.Callback
    copies : tuple of keras.callbacks.Callback
    """

    used: tuple[Any, ...]
    copies: tuple[Any, ...]

    def of(self, callback: Any) -> Any:
        """Return what a callback was before it was trained with; itself where that is not known."""
        return next((copied for one, copied in zip(self.used, self.copies, strict=True) if one is callback), callback)


def noted(given: Any, kept: AsGiven | None) -> AsGiven | None:
    """Return callbacks that are about to be trained with, and their copies.

    Parameters
    ----------
    given : None, sequence of keras.callbacks.Callback, or callable
    kept : AsGiven or None
        Of an earlier training: what was noted of a callback then stays.

    Returns
    -------
    AsGiven or None
        Without those that cannot be copied: whoever needs a copy of them is told then. None where there are no objects.
    """
    if not isinstance(given, list | tuple):
        return None
    found = []
    for one in given:
        before = one if kept is None else kept.of(one)
        if before is one:
            try:
                (before,) = copies_of([one])
            except ParameterError:
                continue
        found.append((one, before))
    return AsGiven(tuple(one for one, _ in found), tuple(before for _, before in found))


def unused(given: Any, kept: AsGiven | None) -> Any:
    """Return callbacks as they were before any training, as far as it is known.

    Parameters
    ----------
    given : None, sequence of keras.callbacks.Callback, or callable
        As they are now.
    kept : AsGiven or None

    Returns
    -------
    None, sequence of keras.callbacks.Callback, or callable
    """
    if kept is None or not isinstance(given, list | tuple):
        return given
    return type(given)(map(kept.of, given))


def carried(given: Any, kept: AsGiven | None) -> tuple[Any, AsGiven | None]:
    """Return callbacks for a pickle: with their records, or where these cannot be pickled as they were given.

    Parameters
    ----------
    given : None, sequence of keras.callbacks.Callback, or callable
    kept : AsGiven or None

    Returns
    -------
    given : None, sequence of keras.callbacks.Callback, or callable
    kept : AsGiven or None
    """
    if kept is None or not isinstance(given, list | tuple):
        return given, None
    before = tuple(map(kept.of, given))
    # Open files, writers and locks are what a training leaves in them.
    taken = tuple(one if _pickles(one) else other for one, other in zip(given, before, strict=True))
    return type(given)(taken), AsGiven(taken, before)


def _pickles(callback: Any) -> bool:
    try:
        pickle.dumps(callback)
    except Exception:
        return False
    return True


def _made(given: Any) -> list[Any]:
    if not callable(given):
        return list(given or ())
    made = given()
    made = list(made) if isinstance(made, Sequence) else [made]
    if not CallbackList().accepts(made):
        raise ParameterError(
            "KerasClassifier: the function given as callbacks must return a keras.callbacks.Callback or a list of "
            f"them. It returned {made!r}."
        )
    return made
