import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate

from appliedml.compose.pipeline import Pipeline
from appliedml.core.samples import Samples, as_samples, make_samples
from appliedml.core.schema import Schema
from appliedml.errors import DataError


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(size=60),
            "age": rng.integers(18, 80, 60),
            "sex": ["f", "m"] * 30,
            "customer": np.repeat(np.arange(20), 3),
            "day": np.arange(60),
            "w": 1.0,
            "y": [0, 1, 1, 0, 1, 0] * 10,
        }
    )


@pytest.fixture
def samples(table):
    schema = Schema(
        "y", ["sex", {"age_band": {"column": "age", "edges": [40]}}], group="customer", time="day", weight="w"
    )
    return make_samples(table, schema)


def test_named_columns_are_not_features(samples):
    assert samples.X.columns.tolist() == ["x"]


def test_sensitive_columns_are_features_only_when_the_schema_says_so(table):
    schema = Schema("y", ["sex"], ignore=["customer", "day", "w"], sensitive_as_features=True)
    assert make_samples(table, schema).X.columns.tolist() == ["x", "age", "sex"]


def test_scikit_learn_indexes_samples_with_an_ellipsis(samples):
    rows = np.array([3, 1])
    assert samples[rows, ...].row_id.tolist() == [3, 1]


def test_parts_move_together_through_slices_masks_and_positions(samples):
    for key in (slice(10, 14), np.arange(60) % 7 == 0, [5, 2, 9]):
        part = samples[key]
        expected = np.arange(60)[key]
        assert part.row_id.tolist() == expected.tolist()
        assert part.X["x"].tolist() == samples.X["x"].to_numpy()[expected].tolist()
        assert part.y.tolist() == samples.y[expected].tolist()
        assert part.sensitive["sex"].tolist() == samples.sensitive["sex"].to_numpy()[expected].tolist()


def test_a_mask_of_another_length_is_refused(samples):
    with pytest.raises(DataError, match="one value per row"):
        samples[np.array([True, False])]


def test_cross_validate_takes_samples_as_x_without_metadata_routing(samples):
    pipeline = Pipeline([LogisticRegression()])
    found = cross_validate(pipeline, samples, samples.y, cv=GroupKFold(4), groups=samples.group)
    assert np.isfinite(found["test_score"]).all()


def test_grid_search_takes_samples_as_x_and_reaches_into_the_steps(samples):
    search = GridSearchCV(Pipeline([LogisticRegression()]), {"logistic_regression__C": [0.1, 10.0]}, cv=2)
    search.fit(samples, samples.y)
    assert search.best_params_["logistic_regression__C"] in (0.1, 10.0)
    assert search.best_params_["logistic_regression__C"] == clone(search.best_estimator_).steps[0].C


def test_bands_are_computed_after_cleaning_changed_the_source_column(samples):
    table = samples.table
    table["age"] = table["age"].astype(float).where(table["age"] < 60)
    cleaned = samples.with_table(table)
    assert (cleaned.sensitive["age_band"] == "unknown").sum() == int((samples.table["age"] >= 60).sum())
    assert cleaned.X.columns.tolist() == ["x"]


def test_row_ids_must_be_unique():
    meta = pd.DataFrame({"row_id": [1, 1], "origin": "observed"})
    with pytest.raises(DataError, match="occurs 2 times"):
        Samples(np.zeros((2, 1)), [0, 1], meta)


def test_parts_of_different_length_are_refused():
    with pytest.raises(DataError, match="X has 2, y 3"):
        Samples(np.zeros((2, 1)), [0, 1, 0])


def test_an_absent_column_is_named_with_those_close_to_it(table):
    with pytest.raises(DataError, match=r"'custmer' is not in the table. Columns close to it: 'customer'"):
        make_samples(table, Schema("y", group="custmer"))


def test_no_feature_left_is_refused(table):
    with pytest.raises(DataError, match="no feature is left"):
        make_samples(table[["y", "sex"]], Schema("y", ["sex"]))


def test_the_fingerprint_changes_with_any_cell(samples):
    changed = samples.replace(y=np.r_[1 - samples.y[0], samples.y[1:]])
    same = samples[np.arange(60)]
    assert len({same.fingerprint(), samples.fingerprint()}) == 1
    assert changed.fingerprint() != samples.fingerprint()


def test_the_card_escapes_what_it_shows():
    samples = as_samples(pd.DataFrame({"<script>": ["<b>x</b>"]}), [0])
    assert "<script>" not in samples._repr_html_()
    assert "<b>x" not in samples._repr_html_()
