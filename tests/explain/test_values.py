"""The result object."""

import re
import tomllib
from importlib.metadata import requires

import numpy as np
import pytest

from appliedml.explain.exact import exact_shapley
from appliedml.explain.table import TableMasker
from appliedml.explain.values import ShapleyValues, relative

RNG = np.random.default_rng(0)


def explained(n_outputs):
    masker = TableMasker(RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3)))
    return exact_shapley(masker, lambda x: np.column_stack([x.prod(axis=1) * (k + 1) for k in range(n_outputs)]))


def test_to_shap_gives_what_shaps_plots_take():
    found = explained(1)

    shown = found.to_shap(data=np.ones((4, 3)))

    assert shown.values.shape == (4, 3)
    np.testing.assert_allclose(shown.values.sum(axis=1) + shown.base_values, found.scores[:, 0])
    assert shown.feature_names == ["x0", "x1", "x2"]


def test_to_shap_keeps_several_outputs():
    shown = explained(2).to_shap(output_names=("cat", "dog"))

    assert shown.values.shape == (4, 3, 2)
    assert list(shown.output_names) == ["cat", "dog"]


def test_the_extra_that_to_shap_names_holds_what_shaps_plots_need(root):
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (named,) = re.findall(r"appliedml\[(\w+)\]", ShapleyValues.to_shap.__doc__)

    assert any(re.match(r'matplotlib\b.*extra == "plots"', need) for need in requires("shap"))
    assert any(re.match(r"matplotlib\b", package) for package in extras[named])


def test_relative_error_is_0_where_nothing_is_explained_and_infinite_where_something_is_made_up():
    assert relative(np.zeros(3), np.zeros(3)) == 0
    assert relative(np.ones(3), np.zeros(3)) == float("inf")


def test_the_residual_is_measured_not_assumed():
    found = explained(1)
    broken = type(found)(**{**vars(found), "values": found.values * 0.5})

    assert found.additivity_residual == pytest.approx(0, abs=1e-12)
    assert broken.additivity_residual > 0.01
