import pickle
import tracemalloc

import numpy as np
import pytest

from appliedml.core.images import Decoder, Images
from appliedml.core.inputs import Inputs, take_rows
from appliedml.core.samples import Samples
from appliedml.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 1)).astype(np.uint8)


class Counting:
    """A decoder that remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def decode(self, item, height, width, channels):
        self.asked.append(item)
        return np.full((height, width, channels), item, dtype=np.uint8)

    def digest(self, item):
        return f"{item:064x}"


def test_they_are_inputs_and_travel_in_samples():
    images = Images.of(PIXELS)
    assert isinstance(images, Inputs)
    assert isinstance(images.decoder, Decoder)
    samples = Samples(images, np.arange(5))
    assert samples[[3, 1]].X.pixels().tolist() == PIXELS[[3, 1]].tolist()
    assert samples[np.arange(5) > 2].y.tolist() == [3, 4]


def test_nothing_is_decoded_before_it_is_asked_for():
    decoder = Counting()
    images = Images(range(100), decoder, (2, 3), 3).take(np.array([7, 9, 11]))
    assert decoder.asked == []
    assert images.shape == (3, 2, 3, 3)
    assert images.pixels(np.array([1])).tolist() == np.full((1, 2, 3, 3), 9).tolist()
    assert decoder.asked == [9]
    assert [len(batch) for batch in images.batches(2)] == [2, 1]


def test_masks_and_names_follow_their_pictures():
    images = Images(range(5), Images.of(PIXELS).decoder, (4, 6), 1, list("abcde"), Images.of(255 - PIXELS))
    chosen = take_rows(images, np.array([4, 0]))
    assert chosen.names == ("e", "a")
    assert chosen.masks.pixels().tolist() == (255 - PIXELS[[4, 0]]).tolist()


def test_equal_content_has_an_equal_fingerprint():
    assert Images.of(PIXELS).fingerprint() == Images.of(PIXELS.copy()).fingerprint()
    assert Images.of(PIXELS).fingerprint() != Images.of(PIXELS[::-1]).fingerprint()


def test_floats_are_rounded_and_clipped():
    assert Images.of(np.array([[[-3.0, 1.6, 300.0]]])).pixels().ravel().tolist() == [0, 2, 255]


def test_another_shape_is_refused_in_a_sentence():
    with pytest.raises(DataError, match="pixels must have the shape"):
        Images.of(np.zeros((2, 3)))
    with pytest.raises(DataError, match="one mask a picture"):
        Images(range(5), Images.of(PIXELS).decoder, (4, 6), 1, masks=Images.of(PIXELS[:2]))


def test_few_pictures_are_decoded_once_and_many_anew(monkeypatch):
    decoder = Counting()
    images = Images(range(6), decoder, (2, 2), 1)
    images.pixels()
    images.take(np.array([3, 1])).pixels()
    assert decoder.asked == [0, 1, 2, 3, 4, 5]
    monkeypatch.setattr("appliedml.core.images.KEEP_BYTES", 10)
    many = Images(range(6), Counting(), (2, 2), 1)
    many.pixels(np.array([2]))
    many.take(np.array([2])).pixels()
    assert many.decoder.asked == [2, 2]


def test_decoded_pictures_stay_behind_when_they_travel():
    images = Images(range(6), Counting(), (2, 2), 1)
    images.pixels()
    assert pickle.loads(pickle.dumps(images))._kept == {}


class Twice(Counting):
    """Every two items, 0 and 1, 2 and 3, ..., are different files of the same pixels."""

    def decode(self, item, height, width, channels):
        return super().decode(item, height, width, channels) // 2


def test_equal_pixels_have_equal_digests_whatever_their_files_hold():
    images = Images(range(4), Twice(), (2, 2), 1)

    first, second, third, fourth = images.seen_digests()

    assert (first == second, third == fourth, first == third) == (True, True, False)
    assert len(set(images.digests())) == 4
    assert images.compares_pixels


def test_each_file_is_decoded_once_for_its_digest_by_all_selections_and_in_a_worker(monkeypatch):
    monkeypatch.setattr("appliedml.core.images.KEEP_BYTES", 0)
    images = Images([0, 1, 2, 1], Counting(), (2, 2), 1)

    part = images.take(np.array([3, 0])).seen_digests()
    whole = images.seen_digests()
    there = pickle.loads(pickle.dumps(images))

    assert [whole[3], whole[0]] == part
    assert sorted(images.decoder.asked) == [0, 1, 2]
    assert there.seen_digests() == whole
    assert sorted(there.decoder.asked) == [0, 1, 2]


def test_pictures_are_decoded_one_at_a_time_for_their_digests(monkeypatch):
    monkeypatch.setattr("appliedml.core.images.KEEP_BYTES", 0)
    images = Images(range(50), Counting(), (200, 200), 1)

    tracemalloc.start()
    images.seen_digests()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 10 * 200 * 200


def test_of_too_many_pictures_files_are_compared_in_every_selection(monkeypatch):
    monkeypatch.setattr("appliedml.core.images.COMPARE_PIXELS", 3)
    images = Images(range(4), Twice(), (2, 2), 1)
    part = images.take(np.array([0, 1]))

    assert not part.compares_pixels
    assert part.seen_digests() == part.digests()
    assert images.decoder.asked == []


def test_arrays_are_compared_by_their_pixels_however_many(monkeypatch):
    monkeypatch.setattr("appliedml.core.images.COMPARE_PIXELS", 3)
    images = Images.of(PIXELS[[0, 1, 1, 2, 3]])

    assert images.compares_pixels
    assert images.seen_digests()[1] == images.seen_digests()[2]
