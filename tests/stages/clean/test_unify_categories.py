"""One spelling."""

import pandas as pd
import pytest

from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.errors import ParameterError, StageError
from appliedml.stages.clean.unify_categories import UnifyCategories


def cleaned(stage, values):
    """One text column through a stage."""
    return stage.clean(Samples(pd.DataFrame({"a": values}))).X["a"].tolist()


def test_spaces_case_and_unicode_come_down_to_one_level():
    values = ["Zürich", "zu\u0308rich ", "ZÜRICH", " third   party"]

    assert cleaned(UnifyCategories(case="lower"), values) == ["zürich"] * 3 + ["third party"]
    assert cleaned(UnifyCategories(case="title"), values) == ["Zürich"] * 3 + ["Third Party"]
    assert cleaned(UnifyCategories(), values)[2:] == ["ZÜRICH", "third party"]


def test_synonyms_are_written_as_declared_whatever_the_case():
    stage = UnifyCategories(case="lower", synonyms={"a": {"Female": ["F", "woman"]}})

    assert cleaned(stage, ["f", " WOMAN", "female", "male"]) == ["Female", "Female", "Female", "male"]
    assert stage.notes_ == ["a: spelling unified in 3 rows."]


def test_sensitive_columns_are_unified_for_the_audits_too():
    table = pd.DataFrame({"y": [0, 1, 1], "sex": ["f", "F ", None], "b": [1, 2, 3]})

    samples = UnifyCategories(case="lower").clean(make_samples(table, Schema("y", ["sex"])))

    assert samples.sensitive["sex"].tolist() == ["f", "f", "unknown"]


def test_an_ordered_category_keeps_its_order():
    kind = pd.CategoricalDtype(["low ", "LOW", "high"], ordered=True)
    samples = Samples(pd.DataFrame({"a": pd.Series(["high", "LOW", None, "low "], dtype=kind)}))

    unified = UnifyCategories(case="lower").clean(samples).X["a"]

    assert unified.cat.categories.tolist() == ["low", "high"]
    assert unified.cat.ordered
    assert unified.astype("str").tolist()[:2] == ["high", "low"]


def test_only_named_columns_are_touched_if_any_are_named():
    samples = Samples(pd.DataFrame({"a": [" x"], "b": [" x"]}))

    assert UnifyCategories(columns=["a"]).clean(samples).X.iloc[0].tolist() == ["x", " x"]


@pytest.mark.parametrize(
    "synonyms",
    [{"a": {"f": ["x"], "m": ["X"]}}, {"a": {"f": ["m"], "m": ["man"]}}, {"a": {"f": ["x"], "F ": ["y"]}}],
)
def test_a_variant_may_stand_for_one_level_only(synonyms):
    with pytest.raises(ParameterError, match="one level|are the same"):
        cleaned(UnifyCategories(case="lower", synonyms=synonyms), ["x"])


def test_numbers_and_unknown_columns_are_refused():
    with pytest.raises(StageError, match="Column 'a' holds int64"):
        cleaned(UnifyCategories(columns=["a"]), [1])
    with pytest.raises(StageError, match="Its columns: 'a'|close to it: 'a'"):
        cleaned(UnifyCategories(synonyms={"zz": {"f": ["x"]}}), ["x"])
