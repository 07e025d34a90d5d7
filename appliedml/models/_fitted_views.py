"""What a fitted classifier offers beyond predictions: fast scorers, Keras models, files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from appliedml.models._checks import scorer_of
from appliedml.models._describe import describe_classifier
from appliedml.models._encoder import Encoder
from appliedml.models._settings import Network

if TYPE_CHECKING:
    from appliedml.models.keras_classifier import KerasClassifier


class FittedViews:
    """The part of ``KerasClassifier`` that looks at what was trained."""

    network_: Network
    members_: list[list[NDArray[Any]]]
    encoder_: Encoder
    scorer_: Callable[[Any], NDArray[np.float64]]
    n_members: int

    def compiled_scorer(self) -> Callable[[Any], NDArray[np.float64]]:
        """Return a function from rows to probabilities without the checks of ``predict_proba``, for explanations.

        Returns
        -------
        callable
            Inputs of the kind of training, or the arrays of ``encoder_`` as a dict -> (n_rows, n_classes) float64.
        """
        check_is_fitted(self)
        return scorer_of(self.encoder_, self.scorer_)

    def randomised_scorer(self, seed: int) -> Callable[[Any], NDArray[np.float64]]:
        """Return a function like :meth:`compiled_scorer`, of the same networks with fresh random weights.

        Parameters
        ----------
        seed : int

        Returns
        -------
        callable

        Source
        ------
        Adebayo et al. (2018), Sanity Checks for Saliency Maps.
        """
        check_is_fitted(self)
        from appliedml.models._scoring import random_scorer

        return scorer_of(self.encoder_, random_scorer(self.network_, self.n_members, seed))

    def pixel_model(self, member: int = 0) -> Any | None:
        """Return a member as a Keras model that can be differentiated with respect to pixels.

        Parameters
        ----------
        member : int

        Returns
        -------
        keras.Model or None
            From float32 pixels, 0..255, (n, height, width, channels) to probabilities (n, n_classes); None for other
            inputs than pictures.
        """
        check_is_fitted(self)
        from appliedml.models._pixel_model import pixel_model

        return pixel_model(self.network_, self.members_[member], self.encoder_)

    def to_keras(self, member: int = 0) -> Any:
        """Return a member as an ordinary Keras model that gives probabilities.

        Parameters
        ----------
        member : int

        Returns
        -------
        keras.Model
            Of a mapping with "numbers" and "codes"; its output has shape (n_rows, 1) for two classes (the probability
            of ``classes_[1]``), else (n_rows, n_classes).
        """
        check_is_fitted(self)
        from appliedml.models.saving import with_probabilities

        return with_probabilities(self.network_, self.members_[member])

    def describe(self) -> dict[str, Any]:
        """Return what was trained, and how, as a JSON value.

        Returns
        -------
        dict
            layers (name, type, output_shape, parameters), n_parameters (of all members), n_members, builder, optimizer,
            learning_rate, schedule, loss, trainer (the mode used), epochs_run (a member each), best_epoch, n_numbers,
            n_categories.
        """
        check_is_fitted(self)
        return describe_classifier(self)

    def save(self, path: str | Path) -> None:
        """Save the fitted classifier to a folder: JSON and one ``.keras`` file a member, no pickle.

        Parameters
        ----------
        path : path
            Made if it does not exist.
        """
        from appliedml.models.saving import save_classifier

        save_classifier(cast("KerasClassifier", self), Path(path))

    @classmethod
    def load(cls, path: str | Path) -> KerasClassifier:
        """Return the classifier saved in a folder.

        Parameters
        ----------
        path : path

        Returns
        -------
        KerasClassifier

        Raises
        ------
        RunError
            If the folder does not hold a saved classifier.
        """
        from appliedml.models.saving import load_classifier

        return load_classifier(Path(path))

    def representation(self, X: Any) -> NDArray[np.float64]:
        """Return what the first member makes of rows before it decides: for probes of what is known about them.

        Parameters
        ----------
        X : DataFrame, array, Images or Texts

        Returns
        -------
        array of shape (n_rows, n_values)
            Of a network on frozen features, those features, averaged over places; else the inputs of the last layer.
        """
        check_is_fitted(self)
        from appliedml.models._representation import representation

        return representation(self.network_, self.members_[0], self.encoder_.encode(X))
