"""Dropping columns by name."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.errors import StageError
from appliedml.stages.clean.drop_columns import DropColumns

TABLE = pd.DataFrame({"y": [0, 1], "a": [1, 2], "number": [7, 8], "sex": ["f", "m"]})


def test_a_feature_goes_and_the_sensitive_column_stays():
    samples = make_samples(TABLE, Schema("y", ["sex"], sensitive_as_features=True))

    cleaned = DropColumns(["number", "sex"]).clean(samples)

    assert cleaned.X.columns.tolist() == ["a"]
    assert cleaned.sensitive["sex"].tolist() == ["f", "m"]


def test_absent_names_are_refused_with_what_is_close_or_passed_over():
    samples = make_samples(TABLE, Schema("y", ["sex"]))

    with pytest.raises(StageError, match=r"'numer' is not in the table. Columns close to it: 'number'"):
        DropColumns(["numer"]).clean(samples)
    with pytest.raises(StageError, match="it is the sensitive column"):
        DropColumns(["sex"]).clean(samples)
    assert DropColumns(["numer", "number"], absent="ignore").clean(samples).X.columns.tolist() == ["a"]


def test_something_must_be_left():
    with pytest.raises(StageError, match="all 1 features"):
        DropColumns(["a"]).clean(Samples(pd.DataFrame({"a": [1]})))
    with pytest.raises(StageError, match="works on tables"):
        DropColumns(["a"]).clean(Samples(np.zeros((2, 2))))
