"""Rules of sizes and pairs."""

import pytest

from appliedml.core.params import Real
from appliedml.sources._image_rules import SIZE_RULE, Pair, as_size


@pytest.mark.parametrize("value", [None, 64, [48, 64], (224, 224)])
def test_sizes_may_be_one_number_or_two(value):
    assert SIZE_RULE.accepts(value)


@pytest.mark.parametrize("value", [0, 3, [64], [64, 64, 3], "64", 64.5, [64, True], 10_000])
def test_other_sizes_are_refused(value):
    assert not SIZE_RULE.accepts(value)


def test_height_comes_first():
    assert as_size([48, 64]) == (48, 64)
    assert as_size(32) == (32, 32)
    assert as_size(None) is None


def test_a_pair_can_ask_for_order():
    pair = Pair(Real(), ascending=True)

    assert pair.accepts([0, 4095])
    assert not pair.accepts([4095, 0])
    assert pair.describe() == "a list of two, ascending, each a number"
