from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.report.sections._small_counts import NOT_SHOWN, left_out, without_differences


def cells(*texts):
    return pd.Series(list(texts)), pd.DataFrame({"part": ["a"] * len(texts)})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (("281", "<5"), (NOT_SHOWN, NOT_SHOWN)),
        (("900", "81", "<5"), ("900", NOT_SHOWN, NOT_SHOWN)),
        (("0", "<5"), (NOT_SHOWN, NOT_SHOWN)),
        (("0", "12", "<5"), ("0", NOT_SHOWN, NOT_SHOWN)),
        (("12", "1,281"), ("12", "1,281")),
        (("<5",), ("<5",)),
        (("50", "<5", "<5"), ("50", "<5", "<5")),
    ],
)
def test_a_hidden_count_takes_another_one_with_it_where_it_would_follow(given, shown):
    assert tuple(without_differences(*cells(*given))) == shown


@pytest.mark.parametrize(("total", "hidden"), [(52, NOT_SHOWN), (53, "<5"), (57, "<5"), (58, NOT_SHOWN)])
def test_several_hidden_counts_that_are_all_1_or_all_4_look_like_any_others(total, hidden):
    """Two counts of 1 to 4 add up to 2 or 8 in one way only."""
    found = without_differences(*cells("50", "<5", "<5"), {("a",): total})

    assert found.tolist() == ["50", hidden, hidden]


def test_what_is_left_out_in_one_way_to_add_up_is_covered_in_the_other():
    table = pd.DataFrame(
        {"row": ["r", "r", "s", "s"], "column": ["c", "d", "c", "d"], "n": ["9", "<5", "20", "30"], "share": 0.5}
    )

    found = left_out(table, "n", [("row",), ("column",)], ["share"])

    assert found["n"].tolist() == [NOT_SHOWN] * 4
    assert np.isnan(found["share"]).all()


def test_parts_without_a_small_count_are_left_alone():
    table = pd.DataFrame({"part": ["a", "a", "b", "b"], "n": ["9", "<5", "20", "30"], "share": 0.5})

    found = left_out(table, "n", [("part",)], ["share"])

    assert found["n"].tolist() == [NOT_SHOWN, NOT_SHOWN, "20", "30"]
    assert found["share"].isna().tolist() == [True, True, False, False]
