from __future__ import annotations

import pandas as pd

from appliedml.audits import _profile_findings as findings


def titles(found):
    return [finding.title for finding in found]


def test_a_rare_class_is_said_with_its_share():
    (finding,) = findings.class_findings(("no", "yes"), [9_000, 500])
    assert finding.text == "500 of 9,500 rows (5.3 %) are of class yes."


def test_few_rows_of_a_class_are_a_warning():
    assert titles(findings.class_findings(("no", "yes"), [60, 40])) == ["Few rows of class yes"]


def columns(**changes):
    row = {"column": "x", "missing_share": 0.0, "distinct": 9, "top_share": 0.3}
    return pd.DataFrame([row | changes])


def test_constant_and_mostly_missing_columns_are_named():
    assert titles(findings.column_findings(columns(top_share=0.999))) == ["Near-constant columns"]
    assert titles(findings.column_findings(columns(missing_share=0.6))) == ["Columns that are mostly missing"]
    assert not titles(findings.column_findings(columns()))


def missing(shares, rows=("100", "100"), by="sex"):
    return pd.DataFrame(
        {"column": "x", "by": by, "level": ["f", "m"], "rows": rows, "n_missing": "9", "missing_share": shares}
    )


def test_uneven_missingness_is_a_finding_only_between_groups_large_enough():
    (finding,) = findings.missing_findings(missing([0.4, 0.1]))
    assert finding.text == "x is missing in 40 % of f and in 10 % of m."
    assert not list(findings.missing_findings(missing([0.4, 0.35])))
    assert not list(findings.missing_findings(missing([0.4, 0.1], rows=("100", "12"))))


def test_missingness_that_follows_the_class_is_explained():
    (finding,) = findings.missing_findings(missing([0.4, 0.1], by="class"))
    assert "tells the model about the outcome" in finding.text


def proxy(auroc, low, column="(all features)"):
    row = {"sensitive": "Sex", "column": column, "auroc": auroc, "level": "f", "level_auroc": auroc, "low": low}
    return row | {"high": auroc + 0.02, "association": 0.1, "n": 500}


def test_a_sensitive_feature_that_can_be_guessed_is_said_in_plain_words():
    (finding,) = findings.proxy_findings(pd.DataFrame([proxy(0.74, 0.71), proxy(0.7, 0.68, "height")]))

    assert finding.title == "Sex can be guessed from the features: AUROC 0.74"
    assert "height (0.70)" in finding.text


def test_a_near_copy_of_a_sensitive_feature_is_named():
    table = pd.DataFrame([proxy(0.55, 0.5), proxy(0.97, 0.96, "title")])
    assert titles(findings.proxy_findings(table)) == ["A feature stands in for Sex"]


def test_shift_below_chance_is_no_finding():
    shift = pd.DataFrame({"fold": [0], "column": ["x"], "psi": [0.3], "psi_by_chance": [0.4]})
    apart = pd.DataFrame({"fold": [0], "auroc": [0.7], "low": [0.59], "high": [0.8]})

    assert not list(findings.shift_findings(shift, apart))
    assert len(list(findings.shift_findings(shift.assign(psi=0.5), apart.assign(low=0.61)))) == 2


def test_shift_of_rows_that_belong_together_says_so():
    shift = pd.DataFrame({"fold": [0], "column": ["x"], "psi": [0.5], "psi_by_chance": [0.1]})
    apart = pd.DataFrame({"fold": [0], "auroc": [0.7], "low": [0.65], "high": [0.8]})

    texts = [item.text for item in findings.shift_findings(shift, apart, "column patient")]

    assert len(texts) == 2
    assert all("Several rows belong together (column patient)" in text for text in texts)
    assert not any("belong together" in item.text for item in findings.shift_findings(shift, apart))


def test_small_shares_are_not_rounded_to_none():
    rows = pd.DataFrame(
        {"column": "x", "by": "class", "level": ["a", "b"], "rows": "1,000", "missing_share": [0.004, 0.4]}
    )
    (finding,) = findings.missing_findings(rows)

    assert finding.text.startswith("x is missing in 40 % of b and in 0.40 % of a.")


def test_small_groups_are_called_so():
    levels = pd.DataFrame({"sex": ["f"] * 40 + ["x"] * 6})
    (finding,) = findings.group_findings(levels)
    assert "x" in finding.text


def test_repeated_test_rows_weigh_by_their_share():
    table = pd.DataFrame({"fold": [0], "where": ["test row also in train"], "rows": [1000], "n_duplicates": [5]})

    (few,) = findings.duplicate_findings(table)
    (many,) = findings.duplicate_findings(table.assign(n_duplicates=10))

    assert (few.severity, many.severity) == ("info", "warning")
