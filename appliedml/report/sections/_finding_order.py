"""In which order findings are told: by severity, then by what they are about, then by section.

The rule stands here alone. Who is treated worse comes first, then whether the figures can be believed (leakage), then
whether the model is worth having (a simpler one does as well), whether it decides by a shortcut, and whether its
probabilities hold. Everything else follows in the order of the sections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from appliedml.core.artifact import Finding, Severity

SEVERITIES = (Severity.PROBLEM, Severity.WARNING, Severity.INFO)
ANY = ("",)
# Kinds of artifacts, with how the titles that count begin: an audit of fairness also says that all is well.
SUBJECTS: tuple[tuple[str, dict[str, tuple[str, ...]]], ...] = (
    (
        "some people are treated worse",
        {
            "fairness": ("Disparity by ", "People of unknown ", "Ranks worse in "),
            "identity_swaps": (
                "The score depends on the identity ",
                "Errors differ in texts ",
                "Identity gaps without ",
            ),
        },
    ),
    ("leakage", {"leakage": ANY}),
    (
        "not shown to beat a reference model",
        {
            "baselines": (
                "A reference model is better",
                "Another pipeline is better",
                "The pipeline is not shown to beat ",
            )
        },
    ),
    ("shortcuts", {"shortcut_probe": ANY}),
    ("calibration", {"calibration": ANY}),
)


def subject(kind: str, finding: Finding) -> int:
    """Return the rank of what a finding is about among findings of one severity.

    Parameters
    ----------
    kind : str
        Of the artifact that holds it.
    finding : Finding

    Returns
    -------
    int
        Position in :data:`SUBJECTS`; ``len(SUBJECTS)`` for everything else.

    Examples
    --------
    >>> subject("leakage", Finding(Severity.WARNING, "Not tested on later rows", "."))
    1
    >>> subject("fairness", Finding(Severity.INFO, "Within tolerance by sex", ".")) == len(SUBJECTS)
    True
    """
    for rank, (_, kinds) in enumerate(SUBJECTS):
        if finding.title.startswith(kinds.get(kind, ())):
            return rank
    return len(SUBJECTS)


def apart(found: Iterable[tuple[str, Finding]]) -> list[tuple[str, Finding]]:
    """Return findings without those of crossed groups that a finding about one of their features already covers.

    Parameters
    ----------
    found : iterable of (str, Finding)
        In order; what comes first stays.

    Returns
    -------
    list of (str, Finding)

    Examples
    --------
    >>> rows = [Finding(Severity.PROBLEM, f"Disparity by {name}: much", ".") for name in ("view", "sex & view", "age")]
    >>> [finding.title for _, finding in apart([("fairness", row) for row in rows])]
    ['Disparity by view: much', 'Disparity by age: much']
    """
    kept: list[tuple[str, Finding]] = []
    told: set[str] = set()
    for kind, finding in found:
        features = set(_features(finding.title)) if kind == "fairness" else set()
        if len(features) > 1 and features & told:
            continue
        told |= features
        kept.append((kind, finding))
    return kept


def _features(title: str) -> list[str]:
    """Features that a title about a disparity names."""
    start = "Disparity by "
    return title.removeprefix(start).rpartition(": ")[0].split(" & ") if title.startswith(start) else []


def ordered(found: Iterable[tuple[str, Finding]], section: Callable[[str], int]) -> list[tuple[str, Finding]]:
    """Return findings with the most serious first.

    Parameters
    ----------
    found : iterable of (str, Finding)
        Kind of the artifact, and what it found.
    section : callable
        Place in the report of the section that shows a kind.

    Returns
    -------
    list of (str, Finding)
        Findings of equal weight, subject and section keep their order.
    """
    return sorted(found, key=lambda item: (SEVERITIES.index(item[1].severity), subject(*item), section(item[0])))
