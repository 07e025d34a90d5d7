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
from appliedml.errors import AppliedMLError, PlanError, Problem

if TYPE_CHECKING:
    from appliedml.execution.plan import Plan

_MEDMNIST = "train_images.npy"
_OWN_SPLIT = ("medmnist", "keras_npz")
_DICOM = (".dcm", ".dicom")


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
        Without what people stated about the plan's own data (``context``), without a policy where the columns differ,
        and with nothing of single rows released: that was decided for other data. With another target, the roles of
        columns are kept where the columns are there.

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
    schema = _fitting_schema(schema, source, target)
    same = schema is not None and plan.schema is not None and schema.to_dict() == plan.schema.to_dict()
    return replace(
        plan,
        data=source,
        schema=schema,
        split=_fitting_split(plan, source, schema),
        audits=[_without_release(audit) for audit in plan.audits],
        # What people state, and the gates they set, hold for the data they had in mind.
        context=None,
        policy=plan.policy if same else None,
    )


def _fitting_split(plan: Plan, source: Any, schema: Schema | None) -> Any:
    """The file's own split where it has one; single rows where other data have no group and no stage makes any."""
    if stage_name(source) in _OWN_SPLIT and stage_name(plan.data) != stage_name(source):
        return build("splits", "predefined")
    made = any(getattr(stage, "joins_groups", False) for stage in plan.clean)
    if stage_name(plan.split) != "group_kfold" or made or schema is None or schema.group is not None:
        if schema is not None and schema.group is not None and stage_name(plan.split) == "kfold":
            return build("splits", {"group_kfold": {"folds": plan.split.folds}})
        return plan.split
    return build("splits", {"kfold": {"folds": plan.split.folds}})


def _without_release(audit: Any) -> Any:
    """An audit that shows nothing of single rows: the plan released its own data, not other people's."""
    released = {key: value for key, value in _parameters(audit).items() if key.startswith("release") and value}
    if not released:
        return audit
    return clone(audit).set_params(**{key: type(value)(0) for key, value in released.items()})


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
        settings = {"path": str(where), **size, **described, **_labels(where, metadata)}
        if any(file.suffix.lower() in _DICOM for file in where.rglob("*")):
            return build("sources", {"dicom_folder": settings})
        return build("sources", {"image_folder": {**settings, **_grey(current)}})
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


def _labels(where: Path, metadata: str | Path | None) -> dict[str, str]:
    """A class per folder, where no table describes the pictures and they lie in two folders or more."""
    if metadata is not None or any((where / f"metadata.{ending}").is_file() for ending in ("csv", "parquet")):
        return {}
    return {"labels": "folder"} if sum(item.is_dir() for item in where.iterdir()) > 1 else {}


def _grey(current: Any) -> dict[str, int]:
    return {"channels": 1} if current is not None and stage_name(current) == "simulate_radiographs" else {}


def _holds(path: Path, member: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return member in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        # The source says what is wrong with it.
        return False


def _fitting_schema(schema: Schema | None, source: Any, target: str | None) -> Schema | None:
    """The schema with another target, and without the roles whose columns the other data do not have."""
    if target is None or (schema is not None and schema.target == target):
        return schema
    if schema is None:
        return Schema(target)
    names = getattr(source, "column_names", None)
    try:
        columns = set(names(None)) if names is not None else set()
    except AppliedMLError:
        # What is wrong with the data is said when they are read.
        columns = set()
    facts = {key: value for key, value in schema.to_dict().items() if key not in ("positive", "ignore", "target")}
    kept = {key: value for key, value in facts.items() if isinstance(value, str) and value in columns - {target}}
    sensitive = [
        entry
        for entry, item in zip(facts.get("sensitive", []), schema.sensitive_features, strict=True)
        if item.column in columns - {target}
    ]
    ignore = [name for name in schema.ignore if name in columns and name != target]
    # The old target would give the new one away.
    ignore += [schema.target] if schema.target in columns else []
    found: dict[str, Any] = {"target": target, "sensitive": sensitive, "ignore": ignore, **kept}
    return Schema(**found)
