"""What the .npz sources share."""

import numpy as np
import pytest

from appliedml.core.schema import Schema
from appliedml.errors import DataError, ParameterError
from appliedml.sources._npz_source import COLUMNS, NpzSource
from appliedml.sources.keras_npz import KerasNpz


@pytest.fixture
def path(tmp_path):
    """A small file in Keras' format."""
    content = {f"x_{part}": np.zeros((4, 6, 6), dtype=np.uint8) for part in ("train", "test")}
    np.savez(tmp_path / "a.npz", **content, y_train=[0, 1, 0, 1], y_test=[1, 0, 1, 0])
    return tmp_path / "a.npz"


def test_columns_are_known_without_the_file():
    assert KerasNpz("nowhere.npz").column_names() == list(COLUMNS)


def test_a_relative_path_is_looked_for_beside_the_plan(path):
    assert len(KerasNpz("a.npz").read(folder=path.parent)) == 8
    with pytest.raises(DataError, match="KerasNpz: the file .* does not exist"):
        KerasNpz("b.npz").read(folder=path.parent)


def test_of_two_named_classes_the_second_is_of_interest(path):
    source = KerasNpz(str(path), classes=["normal", "ill"])

    assert source.default_schema == Schema("label", positive="ill")
    assert source.read().y.tolist() == ["normal", "ill", "normal", "ill", "ill", "normal", "ill", "normal"]
    assert KerasNpz(str(path)).default_schema == Schema("label")


def test_names_of_classes_must_differ():
    problems = KerasNpz.problems_in({"path": "a.npz", "classes": ["a", "b", "a"]}, "data")

    assert [problem.what for problem in problems] == ["KerasNpz: classes must differ. More than once: 'a'."]


def test_parameters_keep_their_rules(path):
    with pytest.raises(ParameterError, match="channels"):
        KerasNpz(str(path), channels=4).read()


def test_the_short_form_holds_the_path():
    assert isinstance(KerasNpz.from_short("a.npz"), NpzSource)
    assert KerasNpz.from_short("a.npz").path == "a.npz"
