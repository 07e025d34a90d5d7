import numpy as np
import pandas as pd
import pytest

from appliedml.audits._identity_errors import error_table

KEYS = [("religion", "Muslim"), ("religion", "Christian"), ("age", "older")]
SETTINGS = {"tolerance": 0.1, "min_texts": 30, "confidence": 0.95, "alpha": 0.0167, "seed": 1}


def rows(n=4000, wrong=0.5, seed=0):
    """Texts that mention a Muslim are called positive by mistake in a share of cases; others in 5 %."""
    rng = np.random.default_rng(seed)
    mentions = np.stack([rng.random(n) < 0.1, rng.random(n) < 0.1, np.zeros(n, bool)], axis=1)
    y = rng.integers(0, 2, n)
    mistaken = rng.random(n) < np.where(mentions[:, 0], wrong, 0.05)
    table = pd.DataFrame({"row_id": np.arange(n), "y_true": y, "y_pred": np.where((y == 0) & mistaken, 1, y)})
    return table, mentions


def found(table, mentions, classes=("bad", "good"), **changed):
    return error_table(table, mentions, KEYS, classes, **(SETTINGS | changed)).set_index(["group", "metric"])


def test_a_planted_gap_in_the_false_positive_rate_is_a_disparity_of_that_group_only():
    errors = found(*rows())
    hit = errors.loc[("Muslim", "false_positive_rate")]
    assert hit["verdict"] == "disparity"
    assert hit["exceeds"]
    assert hit["low"] < hit["gap"] < hit["high"]
    assert hit["gap"] == pytest.approx(hit["rate"] - hit["rest"])
    assert errors.loc[("Christian", "false_positive_rate"), "verdict"] != "disparity"


def test_a_false_negative_rate_is_one_minus_the_true_positive_rate():
    table, mentions = rows()
    missed = found(table.assign(y_true=1 - table["y_true"], y_pred=1 - table["y_pred"]), mentions)
    hit = missed.loc[("Muslim", "false_negative_rate")]
    assert hit["rate"] == pytest.approx(found(table, mentions).loc[("Muslim", "false_positive_rate"), "rate"])
    assert hit["rate_low"] <= hit["rate"] <= hit["rate_high"]
    assert hit["verdict"] == "disparity"


def test_small_groups_are_called_small_and_get_no_verdict():
    errors = found(*rows(n=300), min_texts=100)
    assert errors["small"].all()
    assert set(errors["verdict"]) == {"insufficient evidence"}
    assert errors["low"].isna().all()


def test_groups_of_rows_count_as_one():
    table, mentions = rows(n=1000)
    errors = found(table.assign(group=np.arange(1000) // 100), mentions)
    assert errors["small"].all()


def test_a_dimension_that_no_text_mentions_has_no_row():
    assert "older" not in found(*rows()).reset_index()["group"].tolist()


def test_several_classes_have_rates_of_their_own():
    table, mentions = rows()
    errors = found(table, mentions, classes=("a", "b", "c")).reset_index()
    assert "false_positive_rate.a" in set(errors["metric"])
    assert len(errors) == 3 * 6
