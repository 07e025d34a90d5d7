"""Draw pictures that look like frontal chest radiographs, each from a few facts and a seed.

Nothing here is anatomy in earnest: ellipses, arcs and smooth noise whose places are known, so that lesions have masks.
Coordinates run from -1 to 1, x to the right and y downwards; grey values from 0 (air, black) to 1 (dense, white).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json
from appliedml.sources._pixels import resized

Array = NDArray[Any]  # float32 throughout

# Raise it whenever a picture changes: the digests of all pictures depend on it.
DRAWING_VERSION = 2
# Every site's films: noise (standard deviation of grey), contrast, brightness; and one, two or three white squares.
SITE_NOISE = (0.030, 0.031, 0.032)
SITE_CONTRAST = (1.0, 0.98, 1.02)
SITE_BRIGHTNESS = (0.0, 0.010, -0.010)
# Every film differs in contrast and brightness by more than sites and views do: a network then learns to look past
# them. Were views or sites plainly brighter or flatter, scores would shift with them, a disparity that nobody planted.
JITTER_CONTRAST = 0.06
JITTER_BRIGHTNESS = 0.05
# Portable (AP) films are a little flatter and brighter, most of all below the lungs, magnify the heart a little, and
# carry a marker. More would look like lesions to a network: false alarms on AP films where no shortcut is planted.
AP_CONTRAST = 0.98
AP_BRIGHTNESS = 0.01
AP_BELOW = 0.05
AP_HEART = 1.05
# Plain enough that a small network learns them from some hundred pictures: one that cannot learns brightness instead,
# and with it the view, though nobody planted that.
LESION_AMPLITUDE = (0.30, 0.60)
LESION_RADIUS = (0.09, 0.15)
# The marker "L", as strokes on a grid of 5 rows and 4 columns.
MARKER = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]], dtype=np.float32)


@lru_cache(maxsize=8)
def _grid(size: int) -> tuple[Array, Array]:
    line = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1).astype(np.float32)
    return np.broadcast_to(line[None, :], (size, size)), np.broadcast_to(line[:, None], (size, size))


def _step(distance: Array, softness: float) -> Array:
    """Return 1 where distance is well above 0, 0 well below it, and a smooth edge between."""
    part = np.clip(distance * np.float32(0.25 / softness) + np.float32(0.5), 0, 1)
    found: Array = part * part * (3 - 2 * part)
    return found


def _field(rng: np.random.Generator, size: int, cells: int) -> Array:
    """Smooth noise of mean about 0 and standard deviation about 1: normal numbers on a coarse grid, interpolated."""
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    at = np.linspace(0, cells - 1, size, dtype=np.float32)
    left = np.minimum(at.astype(np.intp), cells - 2)
    part = (at - left).astype(np.float32)
    part = part * part * (3 - 2 * part)
    weights = np.zeros((size, cells), dtype=np.float32)
    weights[np.arange(size), left] = 1 - part
    weights[np.arange(size), left + 1] += part
    found: Array = weights @ coarse @ weights.T
    return found


def _lungs(rng: np.random.Generator, x: Array, y: Array, deep: float) -> Array:
    """Share of lung in every pixel: two domes with a narrow apex, cut off by the diaphragm."""
    lungs = np.zeros_like(x)
    top, width = rng.uniform(-0.84, -0.70), rng.uniform(0.31, 0.40)
    for side in (-1, 1):
        centre = side * rng.uniform(0.43, 0.47)
        floor = deep + (0.04 if side > 0 else -0.02) - 0.16 * (1 - ((x - centre) / 0.4) ** 2)
        down = np.clip((y - top) / (deep - top), 0, 1)
        # The chest wall: steep at the apex, widest low down.
        half = width * np.sqrt(1 - (1 - down) ** 2 * np.sqrt(1 - down)) * (0.93 + 0.12 * down)
        inner = side * (x - centre) + half * (1 - 0.22 * down)
        outer = half - side * (x - centre)
        lungs = np.maximum(
            lungs, _step(np.minimum(inner, outer), 0.025) * _step(floor - y, 0.02) * _step(y - top, 0.03)
        )
    return lungs


def _ribs(rng: np.random.Generator, x: Array, y: Array) -> Array:
    """Bands that fall from the spine to the side, and fainter ones that cross them in front."""
    out = np.abs(x)
    spacing = rng.uniform(0.185, 0.215)
    phase = rng.uniform(0, spacing)
    back = y - 0.55 * (out - 0.15) ** 2 + 0.22 * np.exp(-(((out - 0.1) / 0.22) ** 2)) - phase
    front = y + 0.75 * (out - 0.75) + 0.35 * (out - 0.45) ** 2 - phase * 1.3
    bands = np.zeros_like(x)
    for distance, strength, width in ((back, 1.0, 0.30), (front, 0.45, 0.34)):
        place = np.abs(np.mod(distance / spacing, 1) - 0.5) * 2
        # A rib is a tube: its edges are denser than its middle.
        bands = bands + strength * _step(width - place, 0.05) * (0.7 + 0.6 * (place / width) ** 2 * (place < width))
    within: Array = bands * _step(0.95 - out, 0.03) * _step(out - 0.10, 0.03)
    return within


# Pictures of one patient are asked for one after the other as a rule.
@lru_cache(maxsize=8)
def _anatomy(seed: int, patient: int, size: int, woman: bool, portable: bool) -> tuple[Array, Array, Array]:
    """One patient without lesions or noise: large smooth parts, fine detail, and the share of free lung."""
    rng = np.random.default_rng([seed, 2, patient])
    x, y = _grid(size)
    # No two patients stand alike: a small turn, and a size of their own.
    turn, scale = rng.uniform(-0.06, 0.06), rng.uniform(0.96, 1.12)
    x, y = (x * scale + turn * y).astype(np.float32), (y * scale - turn * x).astype(np.float32)
    broad = rng.uniform(0.86, 1.0) * (0.97 if woman else 1.0)
    shoulder = np.clip((y + rng.uniform(0.92, 0.98)) / 0.34, 0, 1)
    body = _step(0.30 + (broad + 0.06 - 0.30) * np.sqrt(shoulder) - np.abs(x), 0.03)
    deep = rng.uniform(0.54, 0.78)
    lungs = _lungs(rng, x / broad, y, deep)
    base = 0.03 + body * (0.60 + 0.06 * y) - 0.43 * lungs
    spine = np.exp(-((x / rng.uniform(0.085, 0.105)) ** 2))
    discs = 1 + 0.14 * np.cos(2 * np.pi * y / rng.uniform(0.15, 0.18))
    base = base + body * 0.17 * spine * discs
    mediastinum = _step(0.15 + 0.05 * np.clip(y + 0.5, 0, 1) - np.abs(x - 0.02), 0.03) * _step(0.6 - y, 0.1)
    base = base + 0.10 * mediastinum * body
    heart_size = rng.uniform(0.85, 1.15) * (AP_HEART if portable else 1.0)
    cx, cy, tilt = rng.uniform(0.11, 0.15), deep - rng.uniform(0.27, 0.31), rng.uniform(0.45, 0.65)
    along = (x - cx) * np.cos(tilt) + (y - cy) * np.sin(tilt)
    across = -(x - cx) * np.sin(tilt) + (y - cy) * np.cos(tilt)
    beyond = np.sqrt((along / (0.36 * heart_size)) ** 2 + (across / (0.25 * heart_size)) ** 2)
    heart = _step(1 - beyond, 0.07)
    base = base + (0.36 - 0.06 * beyond) * heart * lungs + 0.03 * heart
    detail = 0.055 * _ribs(rng, x / broad, y) * body
    for side in (-1, 1):
        rise, start = rng.uniform(0.22, 0.34), rng.uniform(-0.62, -0.56)
        out = side * x
        bone = np.abs(y - (start - rise * (out - 0.1) + 0.10 * np.sin(5 * out)))
        detail = detail + 0.13 * _step(0.035 - bone, 0.012) * _step(out - 0.08, 0.02) * _step(0.78 - out, 0.03)
        # Vessels around the hilum.
        hilum = np.exp(-(((out - 0.22) / 0.11) ** 2) - ((y - 0.0) / 0.17) ** 2)
        detail = detail + 0.13 * hilum * lungs
        if woman:
            reach = ((out - 0.46) / 0.30) ** 2 + ((y - 0.30) / 0.27) ** 2
            base = base + 0.065 * _step(1 - reach, 0.12) * body
    texture = 0.65 * _field(rng, size, 9) + 0.55 * _field(rng, size, 17)
    detail = detail + (0.026 * lungs + 0.012 * body) * texture
    clear: Array = lungs * (1 - heart)
    return base.astype(np.float32), detail.astype(np.float32), clear.astype(np.float32)


def _lesions(rng: np.random.Generator, size: int, lungs: Array, count: int, strength: float) -> tuple[Array, Array]:
    """Soft opacities inside the lungs, and where they are at least half as dense as at their middle."""
    x, y = _grid(size)
    shape, mask = np.zeros((size, size), dtype=np.float32), np.zeros((size, size), dtype=bool)
    # Centred within a lung, not behind the heart.
    free = np.flatnonzero((lungs > 0.9) & (y > -0.6))
    if not len(free):
        free = np.array([int(np.argmax(lungs))])
    for _ in range(count):
        at = free[rng.integers(len(free))]
        cx, cy = x.flat[at], y.flat[at]
        radius, flat, turn = rng.uniform(*LESION_RADIUS), rng.uniform(0.75, 1.0), rng.uniform(0, np.pi)
        amplitude = strength * rng.uniform(*LESION_AMPLITUDE)
        along = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        across = -(x - cx) * np.sin(turn) + (y - cy) * np.cos(turn)
        squared = (along / radius) ** 2 + (across / (radius * flat)) ** 2
        # Flatter on top than a bell curve, as a nodule is.
        profile = np.exp(-squared * np.sqrt(squared) * np.float32(np.log(2)))
        shape = shape + (amplitude * profile).astype(np.float32)
        mask |= squared <= 1
    return shape, mask


def draw_radiograph(
    size: int,
    seed: int,
    row: int,
    patient: int,
    woman: bool,
    portable: bool,
    site: int,
    lesions: int,
    strength: float,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw one picture and the mask of its lesions.

    Parameters
    ----------
    size : int
        Height and width in pixels.
    seed, row, patient : int
        The patient decides the anatomy, the row everything else.
    woman : bool
    portable : bool
        Whether the view is AP: brighter below the lungs, a larger heart, and a marker "L" in the corner.
    site : int
        0, 1 or 2: whose noise, contrast and stamp (one to three squares in the lower left corner).
    lesions : int
        How many.
    strength : float
        What the density of the lesions is multiplied by; 1 is usual.

    Returns
    -------
    picture, mask : arrays of shape (size, size), uint8
        The mask is 255 where a lesion is at least half as dense as at its middle, else 0.

    Notes
    -----
    The density of a lesion is in proportion to its site's noise, and contrast and brightness change the large smooth
    parts only: neither a site nor a view makes lesions harder to see. All random numbers that a lesion needs are drawn
    last, so that the same row with and without one differs by the lesion only.

    Examples
    --------
    >>> picture, mask = draw_radiograph(64, 7, 0, 0, True, False, 0, 1, 1.0)
    >>> picture.shape, bool(mask.any())
    ((64, 64), True)
    """
    rng = np.random.default_rng([seed, 1, row])
    base, detail, lungs = _anatomy(seed, patient, size, bool(woman), bool(portable))
    down, right = rng.integers(-max(1, size // 32), max(1, size // 32) + 1, 2)
    base, detail, lungs = (_shifted(part, int(down), int(right)) for part in (base, detail, lungs))
    noise = SITE_NOISE[site] * rng.standard_normal((size, size), dtype=np.float32)
    contrast = rng.uniform(1 - JITTER_CONTRAST, 1 + JITTER_CONTRAST)
    brightness = rng.uniform(-JITTER_BRIGHTNESS, JITTER_BRIGHTNESS)
    mask = np.zeros((size, size), dtype=bool)
    shade = np.zeros((size, size), dtype=np.float32)
    if lesions:
        relative = SITE_NOISE[site] / SITE_NOISE[0]
        shade, mask = _lesions(rng, size, lungs, lesions, strength * relative)
    contrast *= SITE_CONTRAST[site] * (AP_CONTRAST if portable else 1.0)
    brightness += SITE_BRIGHTNESS[site] + (AP_BRIGHTNESS if portable else 0.0)
    # Lesions, noise and what looks like a lesion (ribs, vessels) keep their grey: networks go by the contrast of small
    # things, and a view or a site that changes it would be a disparity that nobody planted.
    image = (base - 0.42) * contrast + 0.42 + brightness + detail + shade + noise
    if portable:
        image = image + AP_BELOW * np.clip((_grid(size)[1] - 0.5) / 0.4, 0, 1)
        _mark(image)
    _stamp(image, site + 1)
    return np.clip(np.rint(image * 255), 0, 255).astype(np.uint8), mask.astype(np.uint8) * np.uint8(255)


def _shifted(image: Array, down: int, right: int) -> Array:
    size = len(image)
    rows, columns = np.clip(np.arange(size) - down, 0, size - 1), np.clip(np.arange(size) - right, 0, size - 1)
    found: Array = image[rows[:, None], columns[None, :]]
    return found


def _stamp(image: Array, count: int) -> None:
    """Put as many small white squares as the site's number into the lower left corner."""
    size = len(image)
    side, bottom = max(1, size // 32), size - size // 12
    for place in range(count):
        left = size // 12 + 2 * side * place
        image[bottom - side : bottom, left : left + side] = 0.97


def _mark(image: Array) -> None:
    """Write the lead letter into the upper right corner, as tall as a tenth of the picture."""
    size = len(image)
    stroke = max(1, size // 48)
    letter = np.kron(MARKER, np.ones((stroke, stroke), dtype=np.float32)) > 0
    top, left = size // 12, size - size // 12 - letter.shape[1]
    image[top : top + letter.shape[0], left : left + letter.shape[1]][letter] = 0.97


class RadiographDecoder:
    """Draws the radiograph of a row whenever it is asked for; holds the facts of all rows and no pixel.

    Parameters
    ----------
    size : int
        Height and width at which pictures are drawn.
    seed : int
    facts : mapping of str to array of shape (n_images,)
        ``patient``, ``woman``, ``portable``, ``site``, ``lesions``, ``strength``.
    masks : bool
        Draw the lesions' masks instead of the pictures.
    """

    def __init__(self, size: int, seed: int, facts: Mapping[str, NDArray[Any]], masks: bool = False) -> None:
        self.size = size
        self.seed = seed
        self.facts = dict(facts)
        self.masks = masks

    def of_row(self, item: int) -> dict[str, Any]:
        """Return the facts of one row as JSON values.

        Parameters
        ----------
        item : int

        Returns
        -------
        dict
        """
        return {name: values[item].item() for name, values in self.facts.items()}

    def decode(self, item: int, height: int, width: int, channels: int) -> NDArray[np.uint8]:
        """Draw one picture.

        Parameters
        ----------
        item : int
            Row.
        height, width, channels : int

        Returns
        -------
        array of shape (height, width, channels), uint8
        """
        facts = self.of_row(item)
        if self.masks and not facts["lesions"]:
            return np.zeros((height, width, channels), dtype=np.uint8)
        drawn = draw_radiograph(self.size, self.seed, int(item), **facts)[int(self.masks)]
        return resized(drawn[..., None], height, width, channels, sharp=self.masks)

    def digest(self, item: int) -> str:
        """Return a SHA-256 as hex of everything that decides the picture; nothing is drawn."""
        content = [DRAWING_VERSION, self.size, self.seed, int(item), self.masks, self.of_row(item)]
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()
