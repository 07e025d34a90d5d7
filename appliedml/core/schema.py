"""What the columns of a table mean: target, sensitive features, groups, time, weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.params import (
    AnyOf,
    Boolean,
    ListOf,
    MapOf,
    Null,
    Real,
    Record,
    Rule,
    Scalar,
    Text,
    broken_rules,
)
from appliedml.errors import Problem

UNKNOWN = "unknown"
MAX_LEVELS = 50


@dataclass(frozen=True)
class Sensitive:
    """One sensitive feature: a column as it is, or a numeric column cut into bands.

    Parameters
    ----------
    name : str
        Name in the audit.
    column : str
        Column it is read from.
    edges : tuple of float, optional
        Band edges, ascending. ``(25, 40)`` makes "under 25", "25 to 39" and "40 and over"; a value equal to an edge
        belongs to the upper band.

    Examples
    --------
    >>> import pandas as pd
    >>> Sensitive("age_band", "age", (25, 40)).levels(pd.Series([18, 25, 39.5, 60, None])).tolist()
    ['under 25', '25 to 39', '25 to 39', '40 and over', 'unknown']
    """

    name: str
    column: str
    edges: tuple[float, ...] = ()

    def levels(self, values: pd.Series[Any]) -> pd.Series[Any]:
        """Return the level of every row as text; missing values are "unknown".

        Parameters
        ----------
        values : Series of shape (n_samples,)

        Returns
        -------
        Series of str, shape (n_samples,)
        """
        if not self.edges:
            missing = values.isna()
            text = values.map(_level_text).astype(object)
            return text.where(~missing, UNKNOWN)
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        band = np.digitize(numbers, self.edges)
        labels = np.array(self.band_labels(), dtype=object)
        found = np.where(np.isnan(numbers), UNKNOWN, labels[np.clip(band, 0, len(self.edges))])
        return pd.Series(found, index=values.index, name=self.name, dtype=object)

    def band_labels(self) -> list[str]:
        """Return the labels of the bands, lowest first.

        Returns
        -------
        list of str
        """
        whole = all(float(edge).is_integer() for edge in self.edges)
        show = [f"{edge:g}" for edge in self.edges]
        upper = [f"{edge - 1:g}" if whole else f"under {edge:g}" for edge in self.edges[1:]]
        middle = [f"{low} to {high}" for low, high in zip(show[:-1], upper, strict=True)]
        return [f"under {show[0]}", *middle, f"{show[-1]} and over"]


def _level_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@dataclass(frozen=True)
class Schema:
    """What the columns mean.

    Parameters
    ----------
    target : str
        Column to predict.
    sensitive : sequence of str, mapping or Sensitive
        Sensitive features: a column name, or ``{"age_band": {"column": "age", "edges": [25, 40]}}``.
    group : str, optional
        Column whose rows belong together (patient, customer): such rows never straddle folds.
    time : str, optional
        Column that orders the rows.
    weight : str, optional
        Column with non-negative training weights.
    row_id : str, optional
        Column that names the row. Without it, rows are numbered as read.
    ignore : sequence of str
        Columns that are never features.
    positive : str, int, float or bool, optional
        The class of interest. Default: 1, True, or the last class in sorted order.
    sensitive_as_features : bool
        Whether the model may use the sensitive columns. Default: it may not.

    Examples
    --------
    >>> Schema("fraud", sensitive=["sex", {"age_band": {"column": "age", "edges": [30]}}]).sensitive_names
    ('sex', 'age_band')
    """

    target: str
    sensitive: Sequence[str | Mapping[str, Any] | Sensitive] = ()
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    row_id: str | None = None
    ignore: Sequence[str] = ()
    positive: str | float | bool | None = None
    sensitive_as_features: bool = False
    features_of: tuple[Sensitive, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Normalise lists to tuples so that equal schemas are equal objects."""
        object.__setattr__(self, "sensitive", tuple(_plain(item) for item in self.sensitive))
        object.__setattr__(self, "ignore", tuple(self.ignore))
        object.__setattr__(self, "features_of", tuple(_as_sensitive(item) for item in self.sensitive))

    @property
    def sensitive_features(self) -> tuple[Sensitive, ...]:
        """The sensitive features in order."""
        return self.features_of

    @property
    def sensitive_names(self) -> tuple[str, ...]:
        """Names of the sensitive features."""
        return tuple(item.name for item in self.features_of)

    @property
    def sensitive_columns(self) -> tuple[str, ...]:
        """Columns that the sensitive features are read from, each once."""
        return tuple(dict.fromkeys(item.column for item in self.features_of))

    @property
    def not_features(self) -> frozenset[str]:
        """Columns that the model must not see."""
        names = {self.target, *self.ignore}
        names |= {name for name in (self.group, self.weight, self.row_id) if name}
        if not self.sensitive_as_features:
            names |= set(self.sensitive_columns)
        return frozenset(names)

    @property
    def named_columns(self) -> dict[str, str]:
        """Every column the schema names, with the role it was named for."""
        roles = dict.fromkeys(self.sensitive_columns, "sensitive")
        for role in ("target", "group", "time", "weight", "row_id"):
            column = getattr(self, role)
            if column:
                roles[column] = role
        return roles

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, defaults left out.

        Returns
        -------
        dict
        """
        out: dict[str, Any] = {"target": self.target}
        if self.sensitive:
            out["sensitive"] = [_plain_json(item) for item in self.features_of]
        for name in ("group", "time", "weight", "row_id", "positive"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        if self.ignore:
            out["ignore"] = list(self.ignore)
        if self.sensitive_as_features:
            out["sensitive_as_features"] = True
        return out

    @classmethod
    def problems_in(cls, data: Any, where: str = "schema") -> list[Problem]:
        """Return every problem of a schema given as data.

        Parameters
        ----------
        data : object
            What stood under ``schema:``.
        where : str
            Prefix of the places.

        Returns
        -------
        list of Problem
        """
        if not isinstance(data, Mapping):
            return [Problem(where, f"must be a mapping with at least 'target'. It is {type(data).__name__}.")]
        problems = [
            Problem(f"{where}.{key}", f"is not a schema key. Known: {', '.join(SCHEMA_RULES)}.")
            for key in data
            if key not in SCHEMA_RULES
        ]
        if "target" not in data:
            problems.append(Problem(where, "'target' is missing: name the column to predict."))
        known = {key: value for key, value in data.items() if key in SCHEMA_RULES}
        problems += [Problem(where, text) for text in broken_rules("Schema", SCHEMA_RULES, known)]
        if not problems:
            problems += _sensitive_problems(cls(**known), where)
        return problems


def _as_sensitive(item: str | Mapping[str, Any] | Sensitive) -> Sensitive:
    if isinstance(item, Sensitive):
        return item
    if isinstance(item, str):
        return Sensitive(item, item)
    ((name, spec),) = item.items()
    return Sensitive(name, spec["column"], tuple(float(edge) for edge in spec.get("edges", ())))


def _plain(item: str | Mapping[str, Any] | Sensitive) -> Sensitive:
    return _as_sensitive(item)


def _plain_json(item: Sensitive) -> Any:
    if item.name == item.column and not item.edges:
        return item.name
    spec: dict[str, Any] = {"column": item.column}
    if item.edges:
        spec["edges"] = [int(edge) if float(edge).is_integer() else edge for edge in item.edges]
    return {item.name: spec}


def _sensitive_problems(schema: Schema, where: str) -> list[Problem]:
    names = schema.sensitive_names
    problems = [
        Problem(f"{where}.sensitive", f"{name!r} is listed {names.count(name)} times.")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    roles = [role for role in ("target", "group", "time", "weight", "row_id") if getattr(schema, role)]
    for role in roles:
        for other in roles[: roles.index(role)]:
            if getattr(schema, role) == getattr(schema, other) and (other == "target" or role == "weight"):
                text = f"column {getattr(schema, role)!r} is named both {other} and {role}."
                problems.append(Problem(where, text))
    if schema.target in schema.ignore:
        problems.append(Problem(f"{where}.ignore", f"the target {schema.target!r} is never a feature; take it out."))
    if schema.target in schema.sensitive_columns:
        problems.append(Problem(f"{where}.sensitive", f"the target {schema.target!r} cannot be a sensitive feature."))
    problems += [
        Problem(f"{where}.sensitive", f"the edges of {item.name!r} must ascend: {item.edges}.")
        for item in schema.sensitive_features
        if list(item.edges) != sorted(set(item.edges))
    ]
    return problems


SCHEMA_RULES: dict[str, Rule] = {
    "target": Text(),
    "sensitive": ListOf(
        AnyOf(Text(), MapOf(Record({"column": Text(), "edges": ListOf(Real(), 1)}, optional=("edges",))))
    ),
    "group": AnyOf(Text(), Null()),
    "time": AnyOf(Text(), Null()),
    "weight": AnyOf(Text(), Null()),
    "row_id": AnyOf(Text(), Null()),
    "ignore": ListOf(Text()),
    "positive": AnyOf(Scalar(), Null()),
    "sensitive_as_features": Boolean(),
}
