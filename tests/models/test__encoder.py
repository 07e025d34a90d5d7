import pytest

from appliedml.errors import RunError
from appliedml.models._encoder import encoder_class
from appliedml.models._image_inputs import ImageEncoder
from appliedml.models._inputs import TableEncoder


def test_an_encoder_is_found_by_its_kind():
    assert encoder_class("table") is TableEncoder
    assert encoder_class("images") is ImageEncoder


def test_an_unknown_kind_says_what_to_do():
    with pytest.raises(RunError, match="no inputs of the kind 'sounds'"):
        encoder_class("sounds")


def test_inputs_without_pixels_have_no_front():
    assert ImageEncoder(2, 2, 1).front() is None
