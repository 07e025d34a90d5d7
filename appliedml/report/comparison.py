"""A comparison of two runs as a document, and the three files written from it. It reads figures and computes none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from appliedml.core.artifact import Artifact
from appliedml.errors import RunError
from appliedml.report import _comparison_changes as changes
from appliedml.report import _comparison_scores as scores
from appliedml.report._comparison_verdict import verdict, verdict_callout, what_changed
from appliedml.report._comparison_words import rows_compared
from appliedml.report.blocks import Block, Document, Section
from appliedml.report.html import render_html
from appliedml.report.json_form import render_json
from appliedml.report.markdown import render_markdown
from appliedml.report.notebook import Card
from appliedml.report.values import whole
from appliedml.store import layout
from appliedml.store.writer import file_stem, write_text

KIND = "comparison"
FILES: dict[str, Callable[[Document], str]] = {
    "comparison.html": render_html,
    "comparison.md": render_markdown,
    "comparison.json": render_json,
}
_SECTIONS: tuple[tuple[str, str, Callable[[Artifact], list[Block]]], ...] = (
    ("verdict", "Verdict", verdict),
    ("changes", "What changed", changes.changes),
    ("measures", "Differences of measures", scores.measures),
    ("gaps", "Differences of gaps between groups", scores.gaps),
    ("groups", "Rates of groups", scores.groups),
    (
        "decisions",
        "Decisions that flipped",
        scores.decisions,
    ),
    ("gates", "Gates and findings, then and now", changes.gates),
    ("not_compared", "What could not be compared", changes.not_compared),
)

_MACHINE = (
    "a", "b", "changed_files", "verdict", "exit_code", "same_rows", "paired", "tolerances", "confidence", "seed",
)  # fmt: skip


def comparison_document(artifact: Artifact) -> Document:
    """Return a comparison as a document.

    Parameters
    ----------
    artifact : Artifact
        Of kind "comparison".

    Returns
    -------
    Document
        Sections that have nothing to say are left out.

    Raises
    ------
    RunError
        If the artifact is of another kind.
    """
    if artifact.kind != KIND:
        raise RunError(f"comparison_document: the artifact must be a {KIND!r}. It is {artifact.kind!r}.")
    summary = artifact.summary
    found = [(name, title, tuple(make(artifact))) for name, title, make in _SECTIONS]
    names = dict.fromkeys(summary[side]["name"] for side in "ab")
    facts = {
        "Run A": str(summary["a"]["folder"]),
        "Run B": str(summary["b"]["folder"]),
        "Rows compared": " and ".join(dict.fromkeys(whole(n) for n in summary["n_compared"])),
        "Verdict": verdict_callout(artifact).title,
    }
    machine = {name: summary[name] for name in _MACHINE}
    return Document(
        title=f"{' and '.join(map(str, names))}: two runs compared",
        subtitle="Run B set against run A",
        sections=tuple(Section(name, title, blocks) for name, title, blocks in found if blocks),
        metadata={"facts": facts, "tags": ["appliedml"], "comparison": machine},
    )


def comparison_card(artifact: Artifact) -> Card:
    """Return the verdict of a comparison as a card for notebooks.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    Card
    """
    document = comparison_document(artifact)
    chosen = [section for section in document.sections if section.name in ("verdict", "measures")]
    return Card(document.title, tuple(block for section in chosen for block in section.blocks))


def comparison_lines(artifact: Artifact) -> list[str]:
    """Return the verdict in a few lines of plain text.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of str
    """
    callout = verdict_callout(artifact)
    return [callout.title, callout.text, rows_compared(artifact.summary), what_changed(artifact)]


def default_folder(b: Path, names: Sequence[str]) -> Path:
    """Return where a comparison is written unless another folder is asked for: beside run B.

    Parameters
    ----------
    b : Path
        Folder of run B.
    names : sequence of str
        Names of the folders of A and B.

    Returns
    -------
    Path

    Examples
    --------
    >>> default_folder(Path("reports/new"), ["old", "new"]).as_posix()
    'reports/compare_old_vs_new'
    """
    return b.parent / f"compare_{'_vs_'.join(file_stem(name) for name in names)}"


def write_comparison(artifact: Artifact, folder: str | Path) -> Path:
    """Write ``comparison.html``, ``comparison.md`` and ``comparison.json``.

    Parameters
    ----------
    artifact : Artifact
    folder : str or Path
        Made if it is not there.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RunError
        If the folder is a run's own, or cannot be written.
    """
    place = Path(folder)
    if (place / layout.RUN).exists():
        raise RunError(
            f"compare: {place} is the folder of a run, and a run is not changed after it was made. Choose "
            "another folder with --out."
        )
    document = comparison_document(artifact)
    for name, render in FILES.items():
        write_text(place / name, render(document))
    return place / next(iter(FILES))
