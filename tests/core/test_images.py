import pickle

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
