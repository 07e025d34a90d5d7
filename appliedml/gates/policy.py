"""Policies: the rules a run must keep, written in YAML and read into frozen objects, all problems at once.

::

    version: 1
    gates:
      - {name: discrimination, metric: roc_auc, at_least: 0.75}
      - {metric: gap.true_positive_rate, subset: Sex, at_most: 0.10}
      - {metric: average_precision, at_least: 0.2, on: value}     # the default is on: interval
    waivers:
      - {gate: discrimination, owner: "A. Person", reason: "first release", until: 2027-01-31}
    worse_by: {roc_auc: 0.02, gap.true_positive_rate: 0.05}    # for appliedml compare; or one number for all it judges
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from appliedml.core.artifact import ALL_ROWS
from appliedml.errors import PlanError, Problem
from appliedml.gates._policy_metrics import subset_problems
from appliedml.gates._policy_problems import VERSION, day_of, name_of, plain, problems_in, subset_of
from appliedml.store.plain_yaml import load_yaml

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Gate:
    """One rule.

    Parameters
    ----------
    name : str
        Unique in its policy.
    metric : str
        A metric; ``gap.<metric>`` or ``ratio.<metric>`` between the groups of a sensitive feature; or
        ``difference.<metric>`` from a baseline. With more than two classes a rate is followed by ``.<class>``.
    subset : str
        "all", "<sensitive>=<level>", the name of a sensitive feature (for gaps and ratios), "baseline=<name>" (for
        differences), or "*" for every subset that was measured.
    at_least, at_most : float or None
        The bounds; at least one is given.
    on : {"interval", "value"}
        Whether the whole interval or the point estimate must keep the rule.

    Examples
    --------
    >>> Gate("discrimination", "roc_auc", at_least=0.75).rule
    'at least 0.75'
    """

    name: str
    metric: str
    subset: str = ALL_ROWS
    at_least: float | None = None
    at_most: float | None = None
    on: Literal["interval", "value"] = "interval"

    @property
    def rule(self) -> str:
        """The rule in words."""
        if self.at_least is not None and self.at_most is not None:
            return f"between {self.at_least:g} and {self.at_most:g}"
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"


@dataclass(frozen=True)
class Waiver:
    """A named person accepts that a gate fails, until a day.

    Parameters
    ----------
    gate : str
        Name of the gate.
    owner : str
        Who answers for it.
    reason : str
    until : date
        The last day on which it counts.
    """

    gate: str
    owner: str
    reason: str
    until: date


@dataclass(frozen=True)
class Policy:
    """What a run must keep.

    Parameters
    ----------
    gates : tuple of Gate
    waivers : tuple of Waiver
    source : str
        Where it was read from, for messages.
    worse_by : float, mapping of str to float or None
        How much worse than another a run may be: in all measures that a comparison judges, or in those named. No gate
        looks at it.

    Examples
    --------
    >>> policy_from({"version": 1, "gates": [{"metric": "roc_auc", "at_least": 0.75}]}).gates[0].name
    'roc_auc'
    """

    gates: tuple[Gate, ...]
    waivers: tuple[Waiver, ...] = ()
    source: str = field(default="the policy", compare=False)
    worse_by: float | Mapping[str, float] | None = field(default=None, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, defaults left out.

        Returns
        -------
        dict
        """
        gates = []
        for gate in self.gates:
            entry: dict[str, Any] = {"name": gate.name, "metric": gate.metric, "subset": gate.subset}
            entry |= {key: getattr(gate, key) for key in ("at_least", "at_most") if getattr(gate, key) is not None}
            gates.append(entry | ({"on": gate.on} if gate.on != "interval" else {}))
        data: dict[str, Any] = {"version": VERSION, "gates": gates}
        if self.waivers:
            data["waivers"] = [
                {"gate": w.gate, "owner": w.owner, "reason": w.reason, "until": w.until.isoformat()}
                for w in self.waivers
            ]
        if self.worse_by is not None:
            data["worse_by"] = dict(self.worse_by) if isinstance(self.worse_by, Mapping) else self.worse_by
        return data


def load_policy(entry: str | Path | Mapping[str, Any], folder: str | Path | None = None) -> Policy:
    """Return the policy of a plan's ``policy:`` key: a file or the mapping itself.

    Parameters
    ----------
    entry : str, Path or mapping
    folder : str or Path, optional
        Where a relative path starts; default: the working directory.

    Returns
    -------
    Policy

    Raises
    ------
    PlanError
        With every problem, if the file or its content is wrong.
    """
    if isinstance(entry, Mapping):
        return policy_from(entry)
    path = Path(entry) if folder is None else Path(folder) / entry
    return read_policy(path)


def check_subsets(policy: Policy, attributes: Sequence[str], scores: pd.DataFrame | None = None) -> None:
    """Refuse a policy with a gate on groups of an attribute that a run does not have.

    Parameters
    ----------
    policy : Policy
    attributes : sequence of str
        Names of the run's sensitive features.
    scores : DataFrame, optional
        The run's scores; what was measured by another name is known too.

    Raises
    ------
    PlanError
        With every such gate.
    """
    gates = [(gate.metric, gate.subset) for gate in policy.gates]
    problems = subset_problems(gates, attributes, () if scores is None else map(str, scores["subset"].unique()))
    if problems:
        raise PlanError(problems, policy.source)


def read_policy(path: str | Path) -> Policy:
    """Read a policy file.

    Parameters
    ----------
    path : str or Path
        A YAML (or JSON) file.

    Returns
    -------
    Policy

    Raises
    ------
    PlanError
        If the file is missing, is not YAML or breaks the form of a policy.
    """
    path = Path(path)
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PlanError([Problem("policy", f"{path} does not exist.")], str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError([Problem("policy", f"{path} cannot be read ({error}).")], str(path)) from error
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: PyYAML builds dates while it reads, and 2027-02-31 is none.
        what = f"is not valid YAML: {' '.join(str(error).split())}"
        raise PlanError([Problem("policy", what)], str(path)) from error
    return policy_from(data, str(path))


def policy_from(data: Any, source: str = "the policy") -> Policy:
    """Build a policy from data.

    Parameters
    ----------
    data : object
        What stood in the file.
    source : str
        Where it was read from.

    Returns
    -------
    Policy

    Raises
    ------
    PlanError
        With every problem at once.

    Examples
    --------
    >>> policy_from({"version": 1, "gates": [{"metric": "roc_acu", "at_least": 0.75}]})
    Traceback (most recent call last):
    appliedml.errors.PlanError: 1 problem in the policy
      gates[0].metric  'roc_acu' is not a metric. Did you mean 'roc_auc'?
    """
    problems = problems_in(data)
    if problems:
        raise PlanError(problems, source)
    data = plain(data)
    gates = tuple(
        Gate(
            name_of(entry),
            entry["metric"],
            subset_of(entry),
            None if entry.get("at_least") is None else float(entry["at_least"]),
            None if entry.get("at_most") is None else float(entry["at_most"]),
            entry.get("on", "interval"),
        )
        for entry in data["gates"]
    )
    waivers = tuple(
        Waiver(entry["gate"], entry["owner"], entry["reason"], day_of(entry["until"]) or date.min)
        for entry in data.get("waivers") or ()
    )
    given = data.get("worse_by")
    worse_by = {str(name): float(amount) for name, amount in given.items()} if isinstance(given, Mapping) else given
    return Policy(gates, waivers, source, worse_by)
