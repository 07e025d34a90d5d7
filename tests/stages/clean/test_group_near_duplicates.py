"""Joining the groups of near-duplicates."""

import numpy as np
import pandas as pd

from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.core.texts import Texts
from appliedml.sources.text_table import TextTable
from appliedml.splits.group_kfold import GroupKFold
from appliedml.stages.clean.group_near_duplicates import GroupNearDuplicates

LONG = "we have bought this tea for many years now and it has never once let us down in all that time"
OTHER = "the box came late and the tins inside were dented so that I sent all of it back the next day"


def samples(texts, groups, labels=None):
    table = pd.DataFrame(
        {"x": 0, "who": groups, "y": labels or ["a", "b"] * (len(texts) // 2) + ["a"] * (len(texts) % 2)}
    )
    return make_samples(table, Schema("y", group="who")).replace(X=Texts(texts))


def test_groups_that_share_a_text_become_one_under_the_first_name():
    stage = GroupNearDuplicates()
    given = samples([OTHER, LONG, "short one", LONG + "!", OTHER.upper(), "one more"], list("abccbd"), list("abaabb"))

    joined = stage.clean(given)

    # b has LONG and OTHER, a has OTHER, c has LONG: all are one.
    assert joined.group.tolist() == ["a", "a", "a", "a", "a", "d"]
    assert stage.changed_rows_.tolist() == [False, True, True, True, True, False]
    assert stage.notes_[0] == (
        "4 rows are in 2 families of near-duplicates (Jaccard 0.8 or more): 4 groups became 2 groups."
    )
    assert stage.notes_[1] == "2 of them have another label than the first of their family."


def test_without_groups_every_family_becomes_one_and_other_rows_stay_alone():
    stage = GroupNearDuplicates()
    given = Samples(Texts([LONG, OTHER, LONG, None]), [0, 1, 0, 1])

    assert stage.clean(given).group.tolist() == [0, 1, 0, 3]
    assert stage.changed_rows_.tolist() == [False, False, True, False]
    assert "group" not in given.meta


def test_missing_groups_are_one_group_as_they_are_for_the_splits():
    joined = GroupNearDuplicates().clean(samples([LONG, OTHER, LONG], [None, None, "a"]))

    assert pd.isna(joined.group).all()


def test_equal_short_texts_never_straddle_folds():
    rng = np.random.default_rng(0)
    texts = [*["very good", "Very  good!"] * 10, "", " ", *(f"text number {i}" for i in range(40))]
    given = Samples(Texts(texts), rng.permutation(np.arange(len(texts)) % 2))
    stage = GroupNearDuplicates()
    joined = stage.clean(given)

    assert joined.group[:22].tolist() == [0] * 20 + [20] * 2
    assert len(set(joined.group.tolist())) == 42
    assert stage.notes_[-1] == "62 texts of fewer than 5 words compared for equality only."
    for _, test in GroupKFold(folds=3).split(joined):
        assert np.isin(np.arange(20), test).mean() in (0, 1)


def test_near_duplicates_of_the_real_reviews_never_straddle_folds(root):
    schema = Schema("score", group="product", row_id="review_id")
    stage = GroupNearDuplicates()
    joined = stage.clean(TextTable("data/reviews.parquet").read(schema, folder=root))

    names = pd.Series(joined.group)
    assert (len(joined), names.nunique()) == (5000, 4970)
    # A few hundred rows are enough for the split: those in families of several rows, and some others.
    some = joined[names.duplicated(keep=False).to_numpy() | (np.arange(5000) % 20 == 0)]
    texts = pd.Series(list(some.X))
    assert texts.duplicated().sum() == 27
    for train, test in GroupKFold(folds=3).split(some):
        assert not set(texts[train]) & set(texts[test])
