from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import DataError, ParameterError
from appliedml.metrics import groups
from appliedml.metrics._group_checks import column, scores_of, whole_numbers

TABLE = groups.group_table(["a", "b"] * 20, [1] * 40, [0, 1, 1, 1] * 10)
DRAWS = groups.bootstrap_rates(TABLE, ["accuracy"], n_resamples=20)
GAPS = groups.pairwise_gaps(DRAWS, np.ones((1, 2), dtype=bool))
FIGURES = [groups.group_roc_auc, groups.group_calibration]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"y_pred": [0.2, 0.9]}, r"group_table: y_pred must hold class codes 0 \.\. 1. It holds 0.2. .*\(p >= 0.5\)"),
        ({"y_pred": [0.0, float("nan")]}, "y_pred must hold class codes .* It holds nan"),
        (
            {"y_pred": [[0.2, 0.8], [0.3, 0.7]]},
            r"y_pred must hold one value a row, shape .*. Its shape is \(2, 2\)",
        ),
        ({"y_pred": [[0, 1], [1]]}, "y_pred must hold one value a row. Its rows are of different lengths"),
        ({"y_pred": [0, 3]}, r"group_table: y_pred must hold class codes 0 \.\. 1. It holds 0 \.\. 3"),
        ({"y_pred": 1}, r"y_pred must hold one value a row, shape \(n,\). Its shape is \(\)"),
        ({"y_true": ["no", "yes"]}, "group_table: y_true must hold class codes .* It holds 'no'. Give the position"),
        ({"y_true": [1, None]}, "y_true must hold class codes .* It holds None"),
        ({"y_true": pd.array([1, None], dtype="Int64")}, "y_true must hold class codes .* It holds nan"),
        ({"y_true": [1]}, "needs arrays of one length, a value for each row. There are group 2, y_true 1, y_pred 2."),
        ({"cluster": [1, 2, 3]}, "group 2, y_true 2, y_pred 2, cluster 3"),
        ({"groups": ["a", "b"]}, r"group must hold positions -1 \.\. 1 in groups. It holds 'a'. .*leave groups out"),
        ({"groups": ["a", "b"], "group": [0, 0.5]}, "It holds 0.5"),
        ({"groups": ["a", "b"], "group": [0, 2]}, r"It holds 0 \.\. 2"),
        ({"group": [["a"], ["b"]]}, "group must hold one value a row"),
        ({"group": [], "y_true": [], "y_pred": []}, "group_table: needs rows of a group. There are none. Give"),
        ({"group": [None, None]}, "group_table: needs rows of a group. None of 2 rows has a group. Give at least"),
        ({"groups": ["a"], "group": [-1, -1]}, "None of 2 rows has a group"),
    ],
)
def test_rows_that_cannot_be_counted_are_refused_with_what_to_give(arguments, words):
    with pytest.raises(DataError, match=words):
        groups.group_table(**{"group": ["a", "b"], "y_true": [1, 0], "y_pred": [1, 0], **arguments})


@pytest.mark.parametrize(
    "codes", [[1.0, 0.0], [True, False], pd.array([1, 0], dtype="Int64"), np.array([1, 0], object)]
)
def test_whole_numbers_of_any_type_are_codes(codes):
    assert groups.group_table(["a", "b"], codes, codes).counts.tolist() == [[[0, 0], [0, 1]], [[1, 0], [0, 0]]]


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"score": [0.1, float("nan"), None, 0.9]},
            "score must hold a number for every row. Row 1 has nan, and 2 ",
        ),
        ({"score": ["0.1", "0.2", "0.3", "0.4"]}, "Row 0 has '0.1', and 4 of 4"),
        ({"score": np.full((4, 2), 0.5)}, r"score must hold one value a row, shape \(n,\). Its shape is \(4, 2\)"),
        (
            {"score": [0.1, 0.2]},
            "needs arrays of one length, a value for each row. There are .* y_true 4, score 2",
        ),
        ({"cluster": [1, 2]}, "score 4, cluster 2"),
        ({"y_true": [0, 1, 2, 1]}, r"y_true must hold class codes 0 \.\. 1. It holds 0 \.\. 2"),
        ({"group": [], "y_true": [], "score": []}, "needs rows of a group. There are none. Give at least one row"),
        ({"group": [None] * 4}, "needs rows of a group. None of 4 rows has a group. Give at least one row"),
    ],
)
def test_scores_that_cannot_be_measured_are_refused(figure, arguments, words):
    given = {"group": ["a"] * 4, "y_true": [0, 1, 0, 1], "score": [0.1, 0.2, 0.3, 0.4], **arguments}

    with pytest.raises(DataError, match=f"{figure.__name__}: .*{words}"):
        figure(**given)


def test_calibration_is_of_probabilities_and_auroc_of_any_scores():
    rows = {"group": ["a"] * 4, "y_true": [0, 1, 0, 1], "score": [-3.0, 2.0, -1.0, 4.0]}

    assert groups.group_roc_auc(**rows).value.tolist() == [1.0]
    with pytest.raises(DataError, match=r"must hold probabilities from 0 to 1. It holds -3 \.\. 4. Give the prob"):
        groups.group_calibration(**rows)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("confidence", "hint"), [(95, " Write 0.95."), (1, ""), (0, ""), (-0.5, ""), (float("nan"), ""), ("0.95", "")]
)
def test_a_confidence_is_a_probability(figure, confidence, hint):
    for who, call in (
        (figure.__name__, lambda: figure(["a"] * 2, [0, 1], [0.1, 0.2], confidence=confidence)),
        ("GroupDraws.interval", lambda: DRAWS.interval(confidence)),
        ("pairwise_gaps", lambda: groups.pairwise_gaps(DRAWS, np.ones((1, 2), dtype=bool), confidence)),
    ):
        with pytest.raises(ParameterError) as caught:
            call()
        rule = f"{who}: confidence must be a probability above 0 and below 1. It is {confidence!r}"
        assert str(caught.value) == f"{rule} ({type(confidence).__name__}).{hint}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_resamples": 0}, "bootstrap_rates: n_resamples must be a whole number of at least 1. It is 0"),
        ({"n_resamples": 2.5}, "n_resamples must be a whole number"),
        ({"seed": -1}, "bootstrap_rates: seed must be a whole number of at least 0"),
        ({"names": []}, "names must name a rate. It is empty"),
        ({"table": [[1, 2]]}, r"table must be a GroupTable. It is of type list. Make one of rows: group_table\("),
        ({"names": ["acuracy"]}, "bootstrap_rates: 'acuracy' is not a rate. Known: accuracy, "),
    ],
)
def test_a_bootstrap_that_cannot_be_drawn_is_refused(arguments, words):
    with pytest.raises((DataError, ParameterError), match=words):
        groups.bootstrap_rates(**{"table": TABLE, **arguments})


def test_the_name_of_one_rate_is_as_good_as_a_list_of_it():
    assert groups.bootstrap_rates(TABLE, "accuracy", n_resamples=2).names == ("accuracy",)


@pytest.mark.parametrize("judged", [[True, True], [[True, True, True]], [[1.0, 0.0]], True])
def test_pairs_are_judged_where_it_is_said_for_each_rate_and_group(judged):
    with pytest.raises(DataError, match=r"judged must hold true or false for each rate and group, shape \(1, 2\)"):
        groups.pairwise_gaps(DRAWS, judged)


def test_one_resample_has_no_standard_error():
    with pytest.raises(DataError, match="pairwise_gaps: standard errors need at least 2 resamples. There is 1."):
        groups.pairwise_gaps(groups.bootstrap_rates(TABLE, n_resamples=1), np.ones((8, 2), dtype=bool))


def test_rates_and_groups_of_gaps_are_positions():
    assert GAPS.ratio(0, 0, 1)[0] == 0.5
    for call in (GAPS.pairs, GAPS.largest_gap, GAPS.smallest_ratio):
        with pytest.raises(DataError, match="from 0 to 0. It is 'accuracy'. 'accuracy' is at 0."):
            call("accuracy")
    with pytest.raises(DataError, match="ratio: the group must be a position from 0 to 1. It is 2. They are a, b."):
        GAPS.ratio(0, 2, 1)


def test_classes_are_named_once_each():
    with pytest.raises(DataError, match=r"each named once. It is \['x', 'x', 'y'\]"):
        groups.rates_for(["x", "x", "y"])
    with pytest.raises(DataError, match="each named once. It is 'no'"):
        groups.rates_for("no")


def test_a_column_of_numbers_is_not_copied_and_objects_that_are_no_numbers_are_none():
    numbers = np.array([0.5, 1.0])

    assert column("f", "x", numbers) is numbers
    with pytest.raises(DataError, match="Row 1 has"):
        scores_of("f", pd.Series([0.5, [1]]), probabilities=True)
    with pytest.raises(DataError, match="x must hold codes. It holds inf. Mend it."):
        whole_numbers("f", "x", [1.0, float("inf")], "codes", "Mend it.")
