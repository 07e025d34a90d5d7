"""The same plan on other data: which source reads it, and what the columns mean there."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from appliedml.core.registry import build
from appliedml.core.schema import Schema
from appliedml.core.stage import stage_name
from appliedml.errors import PlanError, Problem

if TYPE_CHECKING:
    from appliedml.execution.plan import Plan

_MEDMNIST = "train_images.npy"


def with_other_data(
    plan: Plan,
    path: str | Path,
    *,
    metadata: str | Path | None = None,
    text: str | None = None,
    target: str | None = None,
) -> Plan:
    """Return a plan that reads other data.

    Parameters
    ----------
    plan : Plan
    path : str or Path
        A table (CSV, Parquet), a table of texts (JSON lines too), a folder of pictures, or an ``.npz`` file of
        pictures; relative to the working directory.
    metadata : str or Path, optional
        The table that describes the pictures of a folder.
    text : str, optional
        Column of the texts.
    target : str, optional
        Column to predict, where it is another than the plan's.

    Returns
    -------
    Plan

    Raises
    ------
    PlanError
        If what was given does not fit together.
    """
    where = Path(path).expanduser().resolve()
    if metadata is not None and not where.is_dir():
        problem = Problem("--metadata", f"describes the pictures of a folder, and {path} is none.")
        raise PlanError([problem], f"the plan {plan.name!r}")
    if text is not None and where.is_dir():
        problem = Problem("--text", f"names a column of a table, and {path} is a folder.")
        raise PlanError([problem], f"the plan {plan.name!r}")
    source = _source(plan.data, where, metadata, text)
    schema = plan.schema
    if schema is None and "path" not in _parameters(plan.data):
        # A simulator's schema also fits a file of the same form; a source with one of its own knows better.
        schema = getattr(source, "default_schema", None) or getattr(plan.data, "default_schema", None)
    elif schema is None:
        schema = getattr(source, "default_schema", None)
    if target is not None:
        schema = _aimed_at(schema, target)
    return replace(plan, data=source, schema=schema, split=_fitting(plan, schema))


def _fitting(plan: Plan, schema: Schema | None) -> Any:
    """The split, or folds of single rows where the other data name no group and no clean stage makes groups."""
    made = any(getattr(stage, "joins_groups", False) for stage in plan.clean)
    if stage_name(plan.split) != "group_kfold" or made or schema is None or schema.group is not None:
        return plan.split
    return build("splits", {"kfold": {"folds": plan.split.folds}})


def _parameters(source: Any) -> dict[str, Any]:
    return {} if source is None else dict(source.get_params(deep=False))


def _source(current: Any, where: Path, metadata: str | Path | None, text: str | None) -> Any:
    given = _parameters(current)
    name = "" if current is None else stage_name(current)
    if where.is_dir():
        described = {} if metadata is None else {"metadata": str(Path(metadata).expanduser().resolve())}
        if "path" in given and "images" in given:
            return clone(current).set_params(path=str(where), **described)
        # Pictures come at the size the plan was made for.
        size = {key: given[key] for key in ("size",) if given.get(key) is not None}
        return build("sources", {"image_folder": {"path": str(where), **size, **described, **_grey(current)}})
    if where.suffix == ".npz":
        if name in ("medmnist", "keras_npz"):
            return clone(current).set_params(path=str(where))
        return build("sources", {"medmnist" if _holds(where, _MEDMNIST) else "keras_npz": {"path": str(where)}})
    if text is not None or name == "text_table":
        if name == "text_table":
            return clone(current).set_params(path=str(where), **({} if text is None else {"text": text}))
        return build("sources", {"text_table": {"path": str(where), "text": text}})
    if "path" in given and "images" not in given:
        return clone(current).set_params(path=str(where))
    return build("sources", {"table": {"path": str(where)}})


def _grey(current: Any) -> dict[str, int]:
    return {"channels": 1} if current is not None and stage_name(current) == "simulate_radiographs" else {}


def _holds(path: Path, member: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return member in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        # The source says what is wrong with it.
        return False


def _aimed_at(schema: Schema | None, target: str) -> Schema:
    """The schema where it predicts this column already; else one that knows nothing but the target."""
    return schema if schema is not None and schema.target == target else Schema(target)
