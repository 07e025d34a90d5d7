from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import StageError
from appliedml.stages.prepare.dates_to_parts import PARTS, DatesToParts


@pytest.fixture
def table():
    times = pd.to_datetime(["2024-12-31 23:59", "2023-02-04 00:00", None])
    return pd.DataFrame({"a": [1, 2, 3], "paid": times, "b": [4, 5, 6]})


def test_every_part_has_its_calendar_value_and_missing_stays_missing(table):
    out = DatesToParts(parts=list(PARTS)).fit_transform(table)

    found = {part: out[f"paid {part}"].tolist()[:2] for part in PARTS}
    assert found == {
        "year": [2024, 2023],
        "quarter": [4, 1],
        "month": [12, 2],
        "day": [31, 4],
        "day_of_year": [366, 35],
        "weekday": [1, 5],
        "hour": [23, 0],
        "minute": [59, 0],
        "is_weekend": [0, 1],
    }
    assert out.filter(like="paid").iloc[2].isna().all()


def test_parts_stand_in_the_place_of_the_column_and_have_it_as_source(table):
    stage = DatesToParts(parts=["year", "month"])

    assert list(stage.fit_transform(table).columns) == ["a", "paid year", "paid month", "b"]
    assert stage.feature_sources_["paid month"] == "paid"
    assert list(DatesToParts(parts=["year"], drop=False).fit_transform(table).columns) == [
        "a",
        "paid",
        "paid year",
        "b",
    ]


def test_cyclical_parts_lie_on_a_circle_where_december_is_beside_january():
    months = pd.DataFrame({"day": pd.date_range("2024-01-15", periods=12, freq="30D")})
    out = DatesToParts(parts=["month", "year", "is_weekend"], cyclical=True).fit_transform(months)

    assert list(out.columns) == ["day month sin", "day month cos", "day year", "day is_weekend"]
    points = out[["day month sin", "day month cos"]].to_numpy()
    np.testing.assert_allclose((points**2).sum(axis=1), 1)
    steps = np.linalg.norm(points[[1, -1]] - points[0], axis=1)
    assert steps[0] == pytest.approx(steps[1])


def test_text_is_read_where_it_is_named_and_unreadable_text_is_missing_and_noted():
    table = pd.DataFrame({"day": ["2024-03-01", "2024-03-02 14:30", "soon", None]})
    stage = DatesToParts(columns=["day"], parts=["hour"])

    np.testing.assert_array_equal(stage.fit_transform(table)["day hour"], [0, 14, np.nan, np.nan])
    assert stage.notes_ == ["day: 1 training values are no points in time; taken as missing."]
    assert list(DatesToParts().fit_transform(table).columns) == ["day"]


def test_new_rows_may_hold_text_where_training_held_times(table):
    stage = DatesToParts(parts=["month"]).fit(table)

    assert stage.transform(table.assign(paid="2024-05-06"))["paid month"].tolist() == [5.0, 5.0, 5.0]


def test_times_with_a_zone_are_read_in_their_zone():
    table = pd.DataFrame({"t": pd.to_datetime(["2024-01-01 23:30"]).tz_localize("Asia/Tokyo")})

    assert DatesToParts(parts=["hour"]).fit_transform(table)["t hour"].tolist() == [23.0]


def test_a_named_column_without_any_point_in_time_is_refused(table):
    with pytest.raises(StageError, match=r"holds no point in time .* 'yesterday'"):
        DatesToParts(columns=["when"]).fit(pd.DataFrame({"when": ["yesterday", "today"]}))
    with pytest.raises(StageError, match="Column 'a'"):
        DatesToParts(columns=["a"]).fit(table)


def test_a_column_of_missing_times_gives_missing_parts():
    table = pd.DataFrame({"t": pd.to_datetime([None, None])})

    assert DatesToParts().fit_transform(table).isna().all(axis=None)
