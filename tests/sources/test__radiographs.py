"""Drawn radiographs: repeatable, with lesions where the masks say."""

import pickle

import numpy as np
import pytest

from appliedml.core.images import Decoder
from appliedml.sources import _radiographs
from appliedml.sources._radiographs import RadiographDecoder, draw_radiograph

PLAIN = {"woman": True, "portable": False, "site": 0, "lesions": 1, "strength": 1.0}


def draw(row=0, patient=0, size=64, seed=7, **changes):
    return draw_radiograph(size, seed, row, patient, **{**PLAIN, **changes})


@pytest.fixture
def decoder():
    """Two pictures of one patient: the second has a lesion."""
    facts = {
        "patient": np.array([0, 0], dtype=np.int32),
        "woman": np.array([True, True]),
        "portable": np.array([False, True]),
        "site": np.array([0, 2], dtype=np.int8),
        "lesions": np.array([0, 1], dtype=np.int8),
        "strength": np.array([1.0, 0.5]),
    }

    def make(masks=False, **changes):
        return RadiographDecoder(64, 7, {**facts, **changes}, masks)

    return make


def test_a_row_is_drawn_the_same_every_time():
    first = draw()[0].copy()
    _radiographs._anatomy.cache_clear()

    np.testing.assert_array_equal(draw()[0], first)
    assert not np.array_equal(draw(row=1)[0], first)
    assert not np.array_equal(draw(seed=8)[0], first)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_lungs_are_dark_and_the_spine_is_bright(size):
    picture = draw(size=size, lesions=0)[0] / 255
    lung = picture[size // 3 : size // 2, size // 5 : size // 3].mean()
    spine = picture[size // 3 : size // 2, size // 2 - 2 : size // 2 + 2].mean()

    assert lung < 0.4 < 0.6 < spine


@pytest.mark.parametrize("row", range(8))
def test_a_lesion_is_bright_where_its_mask_is_and_nowhere_else(row):
    """The same row without it differs there only: all it needs is drawn last."""
    picture, mask = draw(row=row, strength=1.0)
    without, none = draw(row=row, lesions=0)
    difference = picture.astype(int) - without

    assert not none.any()
    assert 4 <= (mask > 0).sum() < 300
    assert difference[mask > 0].mean() > 10
    assert difference[mask > 0].sum() > 0.5 * difference.sum()
    assert (difference >= 0).all()


def test_strength_makes_lesions_fainter_in_the_same_place():
    strong, faint = draw(strength=1.0), draw(strength=0.3)
    without = draw(lesions=0)[0].astype(int)

    np.testing.assert_array_equal(strong[1], faint[1])
    ratio = (faint[0] - without).sum() / (strong[0] - without).sum()
    assert 0.2 < ratio < 0.4


def test_two_lesions_have_a_larger_mask_than_one():
    assert np.mean([(draw(row=row, lesions=2)[1] > 0).sum() for row in range(10)]) > np.mean(
        [(draw(row=row, lesions=1)[1] > 0).sum() for row in range(10)]
    )


def test_portable_films_carry_the_marker_and_are_brighter_below_the_lungs():
    portable, upright = draw(portable=True, lesions=0)[0], draw(portable=False, lesions=0)[0]
    corner = (slice(2, 12), slice(50, 62))

    assert portable[corner].max() > 240
    assert upright[corner].max() < 240
    assert portable[-6:, 10:54].mean() > upright[-6:, 10:54].mean() + 8
    assert abs(portable[15:30, 12:20].mean() - upright[15:30, 12:20].mean()) < 8


def test_a_view_or_a_site_does_not_make_lesions_harder_to_see():
    """The grey that a lesion adds is the same in every view, and in proportion to the noise of every site."""
    for row in range(5):
        usual = draw(row=row)[0].astype(int) - draw(row=row, lesions=0)[0]
        inside = draw(row=row)[1] > 0
        portable = draw(row=row, portable=True)[0].astype(int) - draw(row=row, portable=True, lesions=0)[0]
        # The heart is larger in that view, and a lesion may be moved aside: compare their greatest density.
        assert abs(usual[inside].max() - portable.max()) <= 3
    for site in (1, 2):
        here = draw(site=site)[0].astype(int) - draw(site=site, lesions=0)[0]
        usual = draw()[0].astype(int) - draw(lesions=0)[0]
        expected = _radiographs.SITE_NOISE[site] / _radiographs.SITE_NOISE[0]
        assert here.max() / usual.max() == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("site", [0, 1, 2])
def test_a_site_stamps_its_number_of_squares(site):
    line = draw(site=site, lesions=0)[0][-6, 4:20] > 245

    assert np.diff(line.astype(int), prepend=0).clip(0).sum() == site + 1


def test_a_decoder_draws_on_demand_and_travels(decoder):
    there = pickle.loads(pickle.dumps(decoder()))

    assert isinstance(there, Decoder)
    np.testing.assert_array_equal(there.decode(1, 64, 64, 1), decoder().decode(1, 64, 64, 1))
    assert there.decode(0, 32, 48, 3).shape == (32, 48, 3)


def test_masks_are_black_or_white_also_when_resized(decoder):
    masks = decoder(masks=True)

    assert not masks.decode(0, 64, 64, 1).any()
    assert set(np.unique(masks.decode(1, 100, 80, 1))) == {0, 255}


def test_a_digest_follows_every_fact_without_drawing(decoder, monkeypatch):
    monkeypatch.setattr(_radiographs, "draw_radiograph", lambda *a, **k: pytest.fail("drawn"))
    digests = {
        decoder().digest(0),
        decoder().digest(1),
        decoder(masks=True).digest(1),
        decoder(strength=np.array([1.0, 0.4])).digest(1),
        decoder(site=np.array([0, 1], dtype=np.int8)).digest(1),
    }

    assert len(digests) == 5
    assert decoder().digest(1) in digests
