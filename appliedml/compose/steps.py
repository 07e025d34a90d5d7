"""What a pipeline asks of its steps, and how it hands rows to the classifier."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from appliedml.compose.alignment import NO_PICTURE_BETWEEN, invents_rows
from appliedml.core.samples import Samples
from appliedml.core.stage import Verb, stage_name, verb_of
from appliedml.errors import AppliedMLError, StageError


class NamedSteps(BaseEstimator):
    """Steps with names, and scikit-learn's parameters one level deeper."""

    steps: Any

    def names(self) -> list[str]:
        """Names of the steps: registry names, numbered where one occurs twice.

        Returns
        -------
        list of str
        """
        plain = [stage_name(stage) for stage in self.steps]
        return [
            name if plain[:i].count(name) == 0 else f"{name}_{plain[:i].count(name) + 1}"
            for i, name in enumerate(plain)
        ]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of the pipeline and, with ``deep``, of its steps as ``<step>__<parameter>``."""
        params: dict[str, Any] = {name: getattr(self, name) for name in self._get_param_names()}
        if deep:
            for name, stage in zip(self.names(), self.steps, strict=True):
                params[name] = stage
                if hasattr(stage, "get_params"):
                    params |= {f"{name}__{key}": value for key, value in stage.get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the pipeline, whole steps by name, or ``<step>__<parameter>``."""
        names = self.names()
        for key, value in params.items():
            step, _, inner = key.partition("__")
            if step in names and inner:
                self.steps[names.index(step)].set_params(**{inner: value})
            elif step in names:
                self.steps = [value if name == step else stage for name, stage in zip(names, self.steps, strict=True)]
            elif key in self._get_param_names():
                setattr(self, key, value)
            else:
                raise StageError(f"Pipeline has no parameter {key!r}. Steps: {', '.join(names)}.")
        check_steps(self.steps)
        return self


def check_steps(steps: Sequence[Any]) -> None:
    """Refuse steps that cannot form a pipeline.

    Parameters
    ----------
    steps : sequence of stages

    Raises
    ------
    StageError
        If there is no step, the last does not predict, another predicts, one belongs elsewhere, or a sampler would
        invent rows from pixels.
    """
    if not isinstance(steps, list | tuple) or not steps:
        raise StageError(f"Pipeline: steps must be a list of stages, the last a classifier. It is {steps!r}.")
    verbs = [verb_of(step) for step in steps]
    for step, verb in zip(steps, verbs, strict=True):
        if verb is Verb.CLEAN:
            raise StageError(
                f"{type(step).__name__} cleans, so it runs once before the split: put it under clean=[...]."
            )
        if verb is Verb.EXAMINE:
            raise StageError(f"{type(step).__name__} examines, so it runs after the folds: put it under audits=[...].")
    for step in [step for step, verb in zip(steps[:-1], verbs[:-1], strict=True) if verb is Verb.PREDICT]:
        raise StageError(f"{type(step).__name__} predicts, so it must be the last step.")
    if verbs[-1] is not Verb.PREDICT:
        raise StageError(
            f"Pipeline: the last step must predict. {type(steps[-1]).__name__} has the verb {verbs[-1].value}."
        )
    if not hasattr(steps[-1], "predict_proba"):
        raise StageError(f"Pipeline: the classifier must have predict_proba. {type(steps[-1]).__name__} has none.")
    _check_pixels(steps)


def _check_pixels(steps: Sequence[Any]) -> None:
    """Refuse rows invented from pixels: in a table they can no longer be told from other numbers."""
    pixels = ""
    for step in steps:
        if pixels and verb_of(step) is Verb.RESAMPLE and invents_rows(step):
            raise StageError(
                f"{type(step).__name__} works with distances between rows, and {NO_PICTURE_BETWEEN}. {pixels} gives it "
                "pixels: put image_features in its place, so that it works on frozen features, or balance by "
                "random_over or class_weights."
            )
        pixels = stage_name(step) if getattr(step, "makes_pixels", False) else pixels


@contextmanager
def named_failure(name: str, samples: Samples) -> Iterator[None]:
    """Say which stage failed, and what usually helps.

    Parameters
    ----------
    name : str
        The stage.
    samples : Samples
        What it was given.

    Raises
    ------
    StageError
        Instead of a ValueError or TypeError of a foreign stage, and where memory runs out.
    """
    try:
        yield
    except AppliedMLError:
        raise
    except Exception as error:
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            raise StageError(
                f"{name} does not fit into memory with {len(samples)} rows. Use a smaller model, a smaller batch_size "
                "or fewer rows."
            ) from error
        if not isinstance(error, ValueError | TypeError):
            raise
        hints = []
        if isinstance(samples.X, pd.DataFrame):
            texts = [str(c) for c in samples.X.columns if not pd.api.types.is_numeric_dtype(samples.X[c].dtype)]
            gaps = [str(c) for c in samples.X.columns if samples.X[c].isna().any()]
            if texts:
                hints.append(f"Text columns it was given: {', '.join(texts[:5])}; put encode_categories before it.")
            if gaps:
                hints.append(f"Columns with missing values: {', '.join(gaps[:5])}; put impute_missing before it.")
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise StageError(" ".join([f"{name} failed: {first.rstrip('.')}.", *hints])) from error


def fit_model(model: Any, fitted: Samples, held: Samples) -> None:
    """Fit the classifier, with weights and validation rows where it takes them.

    Parameters
    ----------
    model : classifier
    fitted, held : Samples

    Raises
    ------
    StageError
        If rows have weights and the classifier takes none.
    """
    accepted = inspect.signature(model.fit).parameters
    extra: dict[str, Any] = {}
    if fitted.weight is not None:
        if "sample_weight" not in accepted:
            raise StageError(
                f"{type(model).__name__} takes no sample_weight, but the rows have weights. Choose another."
            )
        extra["sample_weight"] = fitted.weight
    if "validation_data" in accepted and len(held):
        weight = () if held.weight is None else (held.weight,)
        extra["validation_data"] = (held.X, held.y, *weight)
    model.fit(fitted.X, fitted.y, **extra)


def with_weight(samples: Samples, weight: NDArray[np.float64]) -> Samples:
    """Return the samples with their weights multiplied.

    Parameters
    ----------
    samples : Samples
    weight : array of shape (n_samples,)

    Returns
    -------
    Samples

    Raises
    ------
    StageError
        If the lengths differ.
    """
    if len(weight) != len(samples):
        raise StageError(
            f"Pipeline: sample_weight must have one value per row. It has {len(weight)} for {len(samples)}."
        )
    meta = samples.meta.copy()
    meta["weight"] = weight if samples.weight is None else weight * samples.weight
    return Samples(samples.X, samples.y, meta, samples.schema)


def in_order(found: NDArray[np.float64], have: Any, want: NDArray[Any]) -> NDArray[np.float64]:
    """Return probabilities with a column for every wanted class, zero for classes the classifier has not seen.

    Parameters
    ----------
    found : array of shape (n_samples, n_found)
    have : sequence
        Classes of the columns.
    want : array
        Sorted classes.

    Returns
    -------
    array of shape (n_samples, n_wanted)
    """
    if np.array_equal(have, want):
        return found
    out = np.zeros((len(found), len(want)))
    out[:, np.searchsorted(want, have)] = found
    return out


def columns_of(X: Any) -> list[str]:
    """Return the column names of a table, or nothing for other inputs.

    Parameters
    ----------
    X : object

    Returns
    -------
    list of str
    """
    return [str(name) for name in X.columns] if isinstance(X, pd.DataFrame) else []
