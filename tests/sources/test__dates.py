"""Times, read and derived."""

import pandas as pd
import pytest

from appliedml.errors import DataError
from appliedml.sources._dates import derive_time, parse_time

WEEKS = {"name": "t", "year": "y", "month": "m", "week_of_month": "w"}


def test_weeks_are_dated_by_their_first_day_and_stay_in_their_month():
    parts = pd.DataFrame(
        {"y": [1994, 1995, 1996, 1996, None], "m": ["Jan", "february", 2, "12", "Dec"], "w": [1, 5, 5, 2, 1]}
    )

    times = derive_time("Table", parts, WEEKS)["t"]

    assert times.dt.strftime("%Y-%m-%d").tolist()[:4] == ["1994-01-01", "1995-02-28", "1996-02-29", "1996-12-08"]
    assert pd.isna(times.iloc[4])


def test_days_are_taken_as_they_are_and_month_alone_is_its_first_day():
    parts = pd.DataFrame({"y": [2024], "m": [2], "d": [29]})

    assert derive_time("Table", parts, {"name": "t", "year": "y", "month": "m", "day": "d"})["t"][0].day == 29
    assert derive_time("Table", parts, {"name": "t", "year": "y", "month": "m"})["t"][0].day == 1


@pytest.mark.parametrize(
    ("parts", "spec", "sentence"),
    [
        ({"y": [1994], "m": ["Janu"], "w": [0]}, WEEKS, r"'w' as a week of the month from 1 to 5. Row 1 holds"),
        ({"y": [1994, 1994], "m": ["Jan", "0"], "w": [1, 1]}, WEEKS, r"'m' as a month .* Row 2 holds '0' \(1 such"),
        ({"y": [1994], "month": ["Jan"], "w": [1]}, WEEKS, r"month column 'm', which the table lacks"),
        ({"y": [1994], "m": ["Jan"], "w": [1], "t": [0]}, WEEKS, r"would replace the column 't'"),
        (
            {"y": [2023], "m": [2], "w": [30]},
            {"name": "t", "year": "y", "month": "m", "day": "w"},
            r"day 30 in a month of 28 days, in row 1",
        ),
        ({"y": [1], "m": [1], "w": [1]}, {**WEEKS, "day": "w"}, r"week_of_month or day"),
    ],
)
def test_parts_that_make_no_date_are_refused_with_the_first_row(parts, spec, sentence):
    with pytest.raises(DataError, match=sentence):
        derive_time("Table", pd.DataFrame(parts), spec)


def test_offsets_become_utc_and_gaps_stay_gaps():
    times = parse_time("Table", pd.Series(["2024-03-31T00:00+02:00", None]))

    assert times.iloc[0] == pd.Timestamp("2024-03-30 22:00")
    assert pd.isna(times.iloc[1])


def test_a_wrong_format_is_named():
    with pytest.raises(DataError, match="'%Q' is not a strptime format"):
        parse_time("Table", pd.Series(["2024"]), "%Q")


def test_numbers_stay_and_datetimes_lose_their_zone():
    assert parse_time("Table", pd.Series([3, 1])).tolist() == [3, 1]
    zoned = pd.Series(pd.to_datetime(["2024-01-01T01:00"]).tz_localize("Europe/Berlin"))
    assert parse_time("Table", zoned).iloc[0] == pd.Timestamp("2024-01-01")


def test_a_declared_format_reads_numbers_as_digits():
    assert parse_time("Table", pd.Series([20240131]), "%Y%m%d").iloc[0] == pd.Timestamp("2024-01-31")
