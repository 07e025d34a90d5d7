from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.fairness import Fairness
from appliedml.core.artifact import SCORE_COLUMNS, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema
from appliedml.errors import ParameterError
from appliedml.store.run import read_artifact, write_artifact

N_FOLDS = 3


def people(n=6000, gap=0.0, seed=0):
    """Decisions with a known true positive rate: 0.7 -+ gap / 2 by sex; everything else alike."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"sex": rng.choice(["F", "M"], n), "age": rng.integers(18, 80, n)})
    table["y"] = (rng.random(n) < 0.3).astype(int)
    found = 0.7 + np.where(table["sex"] == "M", gap / 2, -gap / 2)
    table["y_pred"] = (rng.random(n) < np.where(table["y"] == 1, found, 0.1)).astype(int)
    table["score"] = np.where(table["y_pred"] == 1, 0.5, 0.0) + 0.499 * rng.random(n)
    return table


def folds_of(table, sensitive=("sex", {"age_band": {"column": "age", "edges": [30, 50]}}), group=None, classes=None):
    """Real folds: three parts of the table with its decisions and scores."""
    schema = Schema("y", sensitive=list(sensitive), group=group)
    meta = pd.DataFrame({"row_id": table.get("row_id", pd.Series(np.arange(len(table)))), "origin": "observed"})
    if group:
        meta["group"] = table[group]
    for column in schema.sensitive_columns:
        meta[f"sensitive.{column}"] = table[column].astype(object)
    classes = classes or ("no", "yes")
    part = np.arange(len(table)) % N_FOLDS
    for number in range(N_FOLDS):
        rows = table[part == number]
        # Each fold has rows of its own: repeated predictions of one row lie in different folds.
        test = Samples(rows[["score"]], rows["y"].to_numpy(), meta[part == number], schema)
        score = rows["score"].to_numpy()
        probabilities = np.column_stack([1 - score, score]) if len(classes) == 2 else np.full((len(rows), 3), 1 / 3)
        threshold = 0.5 if len(classes) == 2 else None
        predictions = rows["y_pred"].to_numpy()
        yield Fold(
            number, N_FOLDS, classes, test[:2], test, None, probabilities, predictions, threshold, pd.DataFrame(), 7
        )


def audit(table, sensitive=None, group=None, classes=None, **parameters):
    fairness = Fairness(**parameters)
    extra = {} if sensitive is None else {"sensitive": sensitive}
    return fairness.conclude(
        [fairness.examine(fold) for fold in folds_of(table, group=group, classes=classes, **extra)]
    )


def verdicts(artifact, metric="true_positive_rate"):
    return {feature: found[metric] for feature, found in artifact.summary["verdicts"].items()}


def test_a_planted_disparity_is_found_where_it_is_and_nowhere_else():
    artifact = audit(people(24_000, gap=0.2))

    assert verdicts(artifact) == {"sex": "disparity", "age_band": "within tolerance", "sex & age_band": "disparity"}
    assert artifact.summary["verdicts"]["sex"]["equalised_odds"] == "disparity"
    assert artifact.summary["verdicts"]["sex"]["false_positive_rate"] == "within tolerance"
    assert artifact.status == Status.PROBLEM
    first = artifact.findings[0]
    assert (first.severity, first.title) == (
        Severity.PROBLEM,
        "Disparity by sex: the gap exceeds the tolerance",
    )
    assert "F (0." in first.text
    assert artifact.summary["worst"]["feature"] == "sex"


def test_a_gap_that_may_be_below_the_tolerance_is_not_said_to_exceed_it():
    artifact = audit(people(3_000, gap=0.2), tolerance=0.15)
    row = artifact.tables["gaps"].query("feature == 'sex' and metric == 'true_positive_rate'").iloc[0]

    assert 0 < row["low"] < 0.15 < row["gap"]
    first = artifact.findings[0]
    assert first.title == "Disparity by sex: the estimated gap exceeds the tolerance, its interval reaches below it"


def test_equal_treatment_is_within_tolerance_and_few_rows_are_insufficient_evidence():
    plenty, few = audit(people(60_000)), audit(people(500))

    assert set(verdicts(plenty).values()) == {"within tolerance"}
    assert "disparity" not in str(few.summary["verdicts"])
    assert few.status == Status.WARNING
    assert any(finding.title == "Insufficient evidence by sex" for finding in few.findings)


def test_a_surely_small_difference_is_within_tolerance_and_says_so():
    rows = audit(people(60_000, gap=0.05), sensitive=["sex"], tolerance=0.15).tables["gaps"].set_index("metric")

    row = rows.loc["true_positive_rate"]
    assert row["low"] > 0
    assert row["verdict"] == "within tolerance"
    assert "There is a difference, but a tolerable one." in row["note"]


def test_the_tolerance_decides():
    table = people(9000, gap=0.2)

    assert verdicts(audit(table, sensitive=["sex"], tolerance=0.5))["sex"] == "within tolerance"
    assert "exceeds the tolerance of 0.01" in audit(table, sensitive=["sex"], tolerance=0.01).findings[0].text


def test_gaps_and_ratios_are_those_of_the_rates_by_group():
    tables = audit(people(gap=0.2), sensitive=["sex"]).tables
    rates = tables["by_group"].set_index("level")
    gaps = tables["gaps"].set_index("metric")

    for metric in (
        "selection_rate",
        "true_positive_rate",
        "false_positive_rate",
        "positive_predictive_value",
        "accuracy",
    ):
        low, high = sorted(rates[metric])
        assert gaps.loc[metric, "gap"] == pytest.approx(high - low)
        assert gaps.loc[metric, "ratio"] == pytest.approx(low / high)
        assert gaps.loc[metric, "low"] <= high - low <= gaps.loc[metric, "high"]
    odds = gaps.loc["equalised_odds"]
    assert odds["gap"] == max(gaps.loc["true_positive_rate", "gap"], gaps.loc["false_positive_rate", "gap"])
    assert odds["high"] == max(gaps.loc["true_positive_rate", "high"], gaps.loc["false_positive_rate", "high"])
    assert rates.loc["F", "n_positive"] + rates.loc["F", "n_negative"] == rates.loc["F", "n"]


def test_bands_keep_their_order_and_unknown_people_are_counted_last_and_not_compared():
    table = people(3000).astype({"age": float})
    table.loc[:400, "age"] = np.nan
    # Whoever is of unknown age is never selected: a gap, if they were compared.
    table.loc[:400, ["y_pred", "score"]] = [0, 0.1]

    left_out, judged = audit(table), audit(table, judge_unknown=True)

    by_group = left_out.tables["by_group"].query("feature == 'age_band'")
    assert by_group["level"].tolist() == ["under 30", "30 to 49", "50 and over", "unknown"]
    assert by_group["judged"].tolist() == [True, True, True, False]
    features = left_out.tables["features"].set_index("feature")
    assert features.loc[["age_band", "sex & age_band"], "n_unknown"].tolist() == [401, 401]
    assert features.loc["age_band", "n_levels"] == 3
    assert "unknown" not in set(left_out.tables["pairs"]["group_a"]) | set(left_out.tables["pairs"]["group_b"])
    assert "unknown" not in set(left_out.tables["impact_ratio"]["level"])
    assert verdicts(left_out)["age_band"] != "disparity"
    assert verdicts(judged)["age_band"] == "disparity"
    (warning,) = [finding for finding in left_out.findings if finding.title.startswith("People of unknown age_band")]
    assert (warning.severity, warning.title) == (
        Severity.WARNING,
        "People of unknown age_band are treated differently",
    )
    assert "True positive rate of unknown 0.000 (of " in warning.text
    assert left_out.status == Status.WARNING
    assert not any("People of unknown" in finding.title for finding in judged.findings)
    assert judged.tables["unknown"].empty
    notes = left_out.tables["gaps"].set_index("feature")["note"]
    assert notes["age_band"].str.endswith("401 people of unknown level are not compared.").all()
    assert not notes["sex"].str.contains("unknown level").any()


def test_a_difference_whose_size_is_open_is_a_warning_and_one_beyond_the_tolerance_a_problem():
    table = people(9000, gap=0.1)

    open_, beyond = (audit(table, sensitive=["sex"], tolerance=each) for each in (0.125, 0.02))

    assert verdicts(open_)["sex"] == verdicts(beyond)["sex"] == "disparity"
    assert (open_.status, beyond.status) == (Status.WARNING, Status.PROBLEM)
    assert open_.findings[0].severity == Severity.WARNING
    assert "its size against the tolerance is open" in open_.findings[0].title
    assert beyond.findings[0].severity == Severity.PROBLEM
    assert open_.tables["gaps"].set_index("metric")["exceeds"].sum() == 0


def test_without_two_judged_groups_there_is_no_gap_anywhere():
    table = people(2000)
    table["y"] = table["y"].where(np.arange(len(table)) < 60, 0)

    artifact = audit(table, sensitive=["sex"])

    odds = artifact.tables["gaps"].set_index("metric").loc["equalised_odds"]
    assert odds["n_groups"] < 2
    assert odds[["gap", "low", "high", "lowest_rate", "ratio", "ratio_low", "ratio_high"]].isna().all()
    assert (odds["lowest_group"], odds["highest_group"]) == ("", "")
    assert not artifact.scores["metric"].isin(["gap.equalised_odds", "ratio.equalised_odds"]).any()
    assert "gap.false_positive_rate" in set(artifact.scores["metric"])


def test_a_small_group_is_named_and_no_verdict_rests_on_it():
    table = people(4000)
    table["sex"] = table["sex"].where(np.arange(len(table)) >= 60, "X")
    table.loc[:60, "y_pred"] = 1

    artifact = audit(table, sensitive=["sex"])

    small = artifact.tables["too_small"]
    assert set(small["level"]) == {"X"}
    assert small["found"].tolist() == [60] * len(small)
    assert set(small["needed"]) == {100}
    assert artifact.tables["gaps"]["n_too_small"].eq(1).all()
    assert not artifact.tables["gaps"][["lowest_group", "highest_group"]].eq("X").any(axis=None)
    assert "disparity" not in str(artifact.summary["verdicts"])
    assert any("Too small to judge in full: X." in finding.text for finding in artifact.findings)
    assert artifact.tables["gaps"]["note"].str.startswith("Among the 2 of 3 groups judged: ").all()
    impact = artifact.tables["impact_ratio"].set_index("level")
    assert impact.loc["X", "reading"] == "too small to judge"
    assert np.isnan(impact.loc["X", "low"])


def test_minimums_are_counted_in_groups_of_rows_and_intervals_widen():
    """Ten equal rows a customer are one customer's evidence."""
    once = people(900, gap=0.2)
    copies = once.loc[once.index.repeat(10)].reset_index(drop=True)
    copies["customer"] = np.repeat(np.arange(900), 10)

    alone = audit(copies, sensitive=["sex"])
    clustered = audit(copies, sensitive=["sex"], group="customer")
    strict = audit(copies, sensitive=["sex"], group="customer", min_positives=500)

    wide = clustered.tables["gaps"].set_index("metric").loc["true_positive_rate"]
    narrow = alone.tables["gaps"].set_index("metric").loc["true_positive_rate"]
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])
    assert (clustered.summary["clustered"], clustered.summary["n_units"]) == (True, 900)
    assert clustered.tables["by_group"]["n_units"].sum() == 900
    assert strict.summary["verdicts"]["sex"]["true_positive_rate"] == "insufficient evidence"
    assert alone.tables["too_small"].empty


def test_repeated_predictions_of_a_row_are_resampled_together():
    table = people(600)
    repeated = pd.concat([table, table.sample(frac=1, random_state=0)]).reset_index(drop=True)
    part = np.arange(len(repeated)) % N_FOLDS
    repeated["row_id"] = 0
    for number in range(N_FOLDS):
        repeated.loc[part == number, "row_id"] = np.arange((part == number).sum())

    artifact = audit(repeated, sensitive=["sex"])

    assert (artifact.summary["clustered"], artifact.summary["n_units"]) == (True, 400)
    assert "repeated predictions" in artifact.summary["resampling"]


def test_intersections_are_all_pairs_those_named_or_none():
    table = people(2000).assign(region="n")
    table.loc[::2, "region"] = "s"
    sensitive = ["sex", "region", {"age_band": {"column": "age", "edges": [50]}}]

    def names(**parameters):
        return audit(table, sensitive=sensitive, **parameters).tables["features"]["feature"].tolist()[3:]

    assert names() == names(intersections="pairs") == ["sex & region", "sex & age_band", "region & age_band"]
    assert names(intersections=[["region", "sex", "age_band"]]) == ["region & sex & age_band"]
    assert names(intersections=[]) == []


def test_more_features_are_corrected_for():
    table = people(3000)

    one, three = audit(table, sensitive=["sex"]), audit(table)

    assert one.summary["confidence_per_feature"] == pytest.approx(0.95)
    assert three.summary["confidence_per_feature"] == pytest.approx(1 - 0.05 / 3)
    width = [found.tables["features"]["standard_errors"].iloc[0] for found in (one, three)]
    assert width[0] < width[1]


def test_resamples_are_added_until_the_corrected_tail_holds_twenty():
    assert audit(people(600), n_resamples=100).summary["n_resamples"] == 1200


def test_impact_ratios_are_set_against_the_highest_group_or_the_one_named():
    table = people(6000)
    table.loc[table["sex"] == "F", "y_pred"] *= np.random.default_rng(0).integers(0, 2, (table["sex"] == "F").sum())
    highest = audit(table, sensitive=["sex"]).tables["impact_ratio"].set_index("level")
    named = audit(table, sensitive=["sex"], reference={"sex": "F"}).tables["impact_ratio"].set_index("level")

    assert highest["reference"].eq("M").all()
    assert highest.loc["F", "reading"] == "below 0.80"
    assert highest.loc["F", "low"] < highest.loc["F", "ratio"] < highest.loc["F", "high"] < 0.8
    assert named.loc["M", "ratio"] == pytest.approx(1 / highest.loc["F", "ratio"])
    assert named.loc["F", "reading"] == "reference"


@pytest.mark.parametrize(
    ("reference", "sentence"), [({"sex": "Q"}, "'Q' is not a level"), ({"x": "F"}, "not a judged")]
)
def test_a_reference_that_does_not_exist_is_said(reference, sentence):
    findings = audit(people(600), sensitive=["sex"], reference=reference).findings

    assert any(sentence in finding.text for finding in findings)


def test_without_sensitive_features_the_audit_does_not_apply():
    artifact = audit(people(60), sensitive=[])

    assert artifact.status == Status.NOT_APPLICABLE
    assert "No sensitive feature" in artifact.reason


def test_a_feature_of_one_level_is_not_judged_and_the_others_are():
    table = people(2000).assign(country="x")

    only = audit(table, sensitive=["country"])
    both = audit(table, sensitive=["country", "sex"])

    assert only.status == Status.NOT_APPLICABLE
    assert "only one level, 'x'" in only.reason
    features = both.tables["features"].set_index("feature")
    assert features["status"].to_dict() == {"country": "not applicable", "sex": "judged"}
    assert any(finding.title == "country is not judged" for finding in both.findings)


def test_a_feature_with_a_level_for_everybody_and_a_strange_intersection_are_not_judged():
    table = people(600).assign(name=[f"n{i}" for i in range(600)])

    features = audit(table, sensitive=["name", "sex"], intersections=[["sex", "nose"]]).tables["features"]

    reasons = features.set_index("feature")["reason"]
    assert "more than 50" in reasons["name"]
    assert "'nose' is not a sensitive feature" in reasons["sex & nose"]


def test_with_three_classes_recall_of_every_class_is_judged():
    rng = np.random.default_rng(9)
    table = people(6000)
    table["y"] = rng.integers(0, 3, len(table))
    wrong = rng.random(len(table)) < np.where((table["sex"] == "F") & (table["y"] == 2), 0.5, 0.1)
    table["y_pred"] = np.where(wrong, (table["y"] + 1) % 3, table["y"])

    artifact = audit(table, sensitive=["sex"], classes=("cat", "dog", "owl"))

    found = artifact.summary["verdicts"]["sex"]
    assert found["true_positive_rate.owl"] == "disparity"
    assert found["true_positive_rate.cat"] == "within tolerance"
    assert found["equalised_odds.owl"] == "disparity"
    assert artifact.tables["frontier"].empty
    assert "roc_auc" not in artifact.tables["by_group"]
    assert set(artifact.tables["impact_ratio"]["class"]) == {"cat", "dog", "owl"}


def test_scores_are_rates_by_group_and_corrected_gaps_by_feature():
    artifact = audit(people(), sensitive=["sex"])
    scores = artifact.scores
    gaps = artifact.tables["gaps"].set_index("metric")

    assert tuple(scores.columns) == SCORE_COLUMNS
    row = scores[(scores["metric"] == "gap.true_positive_rate") & (scores["subset"] == "sex")].iloc[0]
    assert (row["fold"], row["n"]) == (-1, 6000)
    assert row["high"] == gaps.loc["true_positive_rate", "high"]
    assert {"ratio.selection_rate", "gap.equalised_odds"} <= set(scores["metric"])
    assert {"roc_auc", "observed_minus_predicted", "true_positive_rate"} <= set(
        scores.loc[scores["subset"] == "sex=F", "metric"]
    )
    assert not scores.duplicated(["metric", "fold", "subset"]).any()


def test_metrics_choose_what_is_judged():
    gaps = audit(people(), sensitive=["sex"], metrics=["true_positive_rate"]).tables["gaps"]

    assert gaps["metric"].tolist() == ["true_positive_rate"]


def test_equal_inputs_give_equal_artifacts_and_they_survive_the_disk(tmp_path):
    first, again = audit(people(900)), audit(people(900))
    other = audit(people(900), random_state=1)
    write_artifact(tmp_path / "fairness", first)

    read = read_artifact(tmp_path / "fairness")

    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
        pd.testing.assert_frame_equal(table, read.tables[name], check_dtype=False)
    assert read.summary["verdicts"] == first.summary["verdicts"]
    assert not first.tables["by_group"].equals(other.tables["by_group"])


def test_no_row_of_one_class_breaks_the_audit():
    table = people(600)
    table["y"] = 0

    artifact = audit(table, sensitive=["sex"])

    assert artifact.summary["verdicts"]["sex"]["true_positive_rate"] == "insufficient evidence"
    assert "Fewer than two groups" in str(artifact.tables["gaps"]["note"].tolist())


@pytest.mark.parametrize(
    "parameters", [{"tolerance": 0}, {"metrics": ["recall"]}, {"intersections": [["sex"]]}, {"confidence": 1}]
)
def test_wrong_parameters_are_refused_before_anything_is_kept(parameters):
    (name,) = parameters

    with pytest.raises(ParameterError, match=f"Fairness: {name} must be"):
        audit(people(60), **parameters)
