import pandas as pd

from appliedml.audits._identity_findings import coverage_finding, error_findings, gap_findings
from appliedml.core.artifact import Severity

ROW = {"kind": "term", "dimension": "gender", "item": "she", "against": None, "class": "good", "gap": -0.2, "low": -0.3,
       "high": 0.1, "models_low": -0.25, "models_high": -0.15, "verdict": "disparity", "noticed": False}  # fmt: skip


def test_what_is_shown_is_a_problem_and_what_is_noticed_a_warning():
    table = pd.DataFrame(
        [ROW, ROW | {"dimension": "age", "item": "old", "verdict": "insufficient evidence", "noticed": True}]
    )
    shown, noticed = gap_findings(table, 0.05, 5)

    assert shown.severity is Severity.PROBLEM
    assert shown.text.startswith("Term 'she' against the others: -0.200 (-0.250 to -0.150).")
    assert noticed.severity is Severity.WARNING
    assert noticed.title == "Identity gaps without proof: age"


def test_nothing_is_said_of_gaps_within_tolerance():
    assert gap_findings(pd.DataFrame([ROW | {"verdict": "within tolerance"}]), 0.05, 5) == []


def test_own_sentences_and_classes_are_named_and_the_rest_counted():
    rows = [ROW | {"kind": "own", "item": "male", "against": "female", "gap": 0.3}]
    rows += [ROW | {"item": f"t{k}", "class": "bad"} for k in range(5)]
    (found,) = gap_findings(pd.DataFrame(rows), 0.05, 5)
    assert found.text.startswith("In own sentences, male instead of female changes the score by +0.300")
    assert "for class 'good'" in found.text
    assert "; and 2 more." in found.text


def test_an_error_gap_says_whether_it_exceeds():
    row = {
        "dimension": "religion", "group": "any", "metric": "false_positive_rate", "n_counted": 200, "n_rest": 900,
        "rate": 0.3, "rest": 0.1, "gap": 0.2, "low": 0.12, "high": 0.28, "verdict": "disparity", "exceeds": True,
    }  # fmt: skip
    muslim = row | {"group": "Muslim", "low": 0.02}
    found = error_findings(pd.DataFrame([row, muslim, muslim | {"gap": 0.08, "exceeds": False}]), 0.1)
    first, second, third = found
    assert [one.severity for one in found] == [Severity.PROBLEM, Severity.WARNING, Severity.WARNING]
    assert "beyond the tolerance of 0.1" in first.text
    assert "by estimate beyond, possibly within the tolerance" in second.text
    assert "corrected), possibly within the tolerance" in third.text
    assert first.title == "Errors differ in texts that mention an identity of religion"
    assert "false positive rate is 0.300 in 200 texts" in first.text


def test_coverage_is_told():
    counts = {"n_texts": 50, "n_with_term": 9, "n_swappable": 7, "n_swapped": 5}
    assert "7 name one group of a dimension only and can be swapped, and 5" in coverage_finding(counts, ["age"]).text
    assert coverage_finding(counts | {"n_with_term": 0}, ["age"]).text.endswith("Only templates were judged.")
