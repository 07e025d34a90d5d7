"""The verbs. A stage has exactly one, and the verb says when it may run and whether it may touch rows.

========== =============================== =================== ================== ======= ==========================
verb       methods                         when                rows               learns  sees test rows
========== =============================== =================== ================== ======= ==========================
CLEAN      ``clean(samples)``              before the split    may drop / repair  no      yes, so it must not learn
TRANSFORM  ``fit(X, y)``, ``transform(X)`` training fold       same rows          yes     transform only
RESAMPLE   ``fit_resample(X, y)``          training fold only  may add / drop     yes     never
PREDICT    ``fit(X, y)``, ``predict(X)``   training fold       none               yes     predict only
EXAMINE    ``examine(fold)``, ``conclude`` after folds         none               no      read-only
========== =============================== =================== ================== ======= ==========================
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from appliedml.core.names import snake_case as snake_case
from appliedml.core.params import Rule, check_parameters
from appliedml.errors import StageError


class Verb(Enum):
    """What a stage does."""

    CLEAN = "clean"
    TRANSFORM = "transform"
    RESAMPLE = "fit_resample"
    PREDICT = "predict"
    EXAMINE = "examine"


def verb_of(stage: Any) -> Verb:
    """Return the one verb of a stage.

    Parameters
    ----------
    stage : object
        Ours, scikit-learn's or imbalanced-learn's.

    Returns
    -------
    Verb

    Raises
    ------
    StageError
        If the object has no verb or more than one.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> verb_of(StandardScaler())
    <Verb.TRANSFORM: 'transform'>
    """
    name = type(stage).__name__
    if isinstance(stage, type):
        raise StageError(f"{stage.__name__} is a class, not a stage. Write {stage.__name__}().")
    found = [verb for verb in Verb if callable(getattr(stage, verb.value, None))]
    if not found:
        raise StageError(
            f"{name} is not a stage: it has none of the methods clean, transform, fit_resample, predict or examine."
        )
    if len(found) > 1:
        verbs = " and ".join(verb.value for verb in found)
        raise StageError(
            f"{name} has more than one verb ({verbs}), so it is unclear when it may run. Wrap it so that one is left."
        )
    return found[0]


def stage_name(stage: Any) -> str:
    """Registry name of a stage object.

    Parameters
    ----------
    stage : object

    Returns
    -------
    str

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> stage_name(StandardScaler())
    'standard_scaler'
    """
    return snake_case(type(stage).__name__)


class Configured(BaseEstimator):
    """JSON-valued parameters with declared rules; the shared part of our stages, audits and splits.

    No stage has to inherit from it: it saves our own from repeating two lines. ``looks_across_rows`` marks a clean
    stage whose decision about a row needs other rows (duplicates); such a stage may only drop rows, or, where
    ``joins_groups`` is true, join groups: rows that shared a group still do.
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {}
    looks_across_rows: ClassVar[bool] = False
    joins_groups: ClassVar[bool] = False
    version: ClassVar[int] = 1

    def check_parameters(self) -> None:
        """Raise ParameterError with every broken rule.

        Raises
        ------
        ParameterError
            If any parameter breaks its rule.
        """
        check_parameters(self)
