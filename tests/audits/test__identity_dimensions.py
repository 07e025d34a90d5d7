import numpy as np
import pandas as pd
import pytest

from appliedml.audits._identity_dimensions import ALIKE, NEVER_SEEN, dimension_table, unknown_findings
from appliedml.audits._identity_terms import find_dimensions
from appliedml.core.artifact import Severity

JOB = find_dimensions(["job"], {"job": {"care": ["nurse"], "law": ["lawyer"]}})
ROW = {
    "kind": "term", "dimension": "job", "item": "nurse", "gap": 0.02, "low": 0.01, "high": 0.03, "wide_low": -0.5,
    "wide_high": 0.54, "models_low": 0.015, "models_high": 0.025, "fold_low": 0.015, "fold_high": 0.025,
    "verdict": "within tolerance",
}  # fmt: skip
NOTHING = ROW | dict.fromkeys(("gap", "low", "high", "wide_low", "wide_high", "fold_low", "fold_high"), 0.0)


def summed(*rows, seen=(0, 0)):
    return dimension_table(JOB, pd.DataFrame(rows), np.zeros((3, 2), dtype=bool), np.array(seen, dtype=float), 0.05)


def test_within_tolerance_needs_the_whole_interval_within():
    row = summed(ROW).iloc[0]
    assert (row["verdict"], row["low"], row["high"]) == ("within tolerance", 0.0, 0.03)
    assert summed(ROW, ROW | {"high": 0.06}).iloc[0]["verdict"] == "insufficient evidence"
    assert summed(ROW | {"gap": 0.06}).iloc[0]["verdict"] == "insufficient evidence"


def test_a_disparity_has_the_interval_of_its_largest_proven_gap():
    proven = {"verdict": "disparity", "item": "lawyer", "gap": -0.2, "models_low": -0.3, "models_high": -0.1}
    unproven = {"verdict": "insufficient evidence", "gap": 0.6, "low": -1.0, "high": 1.0}
    row = summed(ROW | proven, ROW | unproven).iloc[0]
    assert (row["largest_item"], row["largest"], row["low"], row["high"]) == ("lawyer", 0.2, 0.1, 0.3)


def test_ends_are_clipped_and_an_open_interval_stays_open():
    assert summed(ROW | {"high": 2.5}).iloc[0]["high"] == 1.0
    row = summed(ROW | {"low": np.nan, "high": np.nan, "wide_low": np.nan, "wide_high": np.nan}).iloc[0]
    assert np.isnan(row["low"])
    assert np.isnan(row["high"])
    assert row["verdict"] == "insufficient evidence"


def test_a_dimension_without_any_judged_gap_is_not_judged():
    row = summed(ROW | {"dimension": "other"}).iloc[0]
    assert row["verdict"] == "insufficient evidence"
    assert np.isnan(row["largest"])
    assert row["remark"] == ""


@pytest.mark.parametrize(("seen", "remark"), [((0, 0), NEVER_SEEN), ((3, 0), ALIKE)])
def test_terms_without_any_effect_are_called_unknown_only_where_no_training_text_has_them(seen, remark):
    table = summed(NOTHING, NOTHING, seen=seen)
    assert table.iloc[0]["remark"] == remark
    assert table.iloc[0]["verdict"] == "within tolerance"
    (finding,) = unknown_findings(table)
    assert finding.severity is Severity.INFO
    assert finding.text.startswith(f"job: {remark}.")


def test_one_term_with_an_effect_is_enough_to_be_known():
    table = summed(NOTHING, ROW)
    assert not table.iloc[0]["unknown"]
    assert unknown_findings(table) == []
