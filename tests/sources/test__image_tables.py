"""Pictures and their table become samples; what was skipped is accounted for."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.images import Images
from appliedml.core.schema import Schema
from appliedml.errors import DataError
from appliedml.sources._image_tables import image_samples, read_report

SCHEMA = Schema("y", sensitive=["sex"], group="patient")


def pictures(n, names=None):
    drawn = Images.of(np.zeros((n, 4, 4), dtype=np.uint8))
    return Images(drawn.items, drawn.decoder, (4, 4), 1, names)


def facts(n=4, **columns):
    table = {"y": [0, 1] * (n // 2), "sex": ["F", "M"] * (n // 2), "patient": range(n), "note": "x"}
    return pd.DataFrame({**table, **columns})


def test_the_pictures_are_the_only_feature():
    samples = image_samples("T", pictures(4), facts(), SCHEMA)

    assert isinstance(samples.X, Images)
    assert set(samples.meta) == {"row_id", "group", "origin", "sensitive.sex"}
    assert samples.y.tolist() == [0, 1, 0, 1]


def test_rows_are_called_as_their_pictures_unless_the_schema_says_otherwise():
    names = ["a.png", "b.png", "c.png", "d.png"]

    assert image_samples("T", pictures(4, names), facts(), SCHEMA).row_id.tolist() == names
    schema = Schema("y", row_id="patient")
    assert image_samples("T", pictures(4, names), facts(), schema).row_id.tolist() == [0, 1, 2, 3]


def test_a_picture_in_two_rows_is_refused():
    with pytest.raises(DataError, match=r"'a\.png' stands in 2"):
        image_samples("T", pictures(4, ["a.png", "b.png", "a.png", "c.png"]), facts(), SCHEMA)


def test_a_split_column_goes_to_the_meta_table_under_one_spelling():
    table = facts(split=["Training", "valid", "TEST", "other"])

    assert image_samples("T", pictures(4), table, SCHEMA).meta["split"].tolist() == ["train", "val", "test", "other"]


def test_times_are_read_as_times():
    table = facts(day=["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04"])

    samples = image_samples("T", pictures(4), table, Schema("y", time="day"))

    assert pd.api.types.is_datetime64_any_dtype(samples.time)


def test_a_column_that_is_absent_is_named():
    with pytest.raises(DataError, match="target column 'diagnosis' is not in the table"):
        image_samples("T", pictures(4), facts(), Schema("diagnosis"))


def test_samples_can_be_cut_and_keep_their_pictures():
    samples = image_samples("T", pictures(4, list("abcd")), facts(split=["train"] * 4), SCHEMA)[[3, 1]]

    assert samples.X.names == ("d", "b")
    assert samples.row_id.tolist() == ["d", "b"]
    assert "split" in samples.meta


def test_the_report_counts_by_kind_and_by_sensitive_group():
    kept = np.array([True, False, True, False])
    bad = [("b.png", "truncated", "ends early"), ("d.png", "missing", "does not exist")]

    report = read_report(facts(), SCHEMA, kept, bad)

    assert (report["n_listed"], report["n_read"], report["n_skipped"]) == (4, 2, 2)
    assert report["kinds"] == {"missing": 1, "truncated": 1}
    assert report["by_group"] == [
        {"feature": "sex", "level": "F", "rows_in": 2, "dropped": 0},
        {"feature": "sex", "level": "M", "rows_in": 2, "dropped": 2},
    ]
    assert report["notes"] == ["2 of 4 pictures were skipped: 1 missing, 1 truncated."]
    assert not any("png" in note for note in report["notes"])  # a file's name may name a person


def test_the_report_comes_with_the_samples():
    report = read_report(facts(), SCHEMA, np.ones(4, dtype=bool), [])

    assert image_samples("T", pictures(4), facts(), SCHEMA, report).read_report == report
    assert report["notes"] == []
