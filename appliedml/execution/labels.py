"""Turn the target's labels into class codes once, so that every stage and audit speaks of the same classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.samples import Samples
from appliedml.core.schema import MAX_LEVELS
from appliedml.errors import DataError

_TRUE_LIKE = ("1", "1.0", "True", "true", "yes", "Yes")


def encode_labels(samples: Samples) -> tuple[Samples, tuple[str, ...]]:
    """Return the samples with class codes as labels, and the class names in code order.

    Parameters
    ----------
    samples : Samples
        After cleaning.

    Returns
    -------
    samples : Samples
        Labels are 0 .. n_classes - 1; in a binary task 1 is the class of interest.
    classes : tuple of str

    Raises
    ------
    DataError
        If a label is missing, there is one class only, too many, or the class of interest does not occur.
    """
    target, schema = samples.schema.target, samples.schema
    labels = pd.Series(np.asarray(samples.y))
    missing = int(labels.isna().sum())
    if missing:
        raise DataError(
            f"Target {target!r} is missing in {missing} of {len(labels)} rows. "
            "Put drop_rows_without_target under clean."
        )
    names = labels.map(_name).astype(object)
    found = sorted(names.unique(), key=_order)
    if len(found) < 2:
        raise DataError(
            f"Target {target!r} has one class only, {found[0]!r}, in all {len(labels)} rows; two are needed."
        )
    if len(found) > MAX_LEVELS:
        raise DataError(
            f"Target {target!r} has {len(found)} different values; at most {MAX_LEVELS} classes are supported. "
            "Is it a number to predict, or a row id?"
        )
    if len(found) == 2:
        positive = _positive(target, found, schema.positive)
        found = [name for name in found if name != positive] + [positive]
    elif schema.positive is not None:
        raise DataError(f"Schema: positive={schema.positive!r} needs two classes. Target {target!r} has {len(found)}.")
    codes = names.map({name: code for code, name in enumerate(found)}).to_numpy(dtype=np.int64)
    return samples.replace(y=codes), tuple(found)


def _name(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _order(name: str) -> tuple[int, float, str]:
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)


def _positive(target: str, found: list[str], asked: Any) -> str:
    if asked is None:
        return next((name for name in found if name in _TRUE_LIKE), found[-1])
    name = _name(asked)
    if name not in found:
        shown = " and ".join(repr(item) for item in found)
        raise DataError(f"Schema: positive={asked!r} is not a class of target {target!r}. Its classes are {shown}.")
    return name


def check_sensitive(samples: Samples) -> None:
    """Refuse sensitive features that cannot be audited.

    Parameters
    ----------
    samples : Samples
        After cleaning.

    Raises
    ------
    DataError
        If a feature has one level only, or more than ``MAX_LEVELS``.
    """
    for feature in samples.schema.sensitive_features:
        levels = samples.sensitive[feature.name]
        n_levels = levels.nunique()
        if n_levels == 1:
            raise DataError(
                f"Sensitive feature {feature.name!r} has one level only, {levels.iloc[0]!r}, in all {len(levels)} "
                "rows: there is nothing to compare. Remove it from the schema, or check the column."
            )
        if n_levels > MAX_LEVELS:
            hint = (
                f"Cut it into bands: {{{feature.name}_band: {{column: {feature.column}, edges: [...]}}}}."
                if not feature.edges
                else "Use fewer edges."
            )
            raise DataError(
                f"Sensitive feature {feature.name!r} has {n_levels} levels; at most {MAX_LEVELS} can be audited. {hint}"
            )
