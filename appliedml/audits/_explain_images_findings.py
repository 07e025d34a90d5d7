"""What a reviewer must see of explained images, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from appliedml.audits._explain_findings import (
    HIGH_RANDOMISED,
    LOW_AGREEMENT,
    MUCH_LARGER,
    RESIDUAL_SHARE,
    ROUNDING,
    SHARE_OF_MEAN,
)
from appliedml.audits._explain_images_masks import POINTING, SHARE, STRONGEST
from appliedml.audits._explain_images_stand_ins import stand_in_findings
from appliedml.audits._scores_pool import percent
from appliedml.core.artifact import Finding, Severity

# A part of the image is named if it holds half as much again as its area: a convention, stated in the section.
PART_FACTOR = 1.5
# ... and is a warning if a quarter of all attribution lies there.
LARGE_PART = 0.25
NAMED = 3


def image_findings(tables: Mapping[str, pd.DataFrame], summary: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield findings about where the model looks, and how far the explanation can be trusted.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Of the artifact.
    summary : mapping
        Of the artifact.

    Yields
    ------
    Finding
    """
    yield from _parts(tables["parts"])
    yield from _masks(tables["masks"], summary["strongest_outside"])
    yield from stand_in_findings(tables["stand_ins"], summary)
    yield from _errors(tables, summary)
    yield from _trust(tables, summary)
    yield from _groups(tables["by_group"], tables["maps"])


def _parts(parts: pd.DataFrame) -> Iterator[Finding]:
    flagged = parts[parts["higher"].to_numpy(dtype=bool) & (parts["share"] >= PART_FACTOR * parts["area"]).to_numpy()]
    single = [name for name in flagged["part"] if name.endswith("corner")]
    for row in flagged.itertuples():
        # One corner says more than all of them, and all of them more than the border.
        if row.part == "centre" or (row.part == "all four corners" and single) or (row.part == "border" and single):
            continue
        yield Finding(
            Severity.WARNING if row.share >= LARGE_PART else Severity.INFO,
            f"The model looks at the {row.part} of the images",
            f"{row.share:.0%} of the attribution ({row.low:.0%} to {row.high:.0%}, {row.n} images) lies in the "
            f"{row.part}, which is {row.area:.0%} of the area. Markers, labels and edges of the exposure sit there: "
            "look at examples, and see whether the score follows how the image was taken.",
        )


def _masks(masks: pd.DataFrame, outside: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for row in masks[masks["measure"] == SHARE].itertuples():
        interval = (
            "too few images for an interval" if np.isnan(row.low) else f"{percent(row.low)} to {percent(row.high)}"
        )
        text = (
            f"In {row.n} images with a known region, {percent(row.value)} of the positive attribution ({interval}) "
            f"lies inside it and {percent(1 - row.value)} outside; spread evenly {percent(row.expected)} would be "
            f"inside, and with all of it on the one best patch {percent(row.highest)}."
        )
        pointing = masks[masks["measure"] == POINTING].iloc[0]
        text += (
            f" The most important patch touches the region in {percent(pointing['value'])} of the images (by chance "
            f"{percent(pointing['expected'])})."
        )
        if outside:
            cells = "; ".join(f"{item['cell']} ({percent(item['share'])} of the attribution)" for item in outside)
            text += (
                f" Of the {STRONGEST} strongest cells of the average map, {len(outside)} "
                f"{'lie' if len(outside) > 1 else 'lies'} outside the known region of every explained image: {cells}. "
                "The section on shortcuts (audit shortcut_probe) tells what else the score follows."
            )
        if row.difference_low > 0:
            # No figure in a title: runs are compared by the titles of their findings.
            title = "More attribution lies inside the known regions than spread evenly"
            yield Finding(Severity.INFO, title if row.value >= 0.5 else f"{title}, yet most lies outside", text)
        else:
            yield Finding(Severity.WARNING, "It is not shown that the model looks at the known regions", text)


def _errors(tables: Mapping[str, pd.DataFrame], summary: Mapping[str, Any]) -> Iterator[Finding]:
    errors, target = tables["errors"], summary["target_error"]
    missed = errors[~errors["reached_target"].to_numpy(dtype=bool)]
    if target is not None and len(missed) and float(missed["worst_image_error"].max()) > target:
        yield Finding(
            Severity.WARNING,
            "The error of the heat maps is above the one asked for",
            f"At most {target:.3g} of the size of the values was asked for every image; the worst image has an "
            f"expected error of {missed['worst_image_error'].max():.3g}, over all images it is "
            f"{summary['relative_error']:.3g}. Raise n_permutations, use a coarser grid, or accept the error.",
        )
    distance, expected = summary["distance"], summary["expected_distance"]
    if distance is not None and distance > MUCH_LARGER * expected and distance > ROUNDING:
        yield Finding(
            Severity.WARNING,
            "The heat maps are further from exact values than their stated error",
            f"On a grid of {summary['distance_grid']}, where every coalition can be scored, the distance to exact "
            f"values is {distance:.1%} on {summary['distance_images']} images; the standard errors lead to expect "
            f"{expected:.1%}.",
        )
    size = float(tables["maps"].loc[tables["maps"]["view"] == tables["maps"]["view"].iloc[0], "value"].sum())
    residual = summary["additivity_residual"]
    if size and residual > RESIDUAL_SHARE * size:
        yield Finding(
            Severity.WARNING,
            "Values do not add up to the score",
            f"For at least one image the values miss the score by {residual:.3g}; an image's absolute values sum to "
            f"{size:.3g} on average.",
        )


def _trust(tables: Mapping[str, pd.DataFrame], summary: Mapping[str, Any]) -> Iterator[Finding]:
    agreement = summary["fold_agreement"]
    if agreement is not None and agreement < LOW_AGREEMENT:
        yield Finding(
            Severity.WARNING,
            "Folds disagree on where the model looks",
            f"On average two folds put {agreement:.0%} of the attribution into the same cells. The map of this model "
            "would be another with other training images.",
        )
    for row in tables["randomisation"].itertuples():
        if row.low > HIGH_RANDOMISED:
            yield Finding(
                Severity.WARNING,
                "The heat maps hardly depend on what the model learned",
                f"Heat maps of {row.how} rank the regions alike (mean rank correlation {row.value:.2f}, {row.low:.2f} "
                f"to {row.high:.2f}, {row.n} images).",
            )
    for row in tables["advantages"].itertuples():
        if row.high <= 0:
            yield Finding(
                Severity.WARNING,
                f"The {row.curve} curve is no better than a random order",
                "Changing regions in the order of the explanation moves the score no faster than in a random order "
                f"(area between the curves {row.value:.3g}, {row.low:.3g} to {row.high:.3g}).",
            )


def _groups(groups: pd.DataFrame, maps: pd.DataFrame) -> Iterator[Finding]:
    if not len(groups):
        return
    overall = maps[maps["view"] == maps["view"].iloc[0]]
    typical = float(overall["value"].mean())
    shown = groups[groups["differs"].to_numpy(dtype=bool)]
    shown = shown[(shown["difference"].abs() >= SHARE_OF_MEAN * typical).to_numpy(dtype=bool)]
    for name, part in shown.groupby("sensitive", sort=False):
        order = np.argsort(-np.abs(part["difference"].to_numpy()), kind="stable")
        texts = [
            f"{row.feature} weighs {row.value:.3g} for {row.level} and {row.value - row.difference:.3g} for all others "
            f"(difference {row.difference:.3g}, {row.difference_low:.3g} to {row.difference_high:.3g})"
            for row in part.iloc[order[:NAMED]].itertuples()
        ]
        yield Finding(
            Severity.INFO,
            f"The model looks at other parts of the image by {name}",
            f"Mean absolute Shapley values: {'; '.join(texts)}. {len(part)} such differences in all.",
        )
