import numpy as np
import pytest

from appliedml.core import registry
from appliedml.core.registry import default_parameters
from appliedml.models._inputs import InputSpec

BUILDERS = sorted(registry.names("builders"))
# Those of pictures and texts have specs, and tests, of their own.
OF_TABLES = [name for name in BUILDERS if registry.find("builders", name).reads == "table"]


@pytest.mark.parametrize("name", BUILDERS)
def test_every_builder_declares_its_parameters_and_what_it_reads(name):
    cls = registry.find("builders", name)

    assert set(cls.parameter_rules) == set(default_parameters(cls))
    assert cls.reads in ("table", "images", "texts")


@pytest.mark.parametrize("name", OF_TABLES)
def test_every_builder_starts_from_its_seed(name):
    cls = registry.find("builders", name)
    builder = cls()
    spec = InputSpec(("a",), ("k",), (4,))
    one, same, other = (builder.build(spec, 1, seed) for seed in (1, 1, 2))

    assert all((a == b).all() for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))
    assert one.output.shape == (None, 1)


def test_builders_train_on_all_rows_unless_they_say_so():
    y = np.array([0, 1, 0])

    assert registry.build("builders", "mlp").training_rows(y, 0) is None
    assert registry.build("builders", "autoencoder").training_rows(y, 0).tolist() == [True, False, True]
