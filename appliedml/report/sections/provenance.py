"""Section "Provenance": what the run was made of, and how to make it again."""

from __future__ import annotations

import json
from typing import ClassVar

import pandas as pd

from appliedml.core.fingerprint import fingerprint
from appliedml.core.registry import names
from appliedml.report.blocks import Block, Callout, Column, KeyValues, Table, Text
from appliedml.report.discovery import SAYS_WHY
from appliedml.report.sections._plain_words import in_words
from appliedml.report.sections._reproduce import reproduce_blocks
from appliedml.report.sections._sign_offs import sign_off_blocks, verification_blocks
from appliedml.report.values import spaced
from appliedml.store import layout
from appliedml.store.run import Run

_WORDS = {
    "explain_shap": "explanations of columns",
    "explain_images": "explanations of images",
    "explain_texts": "explanations of words",
}
# Audits of one kind of inputs, which other inputs do not lack.
_ONLY = {
    "explain_shap": "table",
    "table_robustness": "table",
    "explain_images": "images",
    "image_robustness": "images",
    "augmentation_examples": "images",
    "explain_texts": "texts",
    "text_robustness": "texts",
    "identity_swaps": "texts",
}
_CHANGED = "+changes"


class Provenance:
    """Hashes, seeds, versions, code, the plan, and sign-offs."""

    title = "Provenance"
    order = 80
    reads: tuple[str, ...] = ()
    always: ClassVar[bool] = True
    shows_sign_offs: ClassVar[bool] = True

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        return [
            *_not_evaluated(run),
            *_changed_code(run),
            *_hashes(run),
            *reproduce_blocks(run),
            *_kept_beside(run),
            *verification_blocks(run),
            *sign_off_blocks(run),
        ]


def _not_evaluated(run: Run) -> list[Block]:
    kinds = names("audits")
    inputs = run.info["data"].get("inputs", "table")
    fitting = [kind for kind in kinds if _ONLY.get(kind, inputs) == inputs]
    absent = [kind for kind in fitting if kind not in run or run[kind].status in SAYS_WHY]
    if not absent:
        return []
    words = [_WORDS.get(kind) or spaced(kind) for kind in absent]
    return [Text(f"Not evaluated in this run: {', '.join(words)}.")]


def _changed_code(run: Run) -> list[Block]:
    commit = str((run.info.get("code") or {}).get("git_commit") or "")
    if not commit.endswith(_CHANGED):
        return []
    return [
        Callout(
            "warning",
            "The code was changed after its last commit",
            f"The run was made from commit {commit.removesuffix(_CHANGED)} with changes that no commit holds. Nobody "
            "can make it again from the commit alone: commit the changes and run anew before relying on it.",
        )
    ]


def _hashes(run: Run) -> list[Block]:
    info = run.info
    data, code = info["data"], info.get("code") or {}
    items = [
        ("Run", str(info["run_hash"])),
        ("Data, as read", str(data["fingerprint"])),
        ("Plan", fingerprint(run.plan)),
        ("Predictions", fingerprint(run.predictions)),
        ("Scores", fingerprint(run.scores)),
        ("Source of the data", in_words(data.get("source"))),
        ("Seed", str(info["seed"])),
        ("Commit of the code", str(code.get("git_commit") or "not in a repository")),
        ("Source files of the package", str(code.get("source_sha256") or "not recorded")),
    ]
    versions = pd.DataFrame(list((info.get("versions") or {}).items()), columns=["package", "version"])
    columns = (Column("package", "Package"), Column("version", "Version"))
    return [
        KeyValues(tuple(items), title="Fingerprints (SHA-256) and seed"),
        Text(
            "Every random choice derives its own seed from this one and from its place in the plan, so the order in "
            "which folds run does not matter.",
            small=True,
        ),
        Table("Versions that the run was made with", versions, columns, collapsed=True),
    ]


def _kept_beside(run: Run) -> list[Block]:
    """Say what is kept beside the report, where, and why not in it."""
    why = (
        "Dates and seconds by stage are left out of this report on purpose: equal runs must give the same report to "
        f"the byte, and these differ from run to run. They are in the run's folder, in the file {layout.TIMINGS}."
    )
    energy = _energy(run)
    if energy:
        why += (
            f" So is the energy used: under the key {energy} of the same file, in watt-hours, with how it was "
            "estimated beside it. It is an estimate, not a measurement."
        )
    return [Text(why, small=True)]


def _energy(run: Run) -> str:
    """Return the key of the estimate of energy, if there is one: the figure itself differs from run to run."""
    try:
        timings = json.loads((run.path / layout.TIMINGS).read_text(encoding="utf-8"))
    except (AttributeError, OSError, ValueError):
        return ""
    energy = timings.get("energy") if isinstance(timings, dict) else None
    return "energy.estimated_wh" if isinstance(energy, dict) and "estimated_wh" in energy else ""
