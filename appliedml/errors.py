"""Every error a user can meet, in one tree.

::

    AppliedMLError                 something the user can mend; shown without a traceback, exit code 2
     |- PlanError                  the plan (Python or YAML) is wrong; carries every problem found at once
     |- DataError (ValueError)     the rows or columns cannot be used as asked
     |- StageError (ValueError)    a stage was built or used wrongly
     |   `- ParameterError         a parameter breaks its declared rule
     |- RunError                   a run folder is unreadable, unfinished or not ours; a disk is full
     |- GateError                  a policy cannot be judged
     |- EngineError                a worker or a cluster failed
     `- MissingExtraError (ImportError)   an optional dependency is not installed

Messages follow one form: who, the rule, what was given, what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AppliedMLError(Exception):
    """Base of every error that a user can mend."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a plan.

    Parameters
    ----------
    where : str
        Path inside the plan, such as ``pipeline[2]`` or ``schema.sensitive``.
    what : str
        The sentence: the rule, what was given, what to do.
    """

    where: str
    what: str


class PlanError(AppliedMLError):
    """The plan is wrong. All problems are reported together.

    Parameters
    ----------
    problems : sequence of Problem
    source : str
        The file or object that holds the plan.
    """

    def __init__(self, problems: Sequence[Problem], source: str = "the plan") -> None:
        self.problems = tuple(problems)
        self.source = source
        n = len(self.problems)
        width = max((len(p.where) for p in self.problems), default=0)
        lines = [f"{n} problem{'s' if n != 1 else ''} in {source}"]
        lines += [f"  {p.where:<{width}}  {p.what}" for p in self.problems]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[PlanError], tuple[tuple[Problem, ...], str]]:
        """Pickle with the constructor's own arguments, so that workers can send it back."""
        return (type(self), (self.problems, self.source))


class DataError(AppliedMLError, ValueError):
    """The rows or columns cannot be used as asked."""


class StageError(AppliedMLError, ValueError):
    """A stage was built or used wrongly."""


class ParameterError(StageError):
    """A parameter breaks the rule its class declares."""


class RunError(AppliedMLError):
    """A run folder is unreadable, unfinished, or not one of ours; or it cannot be written."""


class GateError(AppliedMLError):
    """A policy cannot be judged against this run."""


class EngineError(AppliedMLError):
    """A worker or a cluster failed."""


class MissingExtraError(AppliedMLError, ImportError):
    """An optional dependency is not installed."""
