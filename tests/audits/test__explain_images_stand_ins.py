"""Wholly hidden pictures beside the range of the others' scores."""

from dataclasses import replace

import numpy as np
import pytest

from appliedml.audits._explain_images_stand_ins import score_range, stand_in_findings, stand_in_table
from appliedml.core.artifact import Severity


def item(base, span=(0.1, 0.9), fold=0, outputs=(1,), classes=("no", "yes")):
    base = np.array(base, dtype=float).reshape(-1, len(outputs))
    known = np.repeat(np.array(span, dtype=float)[:, None], len(outputs), axis=1)
    return {"fold": fold, "classes": classes, "outputs": outputs, "base_values": base, "score_range": known,
            "n_test": 50}  # fmt: skip


def said(*items, hidden="mean", output="probability"):
    return list(stand_in_findings(stand_in_table(items), {"hidden": hidden, "output": output}))


def test_the_range_is_that_of_the_folds_own_scores_on_the_explained_scale(make_film_folds):
    fold = make_film_folds()[0]
    odds = replace(fold, probabilities=np.tile([[0.5, 0.5]], (len(fold.test), 1)))

    low, high = score_range(fold, (1,), "probability")[:, 0]

    assert (fold.probabilities[:, 1] < low).sum() == 1
    assert (fold.probabilities[:, 1] > high).sum() == 1
    assert score_range(odds, (0, 1), "log_odds").tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_the_table_counts_hidden_pictures_outside_fold_by_fold_and_class_by_class():
    table = stand_in_table([item([0.5, 0.95]), item([0.05, 0.05], fold=1)])
    three = stand_in_table([item([[0.2, 0.2, 0.95]], outputs=(0, 1, 2), classes=("a", "b", "c"))])

    assert table["n_outside"].tolist() == [1, 2]
    assert table[["hidden", "hidden_low", "hidden_high"]].iloc[0].tolist() == pytest.approx([0.725, 0.5, 0.95])
    assert table[["low", "high", "n_test"]].iloc[1].tolist() == [0.1, 0.9, 50]
    assert three[["output", "n_outside"]].to_numpy().tolist() == [["a", 0], ["b", 0], ["c", 1]]


def test_a_stand_in_outside_the_range_is_a_warning_that_names_its_score_the_range_and_what_to_try():
    (found,) = said(item([0.5, 0.5]), item([1.0, 1.0], fold=1))

    assert found.severity is Severity.WARNING
    assert found.title == "The stand-in of hidden regions does not look like a picture to the network"
    assert "2 of 4 wholly hidden images lie outside the range of the pictures' own scores" in found.text
    assert "In fold 1 the stand-in itself (the mean colour of the training images" in found.text
    assert "has a score of 1. The scores of the pictures lie between 0.1 and 0.9 (1 % to 99 %)." in found.text
    assert "Try another value of hidden: with training," in found.text


@pytest.mark.parametrize("base", [[0.1] * 10, [0.9] * 10, [0.5] * 9 + [0.99], [0.9 + 1e-8] * 10])
def test_ends_of_the_range_rounding_and_one_picture_in_ten_are_no_warning(base):
    assert said(item(base)) == []


def test_the_class_the_scale_and_the_spread_are_named_where_there_are_several():
    (three,) = said(item([[0.5, 0.5, 0.95]] * 2, outputs=(0, 1, 2), classes=("a", "b", "c")))
    (odds,) = said(item([-9, -8], span=(-3, 3)), hidden="blur", output="log_odds")
    (known,) = said(item([0.99]), hidden="training")

    assert "a score of class c of 0.95." in three.text
    assert "(the blurred image, nothing else shown) has log-odds of -9 to -8." in odds.text
    assert "pictures' own log-odds" in odds.text
    assert "Raise background_images, or try another value of hidden." in known.text


def test_the_fold_furthest_outside_speaks_and_one_without_a_picture_outside_never_does():
    (found,) = said(item([0.95] * 2, fold=0), item([0.99] * 2, fold=1), item([0.9] * 2, fold=2))

    assert "In fold 1 " in found.text
