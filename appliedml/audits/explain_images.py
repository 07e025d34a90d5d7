"""``ExplainImages``: where in the image the model looks, by Shapley values that print their own error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.audits._explain_findings import RANDOMISED_LIMIT
from appliedml.audits._explain_groups import left_out
from appliedml.audits._explain_images_findings import PART_FACTOR, image_findings
from appliedml.audits._explain_images_fold import evidence_of, explain_fold
from appliedml.audits._explain_images_masks import mask_table, strongest_outside
from appliedml.audits._explain_images_stand_ins import stand_in_table
from appliedml.audits._explain_images_tables import (
    ALL_IMAGES,
    corner_cells,
    error_table,
    map_table,
    part_table,
    released,
)
from appliedml.audits._explain_images_trust import (
    agreement_table,
    by_group_table,
    image_scores,
    painted_tables,
    preview_tables,
    randomisation_table,
)
from appliedml.audits._explain_pool import Pool, pool
from appliedml.audits._explain_rows import seed_of_fold, share_of_fold
from appliedml.core.artifact import Artifact, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Boolean, Choice, Integer, Null, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured
from appliedml.errors import Problem, StageError
from appliedml.explain.faithfulness import Walks, faithfulness
from appliedml.explain.shapley import FEWEST_DRAWS, smallest_budget
from appliedml.explain.superpixels import grid_regions

KIND = "explain_images"
PERSONAL_DATA = "The arrays released_* hold images of the test data. Of real people, these are personal data."


class ExplainImages(Configured):
    """Shapley values of image regions: on average, by class and group, inside known masks; with errors and checks.

    Parameters
    ----------
    max_images : int
        Test images explained in all folds together, spread evenly over classes and sensitive levels.
    grid : int
        Rows and columns of the grid: its cells are the players, and average maps are made of them.
    players : {"patches", "superpixels"}
        What is hidden at a time: a cell, or one of as many connected regions of like colour.
    hidden : {"mean", "grey", "blur", "training"}
        What a hidden region shows: the mean colour of the fold's training images, grey, the blurred image itself (the
        base value then differs from image to image), or the same place of training images in turn.
    background_images : int
        Training images for ``hidden="training"``.
    target_error : float or None
        Sampling goes on until each image's standard error is below this share of the values; None uses all draws.
    n_permutations : int or None
        Most permutations (random placements of the regions on a design of coalitions) an image, each of twice as many
        evaluations as there are regions; by default 256. Fewer than 32 make the stated errors rough.
    output : {"probability", "log_odds"}
        Scale of the calibrated probability that is explained: of the class of interest, or of every class.
    preview_gradients : bool
        Compute integrated gradients of the network beside the Shapley values: a quick preview, and called so.
    exact_images : int
        Images of the first fold on which sampling is compared with exact values, on a grid of 3 x 4.
    activation_maximisation : bool
        Paint, for every class (ten at most), a synthetic image that raises its probability.
    release_images : int
        Test images whose pixels may leave the audit, for heat maps over them. They are personal data; 0 keeps all in.
    max_folds : int or None
        Explain only the first folds.
    min_group_images : int
        Classes and levels with fewer explained images are called small, and small levels are not compared; those with
        fewer than five are left out.
    random_state : int or None
        Seed; by default derived from the plan's.

    Notes
    -----
    Values say what the model does with pixels; not what causes a finding. Tables of the artifact (cells count from 1,
    from the upper left):

    ``maps``
        view, output, row, column, value (mean absolute Shapley value), low, high, share, mean (with sign), n, small.
        The view "gradients (quick preview)" holds mean absolute integrated gradients, of the network uncalibrated.
    ``by_group``
        sensitive, level, feature (the cell), row, column, n, small, value, low, high, difference, difference_low,
        difference_high, differs.
    ``parts``
        part (border, centre, corners), share, low, high, area, higher, n. The border is the outermost ring of cells;
        a corner is about a quarter of each side of the picture.
    ``masks``
        measure, value, low, high, expected, difference, difference_low, difference_high, highest, n, n_left_out.
    ``agreement``
        fold_a, fold_b, overlap (share of the attribution in the same cells), spearman, kendall: of the average maps.
    ``curves``, ``advantages``
        Deletion and insertion: curve, order, share, value, low, high; and curve, value, low, high, n.
    ``randomisation``, ``preview``
        how, value, low, high, n (and verdict): mean rank correlations of the absolute values, image by image.
    ``errors``
        By fold; see :func:`appliedml.audits._explain_images_tables.error_table`.
    ``stand_ins``
        Scores of the wholly hidden pictures beside the range of the pictures' own, by fold and class; see
        :func:`appliedml.audits._explain_images_stand_ins.stand_in_table`. Far outside it, try another ``hidden``.
    ``painted``
        class, probability, before. Pixels are in the array ``painted_pixels``.
    ``released``
        Only with ``release_images``: place, row_id, fold, output, score, base_value, additivity_residual. Pixels,
        regions, values and masks are in the arrays ``released_*``.

    Intervals are 95 % bootstrap intervals over the explained images (whole groups, where rows come in groups); they
    hold for the models that were trained.

    Source
    ------
    Strumbelj & Kononenko (2014); Lundberg & Lee (2017); Sundararajan et al. (2017); Adebayo et al. (2018); Petsiuk et
    al. (2018); Zhang et al. (2018); Arras, Osman & Samek (2022).

    Examples
    --------
    >>> ExplainImages(max_images=40, grid=8).grid
    8
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "max_images": Integer(2),
        "grid": Integer(2, 16),
        "players": Choice("patches", "superpixels"),
        "hidden": Choice("mean", "grey", "blur", "training"),
        "background_images": Integer(1),
        "target_error": AnyOf(Real(0, 1, open_low=True), Null()),
        "n_permutations": AnyOf(Integer(FEWEST_DRAWS), Null()),
        "output": Choice("probability", "log_odds"),
        "preview_gradients": Boolean(),
        "exact_images": Integer(0, 20),
        "activation_maximisation": Boolean(),
        "release_images": Integer(0, 100),
        "max_folds": AnyOf(Integer(1), Null()),
        "min_group_images": Integer(2),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        max_images: int = 20,
        grid: int = 7,
        players: str = "patches",
        hidden: str = "mean",
        background_images: int = 16,
        target_error: float | None = 0.1,
        n_permutations: int | None = None,
        output: str = "probability",
        preview_gradients: bool = True,
        exact_images: int = 2,
        activation_maximisation: bool = False,
        release_images: int = 0,
        max_folds: int | None = None,
        min_group_images: int = 30,
        random_state: int | None = None,
    ) -> None:
        self.max_images = max_images
        self.grid = grid
        self.players = players
        self.hidden = hidden
        self.background_images = background_images
        self.target_error = target_error
        self.n_permutations = n_permutations
        self.output = output
        self.preview_gradients = preview_gradients
        self.exact_images = exact_images
        self.activation_maximisation = activation_maximisation
        self.release_images = release_images
        self.max_folds = max_folds
        self.min_group_images = min_group_images
        self.random_state = random_state

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with parameters that must fit each other.

        Parameters
        ----------
        parameters : mapping
        where : str

        Returns
        -------
        list of Problem
        """
        values = cls(**parameters)
        if values.hidden != "training" or values.n_permutations is None:
            return []
        needed = smallest_budget(values.background_images, FEWEST_DRAWS)
        if values.n_permutations >= needed:
            return []
        return [
            Problem(
                where,
                f"n_permutations must be at least {needed} for background_images={values.background_images}. It is "
                f"{values.n_permutations}. Raise it, or use fewer background images.",
            )
        ]

    def examine(self, fold: Fold) -> dict[str, Any] | None:
        """Explain some test images of a fold.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict or None
            Plain data for ``conclude``; None for folds beyond ``max_folds``.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        StageError
            If ``n_permutations`` is too small for the background.
        """
        self.check_parameters()
        problems = self.problems_in(self.get_params(deep=False), type(self).__name__)
        if problems:
            raise StageError(f"{problems[0].where}: {problems[0].what}")
        n_images = share_of_fold(fold, self.max_images, self.max_folds)
        if not n_images:
            return None
        seed = seed_of_fold(fold, KIND, self.random_state)
        explained = explain_fold(fold, self, n_images, seed)
        if isinstance(explained, str):
            return {"reason": explained}
        return evidence_of(fold, explained, self)

    def conclude(self, evidence: Sequence[dict[str, Any] | None]) -> Artifact:
        """Put the folds together.

        Parameters
        ----------
        evidence : sequence of dict or None
            One a fold, in fold order.

        Returns
        -------
        Artifact
            "warning" if the maps cannot be relied on or show the model looking where no finding is; "not_applicable"
            where the inputs are no images.
        """
        found = [item for item in evidence if item is not None]
        reasons = [item["reason"] for item in found if "reason" in item]
        if reasons or not found:
            return Artifact(KIND, Status.NOT_APPLICABLE, reasons[0] if reasons else "No fold was explained.")
        seed = derive_seed(found[0]["seed"], "conclude")
        pooled = pool(found, seed)
        labels = np.concatenate([item["labels"] for item in found])
        maps = map_table(pooled, labels, found[0]["classes"], self.min_group_images)
        preview, preview_map, residual, not_previewed = preview_tables(found, pooled, self.min_group_images)
        faithful = faithfulness(Walks.joined([item["walks"] for item in found]), seed)
        randomisation, not_randomised = randomisation_table(found, seed)
        painted, arrays, not_painted = painted_tables(found)
        tables = {
            "maps": pd.concat([maps, *preview_map], ignore_index=True),
            "by_group": by_group_table(pooled, self.min_group_images),
            "parts": part_table(pooled, grid_regions(found[0]["size"], (self.grid, self.grid))),
            "masks": mask_table(found, pooled),
            "agreement": agreement_table(pooled),
            "curves": faithful.curves,
            "advantages": faithful.advantages,
            "randomisation": randomisation,
            "preview": preview,
            "errors": error_table(found),
            "stand_ins": stand_in_table(found),
            "painted": painted,
        }
        if self.release_images:
            tables["released"], pixels = released(found, self.release_images)
            arrays |= pixels
        summary = self._summary(found, pooled, tables) | {
            "randomisation_skipped": not_randomised,
            "preview_skipped": not_previewed,
            "strongest_outside": strongest_outside(found, maps[maps["view"] == ALL_IMAGES], pooled.names),
            "preview_residual": residual,
            "painted_skipped": not_painted,
        }
        items = tuple(image_findings(tables, summary))
        warned = any(item.severity is Severity.WARNING for item in items)
        return Artifact(
            KIND,
            Status.WARNING if warned else Status.OK,
            summary=summary,
            tables=tables,
            arrays=arrays,
            scores=image_scores(summary, tables),
            findings=items,
        )

    def _summary(
        self, found: Sequence[dict[str, Any]], pooled: Pool, tables: Mapping[str, pd.DataFrame]
    ) -> dict[str, Any]:
        errors = tables["errors"]
        spread = np.concatenate([item["standard_errors"].ravel() for item in found])
        norm = float(np.linalg.norm([item["norm"] for item in found]))
        check = found[0]["check"] or {"grid": None, "n": 0, "distance": None, "expected": None}
        return {
            "players": self.players,
            "grid": self.grid,
            "hidden": self.hidden,
            "output": self.output,
            "classes": list(pooled.outputs),
            "several": len(pooled.outputs) > 1,
            "n_images": len(pooled.values),
            "n_folds": len(found),
            "n_regions": int(errors["n_regions"].max()),
            "n_hidden": int(errors["n_hidden"].max()),
            "n_evaluations": int(errors["n_evaluations"].sum()),
            "size": [int(side) for side in found[0]["size"]],
            "target_error": self.target_error,
            "relative_error": float(np.linalg.norm(spread)) / norm if norm else 0.0,
            "worst_image_error": _number(errors["worst_image_error"].max()),
            "additivity_residual": float(errors["additivity_residual"].max()),
            "distance": check["distance"],
            "expected_distance": check["expected"],
            "distance_grid": check["grid"],
            "distance_images": check["n"],
            "fold_agreement": _number(tables["agreement"]["overlap"].mean()),
            "min_group_images": self.min_group_images,
            "groups_left_out": left_out(pooled),
            "randomisation_limit": RANDOMISED_LIMIT,
            "part_factor": PART_FACTOR,
            "corner_cells": corner_cells(self.grid),
            "released": len(tables["released"]) if "released" in tables else 0,
            "notes": [PERSONAL_DATA] if self.release_images else [],
        }


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
