from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from appliedml.errors import StageError
from appliedml.stages.prepare import encode_categories
from appliedml.stages.prepare.encode_categories import EncodeCategories


@parametrize_with_checks([EncodeCategories(), EncodeCategories("category")])
def test_scikit_learn_checks_pass(estimator, check):
    check(estimator)


@pytest.fixture
def table():
    return pd.DataFrame({"make": ["VW", "BMW", None, "VW"], "n": [1.5, 2.0, 3.0, 4.0], "sex": ["F", "M", "F", "F"]})


@pytest.fixture
def unseen():
    return pd.DataFrame({"make": ["Tesla", "BMW", None], "n": 0.0, "sex": ["F", None, "X"]})


def test_one_hot_makes_a_column_a_level_in_place_of_the_source(table):
    out = EncodeCategories().fit_transform(table)

    assert list(out.columns) == ["make=BMW", "make=VW", "make=missing", "n", "sex=F", "sex=M"]
    assert out["make=VW"].tolist() == [1, 0, 0, 1]
    assert out["make=VW"].dtype == np.int8


def test_one_hot_gives_zeros_for_unknown_levels_and_for_missing_values_that_training_did_not_have(table, unseen):
    out = EncodeCategories().fit(table).transform(unseen)

    assert out.filter(like="make=").to_numpy().tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert out.filter(like="sex=").to_numpy().tolist() == [[1, 0], [0, 0], [0, 0]]


def test_ordinal_codes_follow_the_order_of_the_levels(unseen):
    table = pd.DataFrame(
        {
            "size": pd.Categorical(["l", "s", "m"], categories=["s", "m", "l"], ordered=True),
            "year": [1996, 1994, 1995],
            "make": ["VW", "Audi", None],
        }
    )
    stage = EncodeCategories("ordinal", columns=["make", "size", "year"])

    out = stage.fit_transform(table)

    assert out.to_dict("list") == {"size": [2, 0, 1], "year": [2, 0, 1], "make": [1, 0, 2]}
    assert stage.transform(table.assign(make=["Tesla", "VW", "VW"]))["make"].tolist() == [-1, 1, 1]


def test_category_gives_the_same_categories_for_every_table(table, unseen):
    stage = EncodeCategories("category").fit(table)

    old, new = stage.transform(table), stage.transform(unseen)

    assert list(old["make"].cat.categories) == ["BMW", "VW", "missing", "unknown"]
    assert old["make"].tolist() == ["VW", "BMW", "missing", "VW"]
    assert old["make"].dtype == new["make"].dtype
    assert new["make"].tolist() == ["unknown", "BMW", "missing"]
    assert new["sex"].tolist() == ["F", "missing", "unknown"]


@pytest.mark.parametrize("method", ["one_hot", "ordinal", "target", "category"])
def test_infrequent_levels_form_a_group_that_unknown_levels_join(method):
    table = pd.DataFrame({"make": ["VW"] * 6 + ["BMW"] * 4 + ["Jaguar", "Lexus"]})
    y = [1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0]
    by_count = EncodeCategories(method, min_frequency=3, random_state=0).fit(table, y)
    by_share = EncodeCategories(method, min_frequency=0.25, random_state=0).fit(table, y)
    by_room = EncodeCategories(method, max_categories=3, random_state=0).fit(table, y)

    for stage in (by_count, by_share, by_room):
        assert stage.levels_ == {"make": ["BMW", "VW"]}
        out = stage.transform(pd.DataFrame({"make": ["Jaguar", "Tesla", "VW"]}))
        assert out.iloc[0].tolist() == out.iloc[1].tolist() != out.iloc[2].tolist()
    assert by_count.notes_ == ["make: 2 of 4 levels (2 training rows) are infrequent."]


def test_max_categories_makes_no_group_where_there_is_room():
    table = pd.DataFrame({"make": ["VW", "BMW", "Audi"]})

    assert list(EncodeCategories(max_categories=3).fit(table).feature_sources_) == ["make=Audi", "make=BMW", "make=VW"]
    assert list(EncodeCategories(max_categories=2).fit(table).feature_sources_) == ["make=Audi", "make=infrequent"]


def test_target_gives_training_rows_values_that_do_not_come_from_their_own_label():
    """A level per row carries nothing: out of fold, each row is unknown and gets a mean of the other rows."""
    table = pd.DataFrame({"id": [f"row {i}" for i in range(40)]})
    y = np.tile([0, 1], 20)
    stage = EncodeCategories("target", random_state=0)

    crossfitted = stage.fit_transform(table, y)["id"]

    assert crossfitted.to_numpy() == pytest.approx(np.full(40, 0.5))
    assert np.corrcoef(stage.transform(table)["id"], y)[0, 1] > 0.99


def test_a_pipeline_with_target_encoding_does_not_learn_the_labels_of_unique_levels():
    table = pd.DataFrame({"id": [f"row {i}" for i in range(60)]})
    y = np.tile([0, 1], 30)

    model = make_pipeline(EncodeCategories("target", random_state=0), DecisionTreeClassifier(random_state=0))

    assert len(model.fit(table, y)[-1].tree_.feature) == 1


def test_target_is_the_shrunk_mean_of_the_labels_and_unknown_is_the_overall_mean():
    table = pd.DataFrame({"make": ["VW"] * 50 + ["BMW"] * 50})
    y = np.r_[np.ones(40), np.zeros(10), np.ones(10), np.zeros(40)].astype(int)

    out = EncodeCategories("target").fit(table, y).transform(pd.DataFrame({"make": ["VW", "BMW", "Tesla", None]}))

    assert out["make"].tolist() == pytest.approx([0.8, 0.2, 0.5, 0.5], abs=0.01)


def test_target_has_a_column_for_each_of_several_classes(table):
    stage = EncodeCategories("target", random_state=0)
    rows = pd.concat([table] * 3)
    out = stage.fit_transform(rows, np.repeat(["a", "b", "c"], 4))

    assert list(out.columns) == [
        *(f"make: {c}" for c in "abc"),
        "n",
        *(f"sex: {c}" for c in "abc"),
    ]
    assert set(stage.feature_sources_.values()) == {"make", "n", "sex"}


def test_target_works_for_numbers_as_labels(table):
    out = EncodeCategories("target").fit(table, [0.1, 2.7, 3.3, 0.2]).transform(table)

    assert out["make"].notna().all()


def test_target_needs_labels_and_two_rows_of_each_class(table):
    with pytest.raises(StageError, match="needs labels"):
        EncodeCategories("target").fit(table)
    with pytest.raises(StageError, match=r"Rows by class: \{'0': 3, '1': 1\}"):
        EncodeCategories("target").fit(table, [0, 0, 0, 1])


def test_booleans_become_numbers_except_for_category(table):
    flags = table.assign(flag=[True, False, True, True])
    nullable = table.assign(flag=pd.array([True, None, False, True], dtype="boolean"))

    assert EncodeCategories().fit_transform(flags)["flag"].dtype == np.int8
    assert EncodeCategories("category").fit_transform(flags)["flag"].dtype == np.bool_
    np.testing.assert_array_equal(EncodeCategories().fit_transform(nullable)["flag"], [1.0, np.nan, 0.0, 1.0])


def test_a_numeric_column_is_a_category_only_when_named(table):
    assert "n" in EncodeCategories().fit(table).feature_sources_
    assert "n=1.5" in EncodeCategories(columns=["n"]).fit(table).feature_sources_


def test_a_level_named_like_a_group_is_that_level():
    table = pd.DataFrame({"make": ["unknown", "missing", None, "VW"]})

    out = EncodeCategories("category").fit_transform(table)["make"]

    assert list(out.cat.categories) == ["VW", "missing", "unknown"]
    assert out.tolist() == ["unknown", "missing", "missing", "VW"]


def test_one_hot_of_a_column_that_names_the_row_is_refused_with_ways_out(monkeypatch):
    monkeypatch.setattr(encode_categories, "MAX_ONE_HOT", 5)
    table = pd.DataFrame({"id": list("abcdef")})

    with pytest.raises(StageError, match="would make 6 columns of 'id'"):
        EncodeCategories().fit(table)
    assert len(EncodeCategories(max_categories=6).fit(table).feature_sources_) == 6
    assert len(EncodeCategories("ordinal").fit(table).feature_sources_) == 1
