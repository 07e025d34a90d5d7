"""Section "Augmentation": how training pictures are changed at random, with examples."""

from __future__ import annotations

from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Callout, Column, Picture, Pictures, Table, Text
from appliedml.report.pictures import png
from appliedml.report.sections._scores import finding_blocks
from appliedml.store.run import Run

# Sides of the examples: many are shown, and a report stays small.
SIDE_PX = 96
ORIGINAL = "original"
TITLES: dict[str, str] = {
    "flip_left_right": "Flip left to right",
    "flip_up_down": "Flip upside down",
    "rotation": "Rotation",
    "shift": "Shift",
    "zoom": "Zoom",
    "crop": "Crop",
    "contrast": "Contrast",
    "brightness": "Brightness",
    "noise": "Noise",
    "cutout": "Cutout",
    "mixup": "Mixup",
    "all": "All together",
}
_RANGES: dict[str, str] = {
    "flip_left_right": "every second picture",
    "flip_up_down": "every second picture",
    "rotation": "up to {value:g} degrees either way",
    "shift": "up to {value:.0%} of each side",
    "zoom": "in or out by up to {value:.0%}",
    "crop": "up to {value:.0%} of each side cut away",
    "contrast": "up or down by up to {value:.0%}",
    "brightness": "up or down by up to {value:.0%} of the whole range",
    "noise": "Gaussian, standard deviation up to {value:.0%} of the whole range",
    "cutout": "a rectangle of up to {value:.0%} of each side blotted out",
    "mixup": "two training pictures and their labels mixed, shares from Beta({value:g}, {value:g})",
}
_FILLS = {
    "reflect": "Beyond its edge a moved picture is continued by its mirror image.",
    "nearest": "Beyond its edge a moved picture is continued by its outermost pixels.",
    "constant": "Beyond its edge a moved picture is black.",
}
_TEST_CARD = (
    "The examples show a drawn test card, for the plan releases no training picture. The L stands near the upper left "
    "corner."
)


class Augmentation:
    """Settings of the augmentation, and what each does to a picture."""

    title = "Augmentation"
    order = 33
    reads = ("augmentation_examples",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["augmentation_examples"]
        if "pictures" not in artifact.tables:
            return []
        text = (
            "Pictures are changed at random inside the model, in training only and anew in every epoch; predictions "
            "see them as they are. Each range is drawn from uniformly, for every picture by itself."
        )
        fill = _FILLS.get(str(artifact.summary.get("fill", "")), "")
        found: list[Block] = [Text(" ".join(part for part in (text, fill) if part)), _settings(artifact)]
        found += finding_blocks(artifact)
        if artifact.summary["released"]:
            notice = "These are training pictures, shown because the plan releases them. Handle the report accordingly."
            found.append(Callout("warning", "Personal data", notice))
        else:
            found.append(Text(_TEST_CARD))
        return [*found, *_examples(artifact)]


def _settings(artifact: Artifact) -> Table:
    rows = [(_title(row.augmentation), _range(row.augmentation, row.value)) for row in _rows(artifact, "settings")]
    data = pd.DataFrame(rows, columns=["augmentation", "setting"])
    columns = (Column("augmentation", "Augmentation"), Column("setting", "Setting"))
    return Table("Augmentations that are switched on", data, columns)


def _examples(artifact: Artifact) -> list[Block]:
    pictures = artifact.arrays["pictures"]
    what = "training picture" if artifact.summary["released"] else "test card"
    shown: dict[str, list[Picture]] = {}
    rows = _rows(artifact, "pictures")
    numbered = artifact.summary["n_pictures"] > 1
    for row in rows:
        name, subject = row.augmentation, f"{what} {row.picture + 1}" if numbered else what
        if name == ORIGINAL:
            alt, caption = f"The {subject} as it is", f"{subject[0].upper()}{subject[1:]}"
        else:
            alt = f"The {subject} after {_title(name).lower()}, example {row.example + 1}"
            caption = f"{subject[0].upper()}{subject[1:]}, example {row.example + 1}"
        shown.setdefault(name, []).append(Picture(png(pictures[row.place], SIDE_PX), alt, caption))
    originals = Pictures("Without augmentation", tuple(shown.pop(ORIGINAL)))
    settings = artifact.summary["settings"]
    notes = {name: _range(name, settings[name]) for name in shown if name in settings}
    if "mixup" in notes and not numbered:
        notes["mixup"] += f"; here the {what} and its mirror image"
    return [originals, *(Pictures(_title(name), tuple(items), notes.get(name, "")) for name, items in shown.items())]


def _rows(artifact: Artifact, name: str) -> list[Any]:
    return list(artifact.tables[name].itertuples(index=False))


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " "))


def _range(name: str, value: float) -> str:
    return _RANGES.get(name, "{value:g}").format(value=value)
