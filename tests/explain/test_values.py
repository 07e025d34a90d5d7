"""The result object."""

import re
import tomllib
from importlib.metadata import requires

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import StageError
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


@pytest.mark.parametrize("data", [np.ones((4, 2)), np.ones((4, 4)), np.ones((3, 3)), np.ones(4)])
def test_to_shap_refuses_data_of_other_rows_or_columns(data):
    """shap's plots would show the wrong values beside the bars, or fail far from the cause."""
    with pytest.raises(StageError, match=r"shape \(4, 3\). Its shape is .* with the columns x0, x1, x2"):
        explained(1).to_shap(data=data)


def test_to_shap_puts_the_columns_of_a_table_into_the_order_of_the_players():
    table = pd.DataFrame({"x2": [2.0] * 4, "x0": [0.0] * 4, "x1": [1.0] * 4})

    assert explained(1).to_shap(data=table).data.tolist() == [[0.0, 1.0, 2.0]] * 4


def test_to_shap_needs_a_name_for_each_output():
    with pytest.raises(StageError, match="There are 2 outputs, output_names holds 1"):
        explained(2).to_shap(output_names=("cat",))


@pytest.fixture
def pyplot():
    """shap's own plots need matplotlib, an extra."""
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_shaps_bars_are_the_mean_sizes_of_the_values(pyplot):
    import shap

    found = explained(1)

    axes = shap.plots.bar(found.to_shap(data=np.ones((4, 3))), show=False)

    sizes = np.abs(found.values[:, :, 0]).mean(axis=0)
    assert sorted(bar.get_width() for bar in axes.patches) == pytest.approx(sorted(sizes))
    names = [label.get_text() for label in axes.get_yticklabels() if label.get_text()]
    assert names[:3] == [f"x{place}" for place in np.argsort(-sizes)]


def test_shaps_waterfall_ends_at_the_score_of_the_row(pyplot):
    import shap

    found = explained(1)

    axes = shap.plots.waterfall(found.to_shap(data=np.arange(12.0).reshape(4, 3))[1], show=False)

    axes.figure.canvas.draw()
    texts = [label.get_text() for one in axes.figure.axes for label in one.get_xticklabels()]
    # shap writes no zeros at the end.
    ends = [re.sub(r"[^-0-9.]", "", text.replace("\N{MINUS SIGN}", "-")) for text in texts]
    assert found.scores[1, 0] in [pytest.approx(float(end), abs=6e-4) for end in ends if end]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert {"3 = x0", "4 = x1", "5 = x2"} <= set(labels)


def test_shaps_swarm_has_a_point_for_each_row_of_one_of_several_outputs(pyplot):
    import shap

    found = explained(2)

    axes = shap.plots.beeswarm(found.to_shap(np.ones((4, 3)), ("cat", "dog"))[:, :, "dog"], show=False)

    points = np.concatenate([cloud.get_offsets()[:, 0] for cloud in axes.collections])
    assert sorted(points) == pytest.approx(sorted(found.values[:, :, 1].ravel()))


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


def test_rows_without_values_are_left_out_of_the_errors():
    found = explained(1)
    part = type(found)(**{**vars(found), "values": np.where(np.arange(4)[:, None, None] < 3, found.values, np.nan)})

    assert part.explained.tolist() == [True, True, True, False]
    assert part.additivity_residual == pytest.approx(0, abs=1e-12)
    assert (part.relative_error, part.mean_standard_error) == (0, 0)
