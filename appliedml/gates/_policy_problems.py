"""Everything that can be wrong with a policy, found at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from appliedml.core.artifact import ALL_ROWS
from appliedml.errors import Problem
from appliedml.gates._policy_metrics import EVERY_SUBSET, METRICS, ONLY_BETWEEN_GROUPS, PREFIXES, metric_problems

VERSION = 1
_POLICY_KEYS = ("version", "gates", "waivers", "worse_by")
_GATE_KEYS = ("name", "metric", "subset", "at_least", "at_most", "on")
_WAIVER_KEYS = ("gate", "owner", "reason", "until")
_ON = ("interval", "value")
_CALLED_OTHERWISE = dict.fromkeys(("expires", "expiry", "expiration", "valid_until"), "until")


def problems_in(data: Any, where: str = "") -> list[Problem]:
    """Return everything wrong with a policy given as data.

    Parameters
    ----------
    data : object
    where : str
        Prefix of the places, such as "policy.".

    Returns
    -------
    list of Problem
    """
    place = where.rstrip(".") or "policy"
    if not isinstance(data, Mapping):
        return [Problem(place, f"must be a mapping with 'version' and 'gates'. It is {_shown(data)}.")]
    data = plain(data)
    problems = _unknown_keys(data, _POLICY_KEYS, place)
    version = data.get("version")
    if version is None:
        problems.append(Problem(f"{where}version", f"is missing. Write version: {VERSION}."))
    elif isinstance(version, bool) or version != VERSION:
        problems.append(Problem(f"{where}version", f"must be {VERSION}. It is {_shown(version)}."))
    gates = data.get("gates")
    if not isinstance(gates, list | tuple) or not gates:
        problems.append(Problem(f"{where}gates", f"must be a list with at least one gate. It is {_shown(gates)}."))
        gates = ()
    for number, entry in enumerate(gates):
        problems += _gate_problems(entry, f"{where}gates[{number}]")
    names = [name_of(entry) for entry in gates if isinstance(entry, Mapping) and isinstance(entry.get("metric"), str)]
    problems += [
        Problem(f"{where}gates", f"the name {name!r} is used {names.count(name)} times. Give every gate its own name.")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    waivers = data.get("waivers")
    if waivers is not None and not isinstance(waivers, list | tuple):
        problems.append(Problem(f"{where}waivers", f"must be a list of waivers. It is {_shown(waivers)}."))
        waivers = ()
    for number, entry in enumerate(waivers or ()):
        problems += _waiver_problems(entry, f"{where}waivers[{number}]", names)
    return problems + _tolerance_problems(data.get("worse_by"), f"{where}worse_by")


def plain(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a policy's data with the key ``on`` that YAML 1.1 reads as true (and JSON then writes as "True").

    Parameters
    ----------
    data : mapping

    Returns
    -------
    dict

    Examples
    --------
    >>> plain({"gates": [{"metric": "f1", True: "value"}]})
    {'gates': [{'metric': 'f1', 'on': 'value'}]}
    """
    gates = data.get("gates")
    if not isinstance(gates, list | tuple):
        return dict(data)
    mended = [
        {"on" if key is True or key == "True" else key: value for key, value in gate.items()}
        if isinstance(gate, Mapping)
        else gate
        for gate in gates
    ]
    return {**data, "gates": mended}


def _gate_problems(entry: Any, where: str) -> list[Problem]:
    if not isinstance(entry, Mapping):
        return [
            Problem(where, f"must be a mapping such as {{metric: roc_auc, at_least: 0.75}}. It is {_shown(entry)}.")
        ]
    problems = _unknown_keys(entry, _GATE_KEYS, where)
    problems += _text_problems(entry, ("metric",), where, required=True)
    problems += _text_problems(entry, ("name", "subset"), where, required=False)
    metric = entry.get("metric")
    if isinstance(metric, str) and metric:
        problems += metric_problems(metric, entry, where)
    if "on" in entry and entry["on"] not in _ON:
        problems.append(Problem(f"{where}.on", f"must be 'interval' or 'value'. It is {_shown(entry['on'])}."))
    bounds = [key for key in ("at_least", "at_most") if entry.get(key) is not None]
    if not bounds:
        problems.append(Problem(where, "has no bound. Give at_least, at_most or both."))
    bad = [Problem(f"{where}.{key}", text) for key in bounds if (text := _number_problem(entry[key]))]
    if len(bounds) == 2 and not bad and entry["at_least"] > entry["at_most"]:
        bad.append(Problem(where, f"at_least {entry['at_least']} is above at_most {entry['at_most']}: nothing passes."))
    return problems + bad


def _waiver_problems(entry: Any, where: str, gate_names: list[str]) -> list[Problem]:
    if not isinstance(entry, Mapping):
        return [Problem(where, f"must be a mapping with gate, owner, reason and until. It is {_shown(entry)}.")]
    problems = _unknown_keys(entry, _WAIVER_KEYS, where)
    problems += _text_problems(entry, ("gate", "owner", "reason"), where, required=True)
    gate = entry.get("gate")
    if isinstance(gate, str) and gate and gate not in gate_names:
        problems.append(Problem(f"{where}.gate", f"there is no gate {gate!r}. {_hint(gate, gate_names)}"))
    if "until" not in entry:
        problems.append(Problem(where, "'until' is missing: every waiver ends on a day."))
    elif day_of(entry["until"]) is None:
        what = f"must be a day such as 2027-01-31. It is {_shown(entry['until'])}."
        problems.append(Problem(f"{where}.until", what))
    return problems


def _tolerance_problems(entry: Any, where: str) -> list[Problem]:
    if entry is None:
        return []
    if not isinstance(entry, Mapping):
        text = _number_problem(entry) or _negative_problem(entry)
        hint = " For single measures write a mapping: {roc_auc: 0.02}."
        return [Problem(where, f"{text}{hint}")] if text else []
    problems = []
    for metric, amount in entry.items():
        place = f"{where}.{metric}"
        name = str(metric).removeprefix("gap.")
        known = METRICS if name == metric else (*METRICS, *ONLY_BETWEEN_GROUPS)
        if name not in known:
            problems.append(Problem(place, f"{metric!r} is not a metric. {_hint(name, known)}"))
        text = _number_problem(amount) or _negative_problem(amount)
        if text:
            problems.append(Problem(place, text))
    return problems


def _negative_problem(value: float) -> str:
    return f"must be at least 0: it is how much worse a run may be. It is {value!r}." if value < 0 else ""


def _unknown_keys(data: Mapping[Any, Any], known: tuple[str, ...], where: str) -> list[Problem]:
    return [Problem(where, f"has no key {key!r}. {_key_hint(str(key), known)}") for key in data if key not in known]


def _key_hint(key: str, known: tuple[str, ...]) -> str:
    meant = _CALLED_OTHERWISE.get(key)
    return f"Write {meant}." if meant in known else _hint(key, known)


def _text_problems(data: Mapping[str, Any], keys: tuple[str, ...], where: str, *, required: bool) -> list[Problem]:
    problems = []
    for key in keys:
        value = data.get(key)
        if key not in data:
            if required:
                problems.append(Problem(where, f"{key!r} is missing."))
        elif isinstance(value, bool):
            what = f"must be a text. It is {value}: YAML reads yes, no, on and off as booleans. Put it in quotes."
            problems.append(Problem(f"{where}.{key}", what))
        elif not isinstance(value, str) or not value.strip():
            problems.append(Problem(f"{where}.{key}", f"must be a text. It is {_shown(value)}."))
    return problems


def _number_problem(value: Any) -> str:
    if isinstance(value, str):
        try:
            return f"must be a number. It is the text {value!r}: write {float(value)!r}."
        except ValueError:
            return f"must be a number. It is {_shown(value)}."
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"must be a finite number. It is {_shown(value)}."
    return ""


def name_of(entry: Mapping[str, Any]) -> str:
    """Return a gate's name; without one, its metric and, where it is not "all", its subset.

    Parameters
    ----------
    entry : mapping

    Returns
    -------
    str
    """
    name = entry.get("name")
    if isinstance(name, str) and name:
        return name
    subset = entry.get("subset")
    return str(entry["metric"]) if subset in (None, ALL_ROWS) else f"{entry['metric']} {subset}"


def subset_of(entry: Mapping[str, Any]) -> str:
    """Return a gate's subset: "all" by default, "*" for gaps, ratios and differences from baselines.

    Parameters
    ----------
    entry : mapping

    Returns
    -------
    str
    """
    # A gap has no "all rows": without a name it is judged for every sensitive feature (and a difference against every
    # baseline), the stricter reading.
    default = EVERY_SUBSET if str(entry["metric"]).startswith(PREFIXES) else ALL_ROWS
    return str(entry.get("subset", default))


def day_of(value: Any) -> date | None:
    """Return a day given as a date or as ISO text; None for anything else, also for a day with a time.

    Parameters
    ----------
    value : object

    Returns
    -------
    date or None
    """
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _hint(name: str, known: tuple[str, ...] | list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known) or 'none'}."


def _shown(value: Any) -> str:
    text = "empty" if value is None else f"{value!r} ({type(value).__name__})"
    return text if len(text) <= 80 else text[:77] + "..."
