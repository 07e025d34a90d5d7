"""Two runs compared and shown: the measures of ``execution`` and the page of ``report`` in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from appliedml.execution.compare_runs import Comparison
    from appliedml.store.run import Run


@dataclass(frozen=True, eq=False)
class ComparedRuns:
    """Two runs compared; shown as a card in a notebook.

    Parameters
    ----------
    result : Comparison
        The figures: ``result.scores``, ``result.gaps``, ``result.changes``, ``result.tables[name]``.
    a, b : Path
        Folders of the runs.
    """

    result: Comparison
    a: Path
    b: Path

    @property
    def verdict(self) -> str:
        """What can be said of run B: "worse beyond tolerance", "worse", "better", "better and worse" or neither.

        "inconclusive" where files of a run were changed after it.
        """
        return self.result.verdict

    def exit_code(self, strict: bool = False) -> int:
        """Return 1 where B is worse beyond tolerance; 3 where that cannot be ruled out and ``strict``; else 0.

        Where files of a run were changed after it: 3.

        Parameters
        ----------
        strict : bool

        Returns
        -------
        int
        """
        return self.result.exit_code(strict)

    def lines(self) -> list[str]:
        """Return the verdict in a few lines of plain text.

        Returns
        -------
        list of str
        """
        from appliedml.report.comparison import comparison_lines

        return comparison_lines(self.result.to_artifact())

    def write(self, folder: str | Path | None = None) -> Path:
        """Write the page, the same as Markdown, and as JSON.

        Parameters
        ----------
        folder : str or Path, optional
            Default: ``compare_<a>_vs_<b>`` beside run B.

        Returns
        -------
        Path
            The page.
        """
        from appliedml.report.comparison import default_folder, write_comparison

        names = [path.resolve().name for path in (self.a, self.b)]
        place = default_folder(self.b.resolve(), names) if folder is None else Path(folder)
        return write_comparison(self.result.to_artifact(), place)

    def __repr__(self) -> str:
        """One line: the verdict."""
        return f"ComparedRuns({self.a.name!r}, {self.b.name!r}, {self.verdict!r})"

    def _repr_html_(self) -> str:
        """Card for notebooks: the verdict and the measures, in the report's own blocks."""
        from appliedml.report.comparison import comparison_card

        return comparison_card(self.result.to_artifact())._repr_html_()


def compare(
    run_a: Run | str | Path,
    run_b: Run | str | Path,
    *,
    other_rows: bool = False,
    worse_by: float | Mapping[str, float] | Sequence[str] | None = None,
    policy: str | Path | Mapping[str, Any] | None = None,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> ComparedRuns:
    """Compare run B with run A: what changed, and paired differences of every measure and gap.

    Parameters
    ----------
    run_a, run_b : Run, str or Path
        Runs or their folders.
    other_rows : bool
        Compare runs that tested different rows: on those both tested, or apart where there are none.
    worse_by : float, mapping of str to float or sequence of str, optional
        Tolerances: ``0.02`` for all judged measures, ``{"roc_auc": 0.02}`` for one.
    policy : str, Path or mapping, optional
        A policy, whose ``worse_by`` holds tolerances too. Those given here by name replace its own; a number for all
        leaves alone what either names.
    n_resamples : int
    confidence : float

    Returns
    -------
    ComparedRuns

    Raises
    ------
    RunError
        If the runs predict different things, the rows differ and ``other_rows`` is false, or a tolerance is wrong.
    PlanError
        If there is no such policy, something is wrong in it, or it has no ``worse_by``.
    """
    from appliedml.execution.compare_runs import compare_runs
    from appliedml.store.run import Run

    a, b = (run if isinstance(run, Run) else Run(run) for run in (run_a, run_b))
    # Of two amounts for one measure, or for all, the later one counts.
    asked = [*_asked(None if policy is None else _tolerances_of(policy)), *_asked(worse_by)]
    return ComparedRuns(compare_runs(a, b, other_rows, asked, n_resamples, confidence), a.path, b.path)


def _asked(worse_by: float | Mapping[str, float] | Sequence[str] | None) -> list[str]:
    if isinstance(worse_by, Mapping):
        return [f"{name}={amount}" for name, amount in worse_by.items()]
    if isinstance(worse_by, int | float | str):
        return [str(worse_by)]
    return list(worse_by or ())


def _tolerances_of(policy: str | Path | Mapping[str, Any]) -> float | Mapping[str, float]:
    from appliedml.errors import PlanError, Problem
    from appliedml.gates.policy import load_policy

    found = load_policy(policy)
    if found.worse_by is None:
        text = "is missing, and a comparison takes nothing else from a policy. Write for example: {roc_auc: 0.02}"
        raise PlanError([Problem("worse_by", text)], found.source)
    return found.worse_by
