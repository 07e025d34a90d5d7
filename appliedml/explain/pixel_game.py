"""Images to be explained together: their regions, what hides these, and everything that is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.explain.exact import exact_shapley
from appliedml.explain.faithfulness import Walks, deletion_insertion
from appliedml.explain.masker import Scorer
from appliedml.explain.regions import RegionMasker
from appliedml.explain.shapley import Budget, sampled_shapley
from appliedml.explain.values import ShapleyValues

# Composite images of one call. The scorer may split them further: a network's activations are far larger.
CALL_MEBIBYTES = 64.0


@dataclass(frozen=True)
class ImageValues:
    """Shapley values of some images; like :class:`appliedml.explain.values.ShapleyValues`, with a base value an image.

    Parameters
    ----------
    values, standard_errors : array of shape (n_images, n_regions, n_outputs)
    base_values : array of shape (n_images, n_outputs)
        Score of the image of which nothing is shown.
    scores : array of shape (n_images, n_outputs)
    n_permutations : array of int, shape (n_images,)
    n_evaluations : int
    reached_target : bool
    """

    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    base_values: NDArray[np.float64]
    scores: NDArray[np.float64]
    n_permutations: NDArray[np.int64]
    n_evaluations: int
    reached_target: bool

    @staticmethod
    def joined(parts: Sequence[ShapleyValues]) -> ImageValues:
        """Return the images of several explanations.

        Parameters
        ----------
        parts : sequence of ShapleyValues

        Returns
        -------
        ImageValues
        """
        return ImageValues(
            values=np.concatenate([part.values for part in parts]),
            standard_errors=np.concatenate([part.standard_errors for part in parts]),
            base_values=np.concatenate([np.broadcast_to(part.base_values, part.scores.shape) for part in parts]),
            scores=np.concatenate([part.scores for part in parts]),
            n_permutations=np.concatenate([part.n_permutations for part in parts]),
            n_evaluations=sum(part.n_evaluations for part in parts),
            reached_target=all(part.reached_target for part in parts),
        )

    @property
    def additivity_residual(self) -> float:
        """Largest difference between an image's score and base value plus values."""
        return float(np.abs(self.scores - self.base_values - self.values.sum(axis=1)).max())


@dataclass(frozen=True)
class PixelGame:
    """Images, their regions, and what is shown in place of a hidden region.

    Parameters
    ----------
    images : array of shape (n_images, height, width, n_channels)
    regions : array of int, shape (n_images, height, width)
        As for :class:`appliedml.explain.regions.RegionMasker`.
    hidden : array of shape (n, height, width, n_channels)
        Stand-ins that all images share, or one an image.
    own : bool
        Whether there is one an image (its blurred self, say). The base value then differs from image to image.

    Examples
    --------
    >>> images = np.arange(8.0).reshape(2, 1, 4, 1)
    >>> game = PixelGame(images, np.array([[[0, 0, 1, 1]]] * 2), np.zeros((1, 1, 4, 1)))
    >>> game.exact(lambda batch: batch.sum(axis=(1, 2, 3))).values[:, :, 0].tolist()
    [[1.0, 5.0], [9.0, 13.0]]
    """

    images: NDArray[Any]
    regions: NDArray[Any]
    hidden: NDArray[Any]
    own: bool = False

    @property
    def n_regions(self) -> int:
        """Regions an image."""
        return int(self.regions.max()) + 1

    def take(self, rows: NDArray[np.intp]) -> PixelGame:
        """Return some of the images.

        Parameters
        ----------
        rows : array of int

        Returns
        -------
        PixelGame
        """
        return replace(
            self,
            images=self.images[rows],
            regions=self.regions[rows],
            hidden=self.hidden[rows] if self.own else self.hidden,
        )

    def sampled(self, scorer: Scorer, budget: Budget, seed: int) -> ImageValues:
        """Sample Shapley values; see :func:`appliedml.explain.shapley.sampled_shapley`.

        Parameters
        ----------
        scorer : callable
        budget : Budget
            Its ``batch_rows`` is replaced by what the images' size allows; where each image is a game of its own, its
            ``max_seconds`` are shared evenly.
        seed : int

        Returns
        -------
        ImageValues
        """
        if budget.max_seconds is not None and self.own:
            budget = replace(budget, max_seconds=budget.max_seconds / len(self.images))
        return ImageValues.joined(
            [
                sampled_shapley(masker, scorer, budget=replace(budget, batch_rows=_a_call(masker)), seed=seed + number)
                for number, (_, masker) in enumerate(self._parts())
            ]
        )

    def exact(self, scorer: Scorer) -> ImageValues:
        """Enumerate all coalitions, of at most 12 regions; see :func:`appliedml.explain.exact.exact_shapley`.

        Parameters
        ----------
        scorer : callable

        Returns
        -------
        ImageValues
        """
        return ImageValues.joined(
            [exact_shapley(masker, scorer, batch_rows=_a_call(masker)) for _, masker in self._parts()]
        )

    def walks(
        self, scorer: Scorer, explained: ImageValues, output: NDArray[np.intp], n_random: int, seed: int
    ) -> Walks:
        """Remove and add regions in the order of an explanation and at random.

        Parameters
        ----------
        scorer : callable
        explained : ImageValues
            Of these images.
        output : array of int, shape (n_images,)
            Which output of the scorer.
        n_random : int
        seed : int

        Returns
        -------
        Walks
            For :func:`appliedml.explain.faithfulness.faithfulness`.
        """
        parts = []
        for number, (rows, masker) in enumerate(self._parts()):
            values = ShapleyValues(
                values=explained.values[rows],
                standard_errors=explained.standard_errors[rows],
                base_values=explained.base_values[rows][0],
                scores=explained.scores[rows],
                names=masker.names,
                method="sampled",
                n_permutations=explained.n_permutations[rows],
                n_evaluations=0,
            )
            parts.append(
                deletion_insertion(
                    masker,
                    scorer,
                    values,
                    output=output[rows],
                    n_random=n_random,
                    seed=seed + number,
                    batch_rows=_a_call(masker),
                )
            )
        return Walks.joined(parts)

    def _parts(self) -> Iterator[tuple[NDArray[np.intp], RegionMasker]]:
        """Images that share their stand-ins, as one game."""
        everything = np.arange(len(self.images))
        for rows in everything[:, None] if self.own else [everything]:
            hidden = self.hidden[rows] if self.own else self.hidden
            yield rows, RegionMasker(self.images[rows], self.regions[rows], hidden)


def _a_call(masker: RegionMasker) -> int:
    return masker.rows_within(CALL_MEBIBYTES)
