"""Section "Further evidence": artifacts that no other section reads, as they are."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Callout, Column, KeyValues, Subheading, Table, Text
from appliedml.report.discovery import SAYS_WHY, all_sections, unread_kinds
from appliedml.report.sections._plain_words import in_words
from appliedml.report.values import spaced
from appliedml.store.run import Run


class Generic:
    """Summary, scores, tables and the shapes of arrays of any artifact."""

    title = "Further evidence"
    order = 75
    reads: tuple[str, ...] = ()

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        found: list[Block] = []
        for kind in unread_kinds(run, all_sections()):
            found += artifact_blocks(run[kind])
        return found


def artifact_blocks(artifact: Artifact) -> list[Block]:
    """Return any artifact as blocks.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    name = spaced(artifact.kind)
    name = name[:1].upper() + name[1:]
    found: list[Block] = [Subheading(name)]
    if artifact.status in SAYS_WHY:
        return [*found, Callout("neutral", f"{name}: {spaced(artifact.status.value)}", artifact.reason)]
    if artifact.reason:
        found.append(Text(f"Status: {artifact.status.value}, {artifact.reason}."))
    if artifact.findings:
        table = pd.DataFrame(
            [(finding.title, finding.severity.value, finding.text) for finding in artifact.findings],
            columns=["title", "severity", "text"],
        )
        columns = (Column("title", "Finding"), Column("severity", "Weight", "badge"), Column("text", "In words"))
        found.append(Table(f"{name}: findings", table, columns))
    if artifact.summary:
        found.append(
            KeyValues(tuple((spaced(key), in_words(value, str(key))) for key, value in artifact.summary.items()))
        )
    if artifact.scores is not None and len(artifact.scores):
        found.append(Table(f"{name}: scores", artifact.scores, collapsed=True))
    found += [Table(f"{name}: {spaced(key)}", table, collapsed=True) for key, table in artifact.tables.items()]
    if artifact.arrays:
        shapes = ", ".join(f"{key} {' x '.join(map(str, array.shape))}" for key, array in artifact.arrays.items())
        found.append(Text(f"Arrays in the run folder: {shapes}.", small=True))
    return found
