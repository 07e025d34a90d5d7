from __future__ import annotations

import pandas as pd
import pytest

from appliedml.core.registry import problems_of
from appliedml.errors import StageError
from appliedml.stages.prepare.group_rare_categories import GroupRareCategories


@pytest.fixture
def table():
    return pd.DataFrame({"make": ["VW"] * 5 + ["BMW"] * 3 + ["Jaguar", "Lexus", None], "n": range(11)})


def test_levels_below_the_share_or_count_are_gathered_and_noted(table):
    by_share = GroupRareCategories(min_fraction=0.2)
    by_count = GroupRareCategories(min_fraction=None, min_count=4, label="other")

    assert by_share.fit_transform(table)["make"].tolist()[5:10] == ["BMW", "BMW", "BMW", "rare", "rare"]
    assert by_share.notes_ == ["make: 2 of 4 levels (2 training rows) gathered as 'rare'."]
    assert by_count.fit_transform(table)["make"].tolist()[4:10] == ["VW"] + ["other"] * 5


def test_both_limits_must_be_kept(table):
    assert GroupRareCategories(min_fraction=0.2, min_count=4).fit(table).kept_ == {"make": ["VW"]}


def test_levels_that_training_did_not_know_are_rare_and_missing_stays_missing(table):
    stage = GroupRareCategories(min_count=2).fit(table)

    out = stage.transform(pd.DataFrame({"make": ["Tesla", "VW", None], "n": 0}))["make"]

    assert out.isna().tolist() == [False, False, True]
    assert out.tolist()[:2] == ["rare", "VW"]


def test_a_level_that_is_frequent_in_new_rows_only_stays_rare(table):
    stage = GroupRareCategories(min_count=2).fit(table)

    assert set(stage.transform(pd.DataFrame({"make": ["Lexus"] * 9, "n": 0}))["make"]) == {"rare"}


def test_dtypes_are_kept(table):
    as_category = table.assign(make=table["make"].astype("category"))
    stage = GroupRareCategories(min_count=2)

    assert stage.fit_transform(table)["make"].dtype == "str"
    assert list(stage.fit_transform(as_category)["make"].cat.categories) == ["BMW", "VW", "rare"]


def test_without_a_limit_it_is_refused_in_python_and_in_a_plan(table):
    with pytest.raises(StageError, match="min_fraction or min_count"):
        GroupRareCategories(min_fraction=None).fit(table)
    (problem,) = problems_of("stages", {"group_rare_categories": {"min_fraction": None}}, "pipeline[0]")
    assert "Both are null" in problem.what


def test_a_numeric_column_is_refused(table):
    with pytest.raises(StageError, match="Column 'n'"):
        GroupRareCategories(columns=["n"]).fit(table)
