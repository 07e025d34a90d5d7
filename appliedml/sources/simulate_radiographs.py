"""Simulate chest radiographs with lesions, patients, and a shortcut and a disparity whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.images import Images
from appliedml.core.params import Integer, Real, Rule
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema, Sensitive
from appliedml.core.stage import Configured
from appliedml.sources._image_tables import image_samples
from appliedml.sources._radiographs import SITE_NOISE, RadiographDecoder

AGE_BAND = Sensitive("age_band", "age", (40, 60))
SEXES = ("F", "M")
SITES = ("A", "B", "C")
SITE_SHARES = (0.45, 0.30, 0.25)
# Share of portable (AP) films where no shortcut is planted, and of an affected patient's pictures that show it.
AP_SHARE = 0.4
SHOWN = 0.8
DEFAULT_SCHEMA = Schema(
    target="lesion", sensitive=["sex", AGE_BAND, "site", "view"], group="patient_id", row_id="image", positive=1
)


class SimulateRadiographs(Configured):
    """Simulate radiograph-like pictures: patients with 1 to 4 pictures each, soft lesions whose masks are known.

    Parameters
    ----------
    n_patients : int
        At least 20; there are about 2.5 pictures a patient.
    size : int
        Height and width in pixels, 32 to 512.
    prevalence : float
        Share of pictures with a lesion, about; 0.05 to 0.7.
    shortcut : float
        How closely the view (``AP`` for portable films, else ``PA``) follows the label, 0 to 1: see Notes.
    disparity : float
        How much fainter the lesions of women are, 0 (not at all) to 0.9.
    n_sites : int
        1 to 3 hospitals, each with a stamp and a little noise, contrast and brightness of its own.
    random_state : int

    Raises
    ------
    ParameterError
        From the methods: if a parameter breaks its rule.

    Notes
    -----
    **Pictures** are drawn when they are asked for, from the facts of their row and a seed: 20,000 of them take no
    memory, and the same parameters give the same bytes. They look like frontal films (lungs, heart, ribs, clavicles),
    but nothing in them is real anatomy. A lesion is a round opacity in a lung, of half-width 0.09 to 0.15 of half
    the picture and of varied density: most are plain, some faint. ``samples.X.masks`` holds where they are.

    **The planted shortcut.** AP films are a little brighter below the lungs, show a slightly larger heart, and
    carry the letter L in the upper right corner; a network sees the view easily. Of all pictures 40 % are AP. With
    ``shortcut`` s, a picture with a lesion is AP with probability 0.4 + 0.6 s and one without with 0.4 (1 - s), met
    to the picture: independent of the label at 0, the same as the label at 1. A model that uses the view calls
    healthy AP films ill, and misses lesions on PA films.

    **The planted disparity.** The density of lesions in women's pictures is multiplied by (1 - ``disparity``).

    **Nothing else is planted.** Sex, age and site have no bearing on the label, and neither view nor site makes a
    lesion harder to see: contrast and brightness change the large smooth parts only (chest, lungs, heart), and a
    site's lesions are in proportion to its noise.

    Examples
    --------
    >>> samples = SimulateRadiographs(n_patients=20, random_state=1).read()
    >>> samples.X, samples.X.masks
    (Images(55 of 64 x 64, grey), Images(55 of 64 x 64, grey))
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "n_patients": Integer(20),
        "size": Integer(32, 512),
        "prevalence": Real(0.05, 0.7),
        "shortcut": Real(0, 1),
        "disparity": Real(0, 0.9),
        "n_sites": Integer(1, len(SITES)),
        "random_state": Integer(0),
    }

    def __init__(
        self,
        n_patients: int = 600,
        size: int = 64,
        prevalence: float = 0.4,
        shortcut: float = 0.0,
        disparity: float = 0.0,
        n_sites: int = 3,
        random_state: int = 7,
    ) -> None:
        self.n_patients = n_patients
        self.size = size
        self.prevalence = prevalence
        self.shortcut = shortcut
        self.disparity = disparity
        self.n_sites = n_sites
        self.random_state = random_state

    @property
    def default_schema(self) -> Schema:
        """Target ``lesion``; sensitive ``sex``, ``age_band``, ``site`` (if there is more than one) and ``view``."""
        if self.n_sites > 1:
            return DEFAULT_SCHEMA
        return Schema("lesion", ["sex", AGE_BAND, "view"], group="patient_id", row_id="image", positive=1)

    def frame(self) -> pd.DataFrame:
        """Return the facts of every picture; ``data/README.md`` describes them.

        Returns
        -------
        DataFrame
            image, patient_id, sex, age, site, view, n_lesions, lesion.

        Raises
        ------
        ParameterError
        """
        self.check_parameters()
        rng = np.random.default_rng([self.random_state, 0])
        n = self.n_patients
        sex = rng.integers(0, 2, n)
        age = np.clip(np.rint(rng.normal(54, 17, n)), 18, 95).astype(np.int64)
        shares = np.array(SITE_SHARES[: self.n_sites])
        site = rng.choice(self.n_sites, n, p=shares / shares.sum())
        # In equal parts of every sex and site: chance alone would make them differ by some percent.
        affected = _evenly(rng, self.prevalence / SHOWN, sex * self.n_sites + site)
        patient = np.repeat(np.arange(n), rng.integers(1, 5, n))
        m = len(patient)
        lesion = affected[patient] & (rng.random(m) < SHOWN)
        ap_share = np.where(lesion, AP_SHARE + (1 - AP_SHARE) * self.shortcut, AP_SHARE * (1 - self.shortcut))
        portable = _evenly(rng, ap_share, lesion)
        several = rng.random(m) < 0.25
        return pd.DataFrame(
            {
                "image": [f"R{row:06d}" for row in range(m)],
                "patient_id": [f"P{one:05d}" for one in patient],
                "sex": np.array(SEXES, dtype=object)[sex[patient]],
                "age": age[patient],
                "site": np.array(SITES, dtype=object)[site[patient]],
                "view": np.where(portable, "AP", "PA"),
                "n_lesions": np.where(lesion, 1 + several, 0).astype(np.int64),
                "lesion": lesion.astype(np.int64),
            }
        )

    def read(self, schema: Schema | None = None, folder: Path | None = None) -> Samples:
        """Return the pictures as samples; none is drawn yet.

        Parameters
        ----------
        schema : Schema, optional
            Default: :attr:`default_schema`.
        folder : Path, optional
            Every source is told where the plan lies. Nothing is read here.

        Returns
        -------
        Samples
            ``X`` is an ``Images`` with masks.

        Raises
        ------
        ParameterError
        DataError
            If the schema does not fit the columns.
        """
        frame = self.frame()
        woman = (frame["sex"] == "F").to_numpy()
        facts = {
            "patient": frame["patient_id"].str[1:].astype(np.int32).to_numpy(),
            "woman": woman,
            "portable": (frame["view"] == "AP").to_numpy(),
            "site": frame["site"].map(SITES.index).to_numpy(dtype=np.int8),
            "lesions": frame["n_lesions"].to_numpy(dtype=np.int8),
            "strength": np.where(woman, 1.0 - self.disparity, 1.0),
        }
        items, size, names = range(len(frame)), (self.size, self.size), list(frame["image"])
        masks = Images(items, RadiographDecoder(self.size, self.random_state, facts, masks=True), size, 1, names)
        decoder = RadiographDecoder(self.size, self.random_state, facts)
        images = Images(items, decoder, size, 1, names, masks)
        return image_samples("SimulateRadiographs", images, frame, schema or self.default_schema)

    def truth(self) -> dict[str, Any]:
        """Return what was planted, counted in this very draw.

        Returns
        -------
        dict
            ``shortcut``, ``disparity`` (asked for); ``prevalence``; ``ap_share`` among pictures with and without a
            lesion; ``view_auroc``, the AUROC of a model that looks at nothing but the view; ``lesion_density`` by
            sex, 1 being usual; ``site_noise`` (standard deviation of grey, of 1).

        Raises
        ------
        ParameterError
        """
        frame = self.frame()
        ap, lesion = frame["view"] == "AP", frame["lesion"] == 1
        with_lesion, without = float(ap[lesion].mean()), float(ap[~lesion].mean())
        return {
            "shortcut": float(self.shortcut),
            "disparity": float(self.disparity),
            "prevalence": float(lesion.mean()),
            "ap_share": {"lesion": with_lesion, "no lesion": without},
            # Of one yes-or-no score: the mean of its true-positive and true-negative rate.
            "view_auroc": 0.5 * (1 + with_lesion - without),
            "lesion_density": {"F": 1.0 - float(self.disparity), "M": 1.0},
            "site_noise": {name: SITE_NOISE[place] for place, name in enumerate(SITES[: self.n_sites])},
        }


def _evenly(rng: np.random.Generator, share: Any, stratum: NDArray[Any]) -> NDArray[np.bool_]:
    """Choose this share of every stratum at random, to the row."""
    order = np.lexsort((rng.random(len(stratum)), stratum))
    sums = np.concatenate([[0.0], np.cumsum(np.broadcast_to(share, stratum.shape)[order])])
    # Rounding to nine places: sums such as 0.4 + 0.4 + ... must reach whole numbers where they should.
    whole = np.floor(np.round(sums, 9))
    chosen = np.zeros(len(stratum), dtype=bool)
    chosen[order] = np.diff(whole) > 0
    return chosen
