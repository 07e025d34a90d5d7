from __future__ import annotations

from appliedml.report import _dense_charts, figures


def test_figures_offers_the_charts_of_points_and_cells():
    assert figures.scatter_chart is _dense_charts.scatter_chart
    assert figures.heatmap_chart is _dense_charts.heatmap_chart
