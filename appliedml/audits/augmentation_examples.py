"""``AugmentationExamples``: what each augmentation does to a picture, for the eye of a reviewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.params import AnyOf, Boolean, Integer, Null, Rule
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured
from appliedml.core.thumbnails import thumbnails

ORIGINAL, ALL, MIXUP = "original", "all", "mixup"
LAYERS = "augment_"
# Sides of stored pictures: enough to see what happened to them.
SIDE_PX = 128
PERSONAL_DATA = "The array pictures holds training pictures. Of real people, these are personal data."
PICTURE_TYPES: dict[str, Any] = {"augmentation": str, "picture": "int64", "example": "int64", "place": "int64"}
SETTING_TYPES: dict[str, Any] = {"augmentation": str, "value": float}
# What else a layer is told, and no augmentation by itself.
_NOT_AUGMENTATIONS = ("name", "trainable", "dtype", "seed", "fill")


class AugmentationExamples(Configured):
    """Show each augmentation of the pipeline's model on its own, and all of them together.

    Parameters
    ----------
    release_images : bool, default False
        Whether training pictures may go into the report. Without it a drawn test card is shown: an L near its upper
        left corner tells left from right and up from down.
    n_images : int, default 2
        Training pictures, where they are released.
    n_examples : int, default 4
        Random changes of each picture by each augmentation.
    random_state : int, optional
        Default: derived from the run's seed.

    Notes
    -----
    Looked at in fold 0 only: the settings are the same in all folds. The model's own layers make the examples, as in
    training.

    Source
    ------
    Mongan, Moy, Kahn (2020) and Tejani et al. (2024), Checklist for Artificial Intelligence in Medical Imaging (CLAIM):
    augmentation is to be described.

    Examples
    --------
    >>> AugmentationExamples().release_images
    False
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "release_images": Boolean(),
        "n_images": Integer(1, 8),
        "n_examples": Integer(1, 8),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        release_images: bool = False,
        n_images: int = 2,
        n_examples: int = 4,
        random_state: int | None = None,
    ) -> None:
        self.release_images = release_images
        self.n_images = n_images
        self.n_examples = n_examples
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any] | None:
        """Change pictures as the model's layers do in training.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict or None
            None beyond fold 0; ``{"reason": ...}`` where nothing is augmented.
        """
        self.check_parameters()
        if fold.number:
            return None
        if not isinstance(fold.train.X, Images):
            return {"reason": "the inputs are not pictures"}
        model = getattr(fold.pipeline, "model_", None)
        layers = _augmenting_layers(model)
        mixup = float(getattr(getattr(getattr(model, "network_", None), "builder", None), "mixup", 0.0))
        if not layers and not mixup:
            return {"reason": "no augmentation is switched on in the model"}
        seed = fold.seed_for("augmentation_examples") if self.random_state is None else self.random_state
        sources = self._sources(fold.train.X, seed)
        settings = {name: value for layer in layers for name, value in _settings_of(layer).items()}
        made: list[tuple[str, NDArray[Any]]] = []
        for layer in layers:
            alone = {name: _alone(layer, name, derive_seed(seed, name)) for name in _settings_of(layer)}
            made += [(name, self._changed([one], sources)) for name, one in alone.items()]
        if len(settings) > 1:
            own = [_again(layer, derive_seed(seed, ALL, layer.name)) for layer in layers]
            made.append((ALL, self._changed(own, sources)))
        if mixup:
            settings[MIXUP] = mixup
            made.append((MIXUP, self._mixed(sources, mixup, derive_seed(seed, MIXUP))))
        return {"settings": settings, "sources": sources, "made": made, "fill": _fill_of(layers)}

    def _sources(self, images: Images, seed: int) -> NDArray[np.float32]:
        if not self.release_images:
            return _test_card(*images.shape[1:])[None]
        rows = np.random.default_rng(seed).choice(len(images), min(self.n_images, len(images)), replace=False)
        return images.pixels(np.sort(rows)).astype(np.float32)

    def _changed(self, layers: list[Any], sources: NDArray[np.float32]) -> NDArray[np.uint8]:
        x: Any = np.repeat(sources, self.n_examples, axis=0)
        for layer in layers:
            x = layer(x, training=True)
        changed: NDArray[np.uint8] = np.clip(np.rint(np.asarray(x)), 0, 255).astype(np.uint8)
        return changed

    def _mixed(self, sources: NDArray[np.float32], alpha: float, seed: int) -> NDArray[np.uint8]:
        # One picture has no partner: its mirror image stands in.
        partners = np.roll(sources, 1, axis=0) if len(sources) > 1 else sources[:, :, ::-1]
        shares = np.random.default_rng(seed).beta(alpha, alpha, (len(sources) * self.n_examples, 1, 1, 1))
        first, second = (np.repeat(part, self.n_examples, axis=0) for part in (sources, partners))
        mixed: NDArray[np.uint8] = np.rint(shares * first + (1 - shares) * second).astype(np.uint8)
        return mixed

    def conclude(self, evidence: list[dict[str, Any] | None]) -> Artifact:
        """Collect the pictures.

        Parameters
        ----------
        evidence : list of dict or None
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Array ``pictures`` (n, height, width, channels), uint8; tables ``pictures`` (augmentation, picture, example,
            place in the array) and ``settings`` (augmentation, value). Not applicable where nothing is augmented.
        """
        found = next((item for item in evidence if item is not None), None)
        if found is None or "reason" in found:
            reason = "fold 0 was not run" if found is None else found["reason"]
            return Artifact("augmentation_examples", Status.NOT_APPLICABLE, reason=reason)
        n = len(found["sources"])
        rows = [(ORIGINAL, picture, 0) for picture in range(n)]
        stacks = [np.rint(found["sources"]).astype(np.uint8)]
        for name, pictures in found["made"]:
            rows += [(name, place // self.n_examples, place % self.n_examples) for place in range(len(pictures))]
            stacks.append(pictures)
        table = pd.DataFrame(rows, columns=["augmentation", "picture", "example"])
        table["place"] = np.arange(len(table))
        values = [(name, float(value)) for name, value in found["settings"].items()]
        return Artifact(
            "augmentation_examples",
            summary={
                "settings": {name: float(value) for name, value in values},
                "fill": found["fill"],
                "released": self.release_images,
                "n_pictures": n,
                "n_examples": self.n_examples,
                "notes": [PERSONAL_DATA] if self.release_images else [],
            },
            tables={
                "pictures": table.astype(PICTURE_TYPES),
                "settings": pd.DataFrame(values, columns=list(SETTING_TYPES)).astype(SETTING_TYPES),
            },
            arrays={"pictures": _small(np.concatenate(stacks))},
            findings=tuple(_findings(found["settings"])),
        )


def _findings(settings: Mapping[str, Any]) -> list[Finding]:
    if not settings.get("flip_left_right"):
        return []
    text = (
        "Every second training picture is mirrored left to right. Where sides mean something (the heart on a chest "
        "film, writing) the model learns that they do not."
    )
    return [Finding(Severity.INFO, "Left and right are exchanged in training", text)]


def _augmenting_layers(model: Any) -> list[Any]:
    if not hasattr(model, "to_keras"):
        return []
    layers = model.to_keras(0)._flatten_layers(include_self=False)
    return [layer for layer in layers if layer.name.startswith(LAYERS)]


def _settings_of(layer: Any) -> dict[str, Any]:
    """What a layer has switched on, by name."""
    return {name: value for name, value in layer.get_config().items() if name not in _NOT_AUGMENTATIONS and value}


def _fill_of(layers: list[Any]) -> str:
    return next((str(layer.get_config()["fill"]) for layer in layers if "fill" in layer.get_config()), "")


def _alone(layer: Any, name: str, seed: int) -> Any:
    """Return a layer like another one, with only one of its augmentations."""
    config = layer.get_config()
    off = {other: type(config[other])() for other in _settings_of(layer) if other != name}
    return type(layer).from_config({**config, **off, "seed": seed})


def _again(layer: Any, seed: int) -> Any:
    return type(layer).from_config({**layer.get_config(), "seed": seed})


def _small(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pictures.shape[1:3]
    factor = min(1.0, SIDE_PX / max(height, width))
    small = thumbnails(Images.of(pictures), max(1, round(height * factor)), max(1, round(width * factor)))
    return np.rint(small).astype(np.uint8)


def _test_card(height: int, width: int, channels: int) -> NDArray[np.float32]:
    """Draw a frame, a slope of grey, a disc, a checkerboard, and an L near the upper left corner."""
    rows = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    columns = (np.arange(width, dtype=np.float32)[None] + 0.5) / width
    card = 60 + 80 * np.broadcast_to(columns, (height, width)).copy()
    within = (np.maximum(abs(rows - 0.5), abs(columns - 0.5)) < 0.47) & (
        np.maximum(abs(rows - 0.5), abs(columns - 0.5)) > 0.42
    )
    card[within] = 200
    checks = (rows > 0.58) & (rows < 0.88) & (columns > 0.12) & (columns < 0.42)
    card[checks & (((rows * 20).astype(int) + (columns * 20).astype(int)) % 2 == 0)] = 20
    card[(rows - 0.62) ** 2 + (columns - 0.7) ** 2 < 0.15**2] = 230
    upright = (rows > 0.12) & (rows < 0.5) & (columns > 0.15) & (columns < 0.24)
    foot = (rows > 0.42) & (rows < 0.5) & (columns > 0.15) & (columns < 0.4)
    card[upright | foot] = 255
    return np.repeat(card[..., None], channels, axis=2)
