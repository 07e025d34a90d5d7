import numpy as np

from appliedml.core.images import Images
from appliedml.models._lazy import LazyPixels, LazyView, ahead, is_lazy, rows_a_call, some_rows

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 3, 3, 1)).astype(np.uint8)


def test_pixels_of_chosen_rows_are_decoded():
    lazy = LazyPixels(Images.of(PIXELS))
    assert lazy.shape == PIXELS.shape
    assert len(lazy) == 6
    assert lazy[np.array([4, 1])].tolist() == PIXELS[[4, 1]].tolist()


def test_some_rows_of_some_rows_are_still_lazy():
    view = some_rows(LazyPixels(Images.of(PIXELS)), np.arange(6) % 2 == 1)
    again = some_rows(view, np.array([True, False, True]))
    assert isinstance(again, LazyView)
    assert again[:].tolist() == PIXELS[[1, 5]].tolist()
    assert is_lazy({"pixels": again})
    assert not is_lazy({"pixels": some_rows(PIXELS, np.arange(6) < 2)})


def test_large_rows_go_through_in_small_calls():
    assert rows_a_call({"pixels": np.zeros((1, 224, 224, 3))}, 65_536) == 32
    assert rows_a_call({"numbers": np.zeros((1, 30))}, 65_536) == 65_536
    assert rows_a_call({"tokens": np.zeros((1, 128))}, 65_536) == 16_384


def test_one_thing_is_made_ahead_in_order():
    made = []

    def make(item):
        made.append(item)
        return item * 10

    found = [(number, len(made)) for number in ahead(make, range(4))]
    assert [number for number, _ in found] == [0, 10, 20, 30]
    assert found[0][1] >= 1
    assert made == [0, 1, 2, 3]
