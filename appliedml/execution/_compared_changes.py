"""What differs between two runs beside their scores: data, plan, code, weights, versions, seeds, gates, findings."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from appliedml.errors import RunError
from appliedml.store import layout
from appliedml.store.evidence import gates_of
from appliedml.store.run import Run

ABSENT = "absent"
PRESENT = "present"
_COLUMNS = ["area", "what", "a", "b"]
# Parts of the description of the model that say which weights it began with.
_WEIGHTS = re.compile(r"weights|pretrained|sha256|licen[cs]e", re.IGNORECASE)


def changes_between(a: Run, b: Run) -> pd.DataFrame:
    """List every setting, version or fingerprint that differs.

    Parameters
    ----------
    a, b : Run

    Returns
    -------
    DataFrame
        area ("data", "plan", "pipeline", "code", "weights", "versions", "seed", "policy", "context"), what (a readable
        path), a, b.
    """
    rows: list[tuple[str, str, str, str]] = []
    sides = [_facts(run) for run in (a, b)]
    for area in sides[0]:
        left, right = sides[0][area], sides[1][area]
        differ = [what for what in dict.fromkeys([*left, *right]) if left.get(what) != right.get(what)]
        if area == "pipeline":
            # Defaults that changed: neither what the plan says nor the settings of a stage that only one run has.
            said = {what for other, what, _, _ in rows if other == "plan"}
            differ = [what for what in differ if what not in said and what in left and what in right]
        defaults = [side["pipeline"] if area == "plan" else {} for side in sides]
        for what in differ:
            shown = [
                own.get(what) or (f"{filled[what]} (default)" if what in filled else ABSENT)
                for own, filled in zip((left, right), defaults, strict=True)
            ]
            rows.append((area, what, shown[0], shown[1]))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _facts(run: Run) -> dict[str, dict[str, str]]:
    info = run.info
    data = {key: value for key, value in info["data"].items() if key not in ("features", "n_features")}
    data["columns"] = list(info["data"].get("features") or [])
    data["class balance"] = _balance(run)
    plan = {key: value for key, value in run.plan.items() if key not in ("seed", "policy", "context")}
    code = dict(info.get("code") or {})
    stages = [{stage["name"]: stage.get("parameters") or {}} for stage in info["pipeline"] if "name" in stage]
    context = {key: value for key, value in (info.get("context") or {}).items() if key != "sign_offs"}
    model = dict(leaves(info.get("model") or {}))
    return {
        "data": dict(leaves(data)),
        "plan": dict(leaves(plan)),
        "pipeline": dict(leaves({"pipeline": stages})),
        "code": dict(leaves(code)),
        "weights": {path: value for path, value in model.items() if _WEIGHTS.search(path)},
        "versions": dict(leaves(info.get("versions") or {})),
        "seed": {"seed": _text(info.get("seed"))},
        "policy": dict(leaves(info.get("policy") or {})),
        "context": dict(leaves(context)),
    }


def _balance(run: Run) -> dict[str, str]:
    rows = run.predictions.drop_duplicates("row_id")
    counts = rows["y_true"].value_counts()
    total = max(1, len(rows))
    return {
        str(name): f"{int(counts.get(name, 0)):,} of {len(rows):,} rows tested ({counts.get(name, 0) / total:.2%})"
        for name in run.info["classes"]
    }


def leaves(data: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Give the leaves of plan-like data with readable paths.

    Parameters
    ----------
    data : JSON value
    path : str

    Yields
    ------
    (str, str)
        Path and value. Steps of a list are called by their names, so that a step put in between moves no other path.

    Examples
    --------
    >>> dict(leaves({"pipeline": ["impute_missing", {"smote": {"ratio": 0.1}}], "seed": 7}))["pipeline.smote.ratio"]
    '0.1'
    """
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list | tuple) and data and (named := _named(data)):
        yield f"{path} (order)", " > ".join(name for name, _ in named)
        seen: Counter[str] = Counter()
        for name, settings in named:
            seen[name] += 1
            step = f"{path}.{name}" if seen[name] == 1 else f"{path}.{name} ({seen[name]})"
            yield step, PRESENT
            if settings:
                yield from leaves(settings, step)
    else:
        yield path, _text(data)


def _named(data: list[Any] | tuple[Any, ...]) -> list[tuple[str, Any]]:
    """Names and settings of a list of named things; empty where it is another list."""
    found: list[tuple[str, Any]] = []
    for item in data:
        if isinstance(item, str):
            found.append((item, None))
        elif isinstance(item, Mapping) and len(item) == 1:
            found.append((str(next(iter(item))), next(iter(item.values()))))
        elif isinstance(item, Mapping) and isinstance(item.get("name"), str):
            found.append((item["name"], {key: value for key, value in item.items() if key != "name"}))
        else:
            return []
    return found


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def gates_between(a: Run, b: Run) -> pd.DataFrame:
    """Set the gates of both runs side by side.

    Parameters
    ----------
    a, b : Run

    Returns
    -------
    DataFrame
        gate, subset, rule_a, rule_b, verdict_a, verdict_b, value_a, value_b; "absent" where only one run has it.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for side, run in (("a", a), ("b", b)):
        table = gates_of(run).tables.get("gates") if "gates" in run.kinds else None
        for item in table.to_dict("records") if table is not None else ():
            row = rows.setdefault((str(item["name"]), str(item["subset"])), {})
            row |= {f"rule_{side}": str(item["rule"]), f"value_{side}": float(item["value"])}
            row[f"verdict_{side}"] = f"{item['verdict']}, waived" if item.get("waived") else str(item["verdict"])
    empty: dict[str, Any] = {f"{name}_{side}": ABSENT for name in ("rule", "verdict") for side in "ab"}
    empty |= {f"value_{side}": float("nan") for side in "ab"}
    columns = ["gate", "subset", *empty]
    return pd.DataFrame([{"gate": k[0], "subset": k[1], **empty, **row} for k, row in rows.items()], columns=columns)


def findings_between(a: Run, b: Run) -> pd.DataFrame:
    """List findings that are new, gone or kept.

    Parameters
    ----------
    a, b : Run

    Returns
    -------
    DataFrame
        state ("new", "gone", "kept"), severity, title, text, kind; a finding is kept where the same audit has one with
        the same headline but for its figures. Findings of gates are left to the gates.
    """
    sides: list[dict[tuple[str, str], Any]] = []
    for run in (a, b):
        found: dict[tuple[str, str], Any] = {}
        for kind in (name for name in run.kinds if name != "gates"):
            for item in _findings(run, kind):
                found.setdefault((kind, re.sub(r"\d[\d.,]*", "#", item["title"])), item)
        sides.append(found)
    rows = []
    for key in dict.fromkeys([*sides[1], *sides[0]]):
        state = "kept" if key in sides[0] and key in sides[1] else "new" if key in sides[1] else "gone"
        item = sides[1].get(key) or sides[0][key]
        rows.append((state, item["severity"], item["title"], item["text"], key[0]))
    order = {"new": 0, "gone": 1, "kept": 2}
    weight = {"problem": 0, "warning": 1, "info": 2}
    rows.sort(key=lambda row: (order[row[0]], weight.get(row[1], 3)))
    return pd.DataFrame(rows, columns=["state", "severity", "title", "text", "kind"])


def _findings(run: Run, kind: str) -> list[dict[str, str]]:
    """Findings of one audit, without reading its tables."""
    path = run.path / layout.ARTIFACTS / kind / layout.ARTIFACT
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["findings"]
        return [{name: str(item[name]) for name in ("severity", "title", "text")} for item in found]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"Artifact {kind} of run {run.path.name} cannot be read: {error}. Run the plan again."
        ) from error
