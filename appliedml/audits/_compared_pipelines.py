"""Other pipelines to compare with, fitted on the fold's training rows as the pipeline of the plan was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.audits._scores_models import BASELINES
from appliedml.core.fold import Fold
from appliedml.core.params import Rule
from appliedml.core.registry import build, problems_of
from appliedml.core.stage import Verb, stage_name, verb_of
from appliedml.errors import AppliedMLError, Problem, StageError

PIPELINE = "pipeline"
# Names stand in reports and in "baseline=<name>" of gates.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ .+-]*")


class NamedStages(Rule):
    """One name with a list of stages, as ``pipeline`` of a plan has them; the stages are the registry's affair."""

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""
        if not isinstance(value, Mapping) or len(value) != 1:
            return False
        ((name, stages),) = value.items()
        named = isinstance(name, str) and _NAME.fullmatch(name) is not None and name not in (*BASELINES, PIPELINE)
        return named and isinstance(stages, list | tuple) and bool(stages)

    def describe(self) -> str:
        """The rule in words."""
        return "a new name with a list of stages, as in {mlp_128: [scale_numbers, {keras_classifier: {builder: mlp}}]}"


def name_of(entry: Any) -> str:
    """Return what an entry of ``models`` is called.

    Parameters
    ----------
    entry : str or mapping

    Returns
    -------
    str

    Examples
    --------
    >>> name_of({"mlp_128": ["flatten_images"]}), name_of("majority")
    ('mlp_128', 'majority')
    """
    return entry if isinstance(entry, str) else str(next(iter(entry)))


def title_of(name: str) -> str:
    """Return the title of a compared model in a report.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> title_of("logistic_regression"), title_of("mlp_128")
    ('Logistic regression', 'Pipeline mlp 128')
    """
    return BASELINES.get(name, f"Pipeline {name.replace('_', ' ')}")


def entry_problems(entry: Any, where: str) -> list[Problem]:
    """Return everything wrong with a list of stages.

    Parameters
    ----------
    entry : mapping
        That keeps :class:`NamedStages`.
    where : str
        Path inside the plan.

    Returns
    -------
    list of Problem
    """
    ((name, stages),) = entry.items()
    place = f"{where}.{name}"
    problems = [found for at, stage in enumerate(stages) for found in problems_of("stages", stage, f"{place}[{at}]")]
    if problems:
        return problems
    verbs = [verb_of(build("stages", stage)) for stage in stages]
    for at, verb in enumerate(verbs[:-1]):
        if verb not in (Verb.TRANSFORM, Verb.RESAMPLE):
            what = f"has the verb {verb.value}; before the last stage only transform and fit_resample belong."
            problems.append(Problem(f"{place}[{at}]", what))
    if verbs[-1] is not Verb.PREDICT:
        problems.append(Problem(place, f"must end with a classifier. The last stage has the verb {verbs[-1].value}."))
    return problems


def fit_compared(entry: Mapping[str, Any], fold: Fold) -> tuple[NDArray[np.float64] | None, str]:
    """Fit another list of stages in the fold's pipeline and give its probabilities for the test rows.

    Parameters
    ----------
    entry : mapping
    fold : Fold

    Returns
    -------
    probabilities : array of shape (n_test, n_classes), or None
        Calibrated as the plan says; None where it could not be fitted.
    note : str
        Why it could not; else empty.
    """
    ((_, stages),) = entry.items()
    if not hasattr(fold.pipeline, "clone_unfitted"):
        raise StageError("Baselines: stages to compare need a fold whose pipeline can be cloned.")
    try:
        pipeline = fold.pipeline.clone_unfitted()
        # The same validation rows are set aside, for they depend on the pipeline's seed and the rows only.
        pipeline.set_params(steps=[build("stages", stage) for stage in stages])
        fitted = pipeline.fit(fold.train)
        return np.asarray(fitted.predict_proba(fold.test), dtype=np.float64), ""
    except AppliedMLError as error:
        # That one model cannot be fitted to these inputs is said, and does not end the run.
        return None, str(error)


def stages_in_words(stages: Any) -> str:
    """Return the names of stages, in order.

    Parameters
    ----------
    stages : sequence of str or mapping

    Returns
    -------
    str

    Examples
    --------
    >>> stages_in_words(["scale_numbers", {"logistic_regression": {"C": 0.1}}])
    'scale_numbers, logistic_regression'
    """
    return ", ".join(stage_name(build("stages", stage)) for stage in stages)
