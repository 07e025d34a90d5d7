"""Callbacks of the user, in trainings that run whole epochs as one call."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from appliedml.core.params import Rule
from appliedml.errors import ParameterError
from appliedml.models._quiet import quiet_keras

_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


class CallbackList(Rule):
    """Callbacks, or a function that makes them: in Python only."""

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""
        if value is None or (callable(value) and not isinstance(value, type)):
            return True
        return isinstance(value, list | tuple) and all(
            hasattr(item, "set_model") and hasattr(item, "on_epoch_end") for item in value
        )

    def describe(self) -> str:
        """The rule in words."""
        return (
            "null, or in Python a list of keras.callbacks.Callback or a function without arguments that makes one (a "
            "plan file holds no callbacks: early stopping and schedules have parameters of their own)"
        )


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

    base = keras.callbacks.Callback
    if type(callback) is keras.callbacks.ModelCheckpoint:
        return bool(callback.save_freq != "epoch")
    if type(callback) is keras.callbacks.TensorBoard:
        return bool(callback.update_freq != "epoch" or callback.write_steps_per_second)
    if type(callback) is keras.callbacks.BackupAndRestore:
        return bool(callback.save_freq != "epoch")
    return any(
        name in vars(callback) or getattr(type(callback), name) is not getattr(base, name) for name in _BATCH_HOOKS
    )


class Watchers:
    """The callbacks of one training: copies, so that no training sees what another left in them.

    Parameters
    ----------
    given : None, sequence of keras.callbacks.Callback, or callable
        A function makes fresh ones.

    Raises
    ------
    ParameterError
        If a callback cannot be copied, or the function makes something else.
    """

    def __init__(self, given: Any) -> None:
        self.callbacks: list[Any] = _fresh(given)
        self.watch_batches = any(watches_batches(callback) for callback in self.callbacks)
        self.model: Any = None

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

    @property
    def stop(self) -> bool:
        """Whether a callback asked for the end of the training."""
        return bool(self.callbacks) and bool(self.model.stop_training)


def _fresh(given: Any) -> list[Any]:
    if given is None:
        return []
    if callable(given):
        made = given()
        made = list(made) if isinstance(made, Sequence) else [made]
        if not CallbackList().accepts(made):
            raise ParameterError(
                "KerasClassifier: the function given as callbacks must return a keras.callbacks.Callback or a list of "
                f"them. It returned {made!r}."
            )
        return made
    try:
        return [copy.deepcopy(callback) for callback in given]
    except Exception as error:
        raise ParameterError(
            f"KerasClassifier: a callback cannot be copied ({error}), and no training may share one with another. "
            "Give a function that makes them: callbacks=lambda: [MyCallback()]."
        ) from error
