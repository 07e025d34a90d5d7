import pytest

from appliedml.report._comparison_words import better_word, label, rows_compared, signed, with_ends
from appliedml.report.values import ABSENT


def test_names_are_words_with_their_class():
    assert label("roc_auc") == "AUROC"
    assert label("gap.true_positive_rate.<b>owl") == "Gap in true positive rate (<b>owl)"
    assert label("something_new") == "something_new"


def test_a_difference_shows_its_sign_and_a_zero_none():
    assert [signed(value) for value in (0.1, -0.1, 0.0, float("nan"))] == [
        "+0.100",
        "\N{MINUS SIGN}0.100",
        "0.000",
        ABSENT,
    ]
    assert with_ends(0.1, float("nan"), 1) == "+0.100 (no interval)"


@pytest.mark.parametrize(
    ("same", "paired", "words"),
    [
        (True, True, "the same 7 rows"),
        (False, True, "the 7 rows that both tested"),
        (False, False, "may come from the rows"),
    ],
)
def test_which_rows_were_compared_is_one_sentence(same, paired, words):
    rows = {"a": 9, "b": 8, "both": 7}
    assert words in rows_compared({"same_rows": same, "paired": paired, "rows": rows, "n_compared": [9, 8]})


def test_what_is_better_is_said_from_the_view_of_b():
    row = {"low": -0.1, "high": 0.2, "sought": "higher"}
    assert better_word(row | {"better": "a"}) == "B is worse"
    assert better_word(row | {"better": "neither", "sought": ""}) == "no direction is better"
    assert better_word(row | {"better": "not shown"}) == "no difference shown"


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.015, 0.028, "differs; not shown nearer to 0"),
        (-0.028, -0.015, "differs; not shown nearer to 0"),
        (-0.01, 0.02, "no difference shown"),
        (0.0, 0.0, "no difference shown"),
        (float("nan"), float("nan"), "no difference shown"),
    ],
)
def test_a_measure_with_a_target_may_differ_and_be_as_far_from_it(low, high, word):
    row = {"better": "not shown", "low": low, "high": high, "sought": "near 0"}
    assert better_word(row) == word
    assert better_word(row | {"better": "b"}) == "B is better"
    # Gaps have no target; their direction comes from the interval itself.
    del row["sought"]
    assert better_word(row) == "no difference shown"
