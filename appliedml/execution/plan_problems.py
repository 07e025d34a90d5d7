"""Everything that can be wrong with a plan, found before anything is read or fitted."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from appliedml.compose.pipeline import Pipeline
from appliedml.compose.steps import check_steps
from appliedml.core.params import AnyOf, Integer, Null, Rule, Text, broken_rules
from appliedml.core.registry import build, problems_of
from appliedml.core.samples import closest
from appliedml.core.schema import Schema
from appliedml.core.stage import Verb, verb_of
from appliedml.errors import AppliedMLError, Problem, StageError

PLAN_VERSION = 1


class _Mapping(Rule):
    """A mapping; the gates check what is in it."""

    def accepts(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def describe(self) -> str:
        return "a mapping with gates"


PLAN_RULES: dict[str, Rule] = {
    "version": Integer(1, PLAN_VERSION),
    "name": Text(),
    "seed": Integer(0, 2**31 - 1),
    "context": AnyOf(Text(), Null()),
    "policy": AnyOf(Text(), _Mapping(), Null()),
}
PLAN_KEYS = (
    "version",
    "name",
    "seed",
    "data",
    "schema",
    "clean",
    "split",
    "pipeline",
    "validation",
    "validation_from",
    "calibration",
    "threshold",
    "audits",
    "policy",
    "context",
)
_NEEDED = ("version", "name", "pipeline")


def source_entry(entry: Any) -> Any:
    """Return the full form of a source: ``{table: claims.csv}`` means ``{table: {path: claims.csv}}``.

    Parameters
    ----------
    entry : str or mapping

    Returns
    -------
    str or mapping

    Examples
    --------
    >>> source_entry({"table": "claims.csv"})
    {'table': {'path': 'claims.csv'}}
    """
    if isinstance(entry, Mapping) and len(entry) == 1:
        ((name, value),) = entry.items()
        if isinstance(value, str):
            return {name: {"path": value}}
    return entry


def plan_problems(data: Any, folder: Path | None = None) -> list[Problem]:
    """Return every problem of a plan given as data.

    Parameters
    ----------
    data : object
        What a YAML file held.
    folder : Path, optional
        Where relative paths start.

    Returns
    -------
    list of Problem
    """
    if not isinstance(data, Mapping):
        return [Problem("file", f"must hold keys such as {', '.join(_NEEDED)}. It holds {_kind(data)}.")]
    problems = [Problem(str(key), _unknown_key(key)) for key in data if key not in PLAN_KEYS]
    problems += [Problem("plan", f"{key!r} is missing.") for key in _NEEDED if data.get(key) is None]
    problems += [Problem("plan", text) for text in broken_rules("Plan", PLAN_RULES, _given(data, PLAN_RULES))]
    rules = Pipeline.parameter_rules
    problems += [Problem("plan", text) for text in broken_rules("Plan", rules, _given(data, rules))]
    if data.get("schema") is not None:
        problems += Schema.problems_in(data["schema"])
    if data.get("data") is not None:
        problems += problems_of("sources", source_entry(data["data"]), "data")
    if data.get("split") is not None:
        problems += problems_of("splits", data["split"], "split")
    for key, kind in (("clean", "stages"), ("pipeline", "stages"), ("audits", "audits")):
        entries = data.get(key)
        if entries is None:
            continue
        if not isinstance(entries, list):
            problems.append(Problem(key, f"must be a list of stages. It is {_kind(entries)}."))
            continue
        for place, entry in enumerate(entries):
            problems += problems_of(kind, entry, f"{key}[{place}]")
    if not problems:
        problems += _pipeline_problems(data)
    problems += _file_problems(data, folder)
    return problems


def _given(data: Mapping[Any, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    return {key: data[key] for key in rules if data.get(key) is not None}


def _kind(value: Any) -> str:
    return {type(None): "nothing", str: "a text", list: "a list", dict: "a mapping"}.get(type(value), repr(value))


def _unknown_key(key: Any) -> str:
    close = get_close_matches(str(key), PLAN_KEYS, n=1)
    return "is not a plan key. " + (f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(PLAN_KEYS)}.")


def _pipeline_problems(data: Mapping[str, Any]) -> list[Problem]:
    try:
        check_steps([build("stages", entry) for entry in data["pipeline"]])
    except StageError as error:
        return [Problem("pipeline", str(error))]
    return []


def _file_problems(data: Mapping[str, Any], folder: Path | None) -> list[Problem]:
    base = folder or Path()
    problems = []
    for key in ("policy", "context"):
        value = data.get(key)
        if isinstance(value, str) and not (base / value).is_file():
            problems.append(Problem(key, f"the file {value!r} does not exist in {base}."))
    return problems


def object_problems(plan: Any) -> list[Problem]:
    """Return every problem of a plan made of objects.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of Problem
    """
    problems = [
        Problem("plan", text) for text in broken_rules("Plan", PLAN_RULES, {"name": plan.name, "seed": plan.seed})
    ]
    if not isinstance(plan.pipeline, Pipeline):
        problems.append(Problem("pipeline", f"must be a Pipeline. It is a {type(plan.pipeline).__name__}."))
        return problems
    problems += [
        Problem("pipeline", text)
        for text in broken_rules("Pipeline", Pipeline.parameter_rules, plan.pipeline.get_params(deep=False))
    ]
    if plan.schema is not None and not isinstance(plan.schema, Schema):
        problems.append(Problem("schema", f"must be a Schema. It is a {type(plan.schema).__name__}."))
        return problems
    for key, stages, verb in (("clean", plan.clean, Verb.CLEAN), ("audits", plan.audits, Verb.EXAMINE)):
        problems += _verb_problems(key, stages, verb)
    for key, stages in (
        ("pipeline", plan.pipeline.steps),
        ("clean", plan.clean),
        ("audits", plan.audits),
        ("split", [plan.split]),
    ):
        for place, stage in enumerate(stages):
            rules = getattr(stage, "parameter_rules", {})
            where = key if key == "split" else f"{key}[{place}]"
            texts = broken_rules(type(stage).__name__, rules, stage.get_params(deep=False) if rules else {})
            if not texts and hasattr(stage, "problems_in"):
                problems += type(stage).problems_in(stage.get_params(deep=False), where)
            problems += [Problem(where, text) for text in texts]
    if not hasattr(plan.split, "split"):
        problems.append(Problem("split", f"must be a split such as KFold(). It is {plan.split!r}."))
    return problems + _role_problems(plan)


def _verb_problems(key: str, stages: Any, verb: Verb) -> list[Problem]:
    problems = []
    for place, stage in enumerate(stages):
        try:
            found = verb_of(stage)
        except AppliedMLError as error:
            problems.append(Problem(f"{key}[{place}]", str(error)))
            continue
        if found is not verb:
            text = f"{type(stage).__name__} has the verb {found.value}; only {verb.value} belongs here."
            problems.append(Problem(f"{key}[{place}]", text))
    return problems


def _role_problems(plan: Any) -> list[Problem]:
    problems = []
    split, schema = type(plan.split).__name__, plan.schema
    if schema is not None and schema.group and split == "KFold":
        text = f"the schema names the group {schema.group!r}, whose rows would straddle folds. Use group_kfold."
        problems.append(Problem("split", text))
    joins = any(getattr(stage, "joins_groups", False) for stage in plan.clean)
    if joins and split == "KFold":
        problems.append(
            Problem("split", "a clean stage joins rows to groups, which would straddle folds. Use group_kfold.")
        )
    if schema is not None and not schema.group and split == "GroupKFold" and not joins:
        problems.append(Problem("split", "group_kfold needs a group column: name one in the schema, or use kfold."))
    by_time = split == "TimeKFold" or getattr(plan.split, "by", None) == "time"
    if schema is not None and not schema.time and (by_time or plan.pipeline.validation_from == "latest"):
        where = "split" if by_time else "validation_from"
        problems.append(Problem(where, "needs a time column: name one in the schema."))
    settings = plan.pipeline
    if settings.validation == 0 and (settings.calibration != "none" or not isinstance(settings.threshold, int | float)):
        text = "calibration and a chosen threshold need rows set aside: give validation: 0.15, for example."
        problems.append(Problem("validation", text))
    names = [type(audit).__name__ for audit in plan.audits]
    problems += [
        Problem("audits", f"{name} is listed twice.") for name in sorted({n for n in names if names.count(n) > 1})
    ]
    return problems


def column_problems(plan: Any) -> list[Problem]:
    """Return the problems of the data that show before anything is fitted: no source, no schema, absent columns.

    Parameters
    ----------
    plan : Plan
        Whose source offers ``look(schema, folder)``, which refuses in the words of ``read`` what can be told without
        reading everything, and returns the columns; or ``column_names(folder)``.

    Returns
    -------
    list of Problem
        Empty where the source cannot say its columns without reading everything.
    """
    if plan.data is None:
        return [Problem("data", "is missing: name a source, such as {table: claims.csv}, or give --data FILE.")]
    if plan.schema is None and getattr(plan.data, "default_schema", None) is None:
        return [Problem("schema", "is missing: name at least the target, as in {target: fraud}.")]
    names, look = getattr(plan.data, "column_names", None), getattr(plan.data, "look", None)
    schema = plan.schema if plan.schema is not None else plan.data.default_schema
    try:
        if look is not None:
            columns = look(schema, plan.folder)
        elif names is not None and plan.schema is not None:
            columns = names(plan.folder)
        else:
            return []
    except AppliedMLError as error:
        return [Problem("data", str(error))]
    if plan.schema is None:
        return []
    problems = [
        Problem("schema", f"{role} column {column!r} is not in the data. {closest(column, columns)}")
        for column, role in plan.schema.named_columns.items()
        if column not in columns
    ]
    problems += [
        Problem("schema.ignore", f"column {column!r} is not in the data. {closest(column, columns)}")
        for column in plan.schema.ignore
        if column not in columns
    ]
    return problems
