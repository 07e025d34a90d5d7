"""The audit on real pipelines of few rows."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.audits.table_robustness import TableRobustness
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError
from appliedml.stages.prepare.encode_categories import EncodeCategories
from appliedml.stages.prepare.impute_missing import ImputeMissing
from appliedml.store.run import read_artifact, write_artifact


def rows(n=400, n_classes=2, fine=False):
    """Customers of ten rows; the amount tells the class, in steps so fine that noise hides them if ``fine``."""
    rng = np.random.default_rng(5)
    y = rng.integers(0, n_classes, n)
    amount = 100.0 * rng.integers(0, 9, n) + y if fine else 10.0 * y + rng.normal(0, 4, n)
    return pd.DataFrame({
        "y": y,
        "amount": amount,
        "kind": np.where(rng.random(n) < 0.7, "abc"[0], "b"),
        "sex": rng.choice(["f", "m"], n),
        "customer": np.arange(n) // 10,
        "entry": [f"secret{k}" for k in range(n)],
    })  # fmt: skip


class LastDigit(LogisticRegression):
    """Sees nothing but what is left of an amount after full hundreds."""

    def fit(self, X, y, sample_weight=None):
        """Nothing but the classes is learned."""
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        """Return the rest as the chance of class 1."""
        rest = np.clip(np.asarray(X["amount"], dtype=float) % 100, 0, 1)
        return np.column_stack([1 - rest, rest])


class NoNumber(LastDigit):
    """Scores missing amounts with NaN, as a network would."""


def folds_of(table=None, steps=None, n_folds=2, group="customer", **schema):
    table = rows() if table is None else table
    ignore = ["entry"] if group else ["entry", "customer"]
    samples = make_samples(table, Schema("y", sensitive=["sex"], group=group, ignore=ignore, **schema))
    parts, made = np.arange(len(table)) // 10 % n_folds, []
    for number in range(n_folds):
        train, test = samples[parts != number], samples[parts == number]
        default = [ImputeMissing(), EncodeCategories(), LogisticRegression(max_iter=1000)]
        pipeline = Pipeline(default if steps is None else steps(), random_state=1).fit(train)
        p = pipeline.predict_proba(test)
        classes = tuple(map(str, pipeline.classes_))
        made.append(
            Fold(
                number, n_folds, classes, train, test, pipeline, p, pipeline.codes(p), pipeline.threshold_,
                pd.DataFrame(), number,
            )
        )  # fmt: skip
    return made


def conclude(folds, **parameters):
    audit = TableRobustness(**({"n_resamples": 100, "max_rows": 200} | parameters))
    return audit.conclude([pickle.loads(pickle.dumps(audit.examine(fold))) for fold in folds])


def of(artifact, perturbation, metric):
    curves = artifact.tables["curves"]
    return curves[(curves["perturbation"] == perturbation) & (curves["metric"] == metric)].set_index("severity")


def test_performance_falls_with_the_share_of_missing_values_and_flips_rise():
    artifact = conclude(folds_of())
    values = of(artifact, "missing", "roc_auc")
    assert values["severity_title"].tolist() == ["as it is", "5 % of cells", "10 % of cells", "20 % of cells"]
    assert values["value"].is_monotonic_decreasing
    assert values.loc[3, "difference"] == pytest.approx(values.loc[3, "value"] - values.loc[0, "value"])
    assert values.loc[3, "difference_high"] < 0
    flips = of(artifact, "missing", "flip_rate")
    assert flips["value"].is_monotonic_increasing
    assert flips.loc[3, "low"] < flips.loc[3, "value"] < flips.loc[3, "high"]


def test_noise_far_below_the_signal_is_within_tolerance():
    artifact = conclude(folds_of(), perturbations=["noise"], most_loss=0.1)
    assert of(artifact, "noise", "roc_auc").loc[1, "verdict"] == "within tolerance"
    assert artifact.status is Status.OK
    assert artifact.findings == ()


def test_a_model_of_fine_steps_is_called_out_at_the_mildest_degree_alone():
    artifact = conclude(folds_of(rows(fine=True), lambda: [LastDigit()]), perturbations=["noise"])
    values = of(artifact, "noise", "roc_auc")
    assert values["verdict"].tolist() == ["", "warning", "", ""]
    assert artifact.status is Status.WARNING
    (found,) = artifact.findings
    assert (found.severity, found.title) == (Severity.WARNING, "Performance falls: noise on numbers")
    assert found.text.startswith("At 0.1 standard deviations the AUROC is ")
    assert "0.02 is the most that is acceptable" in found.text


def test_a_larger_loss_may_be_accepted():
    folds = folds_of(rows(fine=True), lambda: [LastDigit()])
    assert conclude(folds, perturbations=["noise"], most_loss=0.9).status is Status.OK


def test_a_pipeline_that_refuses_missing_values_has_this_as_its_result():
    folds = folds_of(steps=lambda: [EncodeCategories(), LogisticRegression(max_iter=1000)])
    artifact = conclude(folds)
    assert artifact.summary["refused"] == ["missing"]
    refusals = artifact.tables["refusals"]
    assert refusals["severity"].tolist() == [1, 2, 3]
    assert set(refusals["folds"]) == {2}
    assert set(artifact.tables["curves"]["perturbation"]) == {"noise", "unknown_categories"}
    (found,) = [one for one in artifact.findings if one.severity is Severity.INFO]
    assert found.title == "Missing values are refused"
    assert "5 % of cells, 10 % of cells, 20 % of cells, in 2 of 2 folds" in found.text
    assert not artifact.scores["subset"].str.contains("missing").any()


def test_scores_that_are_no_numbers_are_a_refusal_too():
    artifact = conclude(folds_of(rows(fine=True), lambda: [NoNumber()]), perturbations=["missing"])
    assert set(artifact.tables["refusals"]["error"]) == {"DataError"}
    assert artifact.tables["curves"].empty
    assert artifact.status is Status.OK


def test_decisions_that_all_stay_have_an_interval_with_a_width():
    artifact = conclude(folds_of(rows(fine=True), lambda: [LastDigit()]), perturbations=["unknown_categories"])
    flips = of(artifact, "unknown_categories", "flip_rate").loc[1]
    assert (flips["value"], flips["low"]) == (0, 0)
    assert 0 < flips["high"] < 0.2


def test_several_classes_are_judged_by_accuracy():
    artifact = conclude(folds_of(rows(n_classes=3)), perturbations=["missing"])
    assert artifact.summary["metric"] == "accuracy"
    assert list(artifact.tables["curves"]["metric"].unique()) == ["accuracy", "flip_rate"]
    assert of(artifact, "missing", "accuracy").loc[3, "difference"] < 0


def test_sensitive_columns_are_disturbed_only_if_they_are_features():
    kept, used = (
        conclude(folds_of(sensitive_as_features=flag), perturbations=["missing"]).tables["columns"]["column"].tolist()
        for flag in (False, True)
    )
    assert kept == ["amount", "kind"]
    assert used == ["amount", "kind", "sex"]


def test_whole_groups_are_sampled_and_resampled():
    audit = TableRobustness(max_rows=45)
    evidence = [audit.examine(fold) for fold in folds_of()]
    assert [len(item["y"]) for item in evidence] == [40, 40]
    assert all(pd.Series(item["units"]).value_counts().eq(10).all() for item in evidence)
    assert conclude(folds_of()).summary["resampled"] == "groups"
    assert conclude(folds_of(group=None)).summary["resampled"] == "rows"


def test_what_has_no_column_to_disturb_is_said():
    artifact = conclude(folds_of(rows().drop(columns="kind"), lambda: [ImputeMissing(), LogisticRegression()]))
    assert [one.title for one in artifact.findings if one.severity is Severity.INFO] == [
        "Unknown categories: not measured"
    ]


def test_the_same_seed_gives_the_same_figures_and_another_does_not():
    folds = folds_of()
    first, second, other = (conclude(folds, max_rows=100, random_state=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first.tables["curves"], second.tables["curves"])
    assert not first.tables["curves"].equals(other.tables["curves"])


def test_the_artifact_is_stored_with_gateable_scores_and_without_any_cell(tmp_path):
    artifact = conclude(folds_of(steps=lambda: [EncodeCategories(), LogisticRegression(max_iter=1000)]))
    write_artifact(tmp_path / "a", artifact)
    again = read_artifact(tmp_path / "a")
    for name, table in artifact.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, check_dtype=False)
    scores = artifact.scores.set_index(["metric", "subset"])
    assert ("robustness.roc_auc", "perturbation=noise&severity=2") in scores.index
    assert ("robustness.flip_rate", "perturbation=unknown_categories&severity=1") in scores.index
    worst = scores.loc[("robustness.largest_loss.roc_auc", "all")]
    assert worst["low"] <= worst["value"] <= worst["high"]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert b"secret" not in stored


def test_texts_are_not_applicable():
    samples = Samples(Texts(["a", "b"]), np.array([0, 1]))
    fold = Fold(0, 1, ("a", "b"), samples, samples, None, np.zeros((2, 2)), samples.y, 0.5, pd.DataFrame(), 0)
    assert conclude([fold]).status is Status.NOT_APPLICABLE


def test_broken_parameters_are_refused():
    with pytest.raises(ParameterError, match="perturbations"):
        conclude(folds_of(), perturbations=["missings"])
    with pytest.raises(ParameterError, match="most_loss"):
        conclude(folds_of(), most_loss=2)
