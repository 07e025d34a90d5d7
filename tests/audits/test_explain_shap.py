"""The audit on real pipelines, small."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from appliedml.audits.explain_shap import PERSONAL_DATA, ExplainShap
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import make_samples
from appliedml.core.schema import Schema
from appliedml.errors import ParameterError, StageError
from appliedml.store.run import read_artifact, write_artifact


def people(n_rows=400, seed=0, n_columns=3):
    """The score follows ``wage`` for women only, and ``kind`` for all."""
    rng = np.random.default_rng(seed)
    woman = rng.random(n_rows) < 0.5
    table = pd.DataFrame({f"noise{k}": rng.normal(size=n_rows) for k in range(n_columns)})
    table["wage"] = np.where(woman, rng.normal(0, 3, n_rows), rng.normal(0, 0.3, n_rows))
    table["kind"] = rng.choice(["a", "b", "c"], n_rows)
    table["sex"] = np.where(woman, "f", "m")
    table["town"] = np.where(rng.random(n_rows) < 0.05, "far", "near")
    table["y"] = (rng.random(n_rows) < 1 / (1 + np.exp(-table["wage"] - (table["kind"] == "a")))).astype(int)
    return make_samples(table, Schema("y", ["sex", "town"]))


def folds_of(samples, model=None, n_folds=2):
    """Folds fitted on the other rows."""
    rows = np.arange(len(samples))
    made = []
    for number in range(n_folds):
        train, test = samples[rows % n_folds != number], samples[rows % n_folds == number]
        encode = make_column_transformer(
            (OneHotEncoder(sparse_output=False), ["kind"]), remainder="passthrough", verbose_feature_names_out=False
        )
        pipeline = Pipeline(
            [encode, LogisticRegression(max_iter=1000) if model is None else model], random_state=1
        ).fit(train)
        p, names = pipeline.predict_proba(test), tuple(map(str, pipeline.classes_))
        codes = pipeline.codes(p)
        made.append(
            Fold(number, n_folds, names, train, test, pipeline, p, codes, pipeline.threshold_, pd.DataFrame(), number)
        )
    return made


def conclude(folds, **parameters):
    audit = ExplainShap(**({"max_rows": 120, "background_rows": 30} | parameters))
    return audit.conclude([pickle.loads(pickle.dumps(audit.examine(fold))) for fold in folds])


@pytest.fixture(scope="module")
def folds():
    return folds_of(people())


def test_one_hot_columns_are_one_feature_and_the_feature_that_matters_is_first(folds):
    found = conclude(folds).tables["global"]

    assert set(found["feature"]) == {"kind", "wage", "noise0", "noise1", "noise2"}
    assert found["feature"].tolist()[:2] == ["wage", "kind"]
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()
    assert found["share"].sum() == pytest.approx(1)
    assert found["n"].tolist() == [120] * 5


def test_a_feature_that_weighs_more_for_one_group_is_found_and_a_small_group_is_only_flagged(folds):
    artifact = conclude(folds, max_rows=300)

    groups = artifact.tables["by_group"].set_index(["level", "feature"])
    assert groups.loc[("f", "wage"), "difference"] == pytest.approx(-groups.loc[("m", "wage"), "difference"])
    assert groups.loc[("f", "wage"), "difference_low"] > 0
    assert abs(groups.loc[("f", "noise0"), "difference"]) < 0.02
    assert groups.loc["far", "small"].all()
    assert groups.loc["far", "difference"].isna().all()
    assert groups.loc[("far", "wage"), "n"] < 30
    titles = [item.title for item in artifact.findings]
    assert "The model's reasons differ by sex" in titles
    assert "The model's reasons differ by town" not in titles


def test_no_single_row_leaves_unless_asked_for(folds, tmp_path):
    private = conclude(folds)
    released = conclude(folds, local_rows=2)

    assert "local" not in private.tables
    assert (private.tables["dependence"]["n"] >= 5).all()
    local = released.tables["local"]
    assert local.groupby(["row_id", "fold"]).ngroups == 2
    assert PERSONAL_DATA in released.summary["notes"]
    sums = local.groupby("row_id")["value"].sum() + local.groupby("row_id")["base_value"].first()
    assert sums.to_numpy() == pytest.approx(local.groupby("row_id")["score"].first().to_numpy())
    write_artifact(tmp_path / "a", released)
    pd.testing.assert_frame_equal(read_artifact(tmp_path / "a").tables["local"], local)


def test_dependence_rises_with_a_feature_that_raises_the_score(folds):
    found = conclude(folds).tables["dependence"]

    wage = found[found["feature"] == "wage"]
    assert wage["kind"].eq("number").all()
    assert wage["x"].is_monotonic_increasing
    assert wage["value"].iloc[-1] > 0.1 > -0.1 > wage["value"].iloc[0]
    kind = found[found["feature"] == "kind"].set_index("label")
    assert kind["value"].idxmax() == "a"


def test_a_good_explanation_beats_a_random_order_agrees_between_folds_and_depends_on_what_was_learned(folds):
    artifact = conclude(folds)

    assert artifact.status is Status.OK
    assert (artifact.tables["advantages"]["low"] > 0).all()
    assert artifact.summary["fold_agreement"] > 0.6
    assert "shuffled labels" in artifact.tables["randomisation"]["how"].item()
    verdict = artifact.tables["randomisation"].iloc[0]
    assert verdict["value"] < 0.7
    assert verdict["verdict"] == ("depends on what was learnt" if verdict["high"] < 0.5 else "not shown")
    assert artifact.summary["randomisation_limit"] == 0.5
    measured = set(artifact.scores["metric"])
    assert {"explanation_relative_error", "explanation_fold_agreement", "explanation_deletion_advantage"} <= measured
    assert artifact.summary["additivity_residual"] < 1e-9


def test_sampled_values_print_their_error_and_their_distance_to_exact_values():
    artifact = conclude(folds_of(people(n_columns=8), RandomForestClassifier(10, random_state=0)), max_rows=12)

    assert artifact.summary["explainer"] == "sampled"
    assert artifact.summary["distance_reference"] == "exact values"
    assert 0 < artifact.summary["relative_error"] < 0.05
    assert artifact.summary["distance"] < 2 * artifact.summary["expected_distance"] < 0.2
    assert 0 < artifact.summary["worst_row_error"] < 0.1
    assert artifact.summary["additivity_residual"] < 1e-9


def test_an_error_that_is_not_reached_is_a_warning():
    artifact = conclude(
        folds_of(people(n_columns=8), RandomForestClassifier(5, random_state=0)),
        max_rows=10, n_permutations=34, target_error=0.001,
    )  # fmt: skip

    assert artifact.status is Status.WARNING
    assert "above the one asked for" in artifact.findings[0].title
    assert artifact.summary["worst_row_error"] > 0.001
    assert artifact.findings[0].severity is Severity.WARNING


@pytest.mark.parametrize("explainer", ["exact", "sampled", "kernel"])
def test_explainers_agree_on_a_smooth_model(folds, explainer):
    found = conclude(folds, explainer=explainer, max_rows=20)
    exact = conclude(folds, explainer="exact", max_rows=20)

    assert found.summary["explainer"] == explainer
    wanted = exact.tables["global"].set_index("feature")["value"]
    assert found.tables["global"].set_index("feature")["value"][wanted.index].to_numpy() == pytest.approx(
        wanted.to_numpy(), abs=0.01
    )


def test_log_odds_of_a_linear_model_are_its_weights(folds):
    artifact = conclude(folds, output="log_odds", max_rows=20, max_folds=1, local_rows=1)

    local = artifact.tables["local"].set_index("feature")
    model = folds[0].pipeline.model_
    weight = model.coef_[0][list(model.feature_names_in_).index("wage")]
    row = folds[0].test[folds[0].test.row_id == int(local["row_id"].iloc[0])].X["wage"].item()
    mean = artifact.tables["errors"]["base_value"].item()
    assert abs(mean) < 3
    centred = local.loc["wage", "value"] / weight
    assert row - centred == pytest.approx(0, abs=1.5)


def test_more_than_two_classes_are_explained_each_and_together():
    samples = people()
    y = np.where(samples.X["kind"] == "a", 2, np.where(samples.X["wage"] > 0, 1, 0))
    artifact = conclude(folds_of(samples.replace(y=y)), max_rows=20)

    found = artifact.tables["global"]
    assert list(dict.fromkeys(found["output"])) == ["all classes", "0", "1", "2"]
    assert found[found["output"] == "2"]["feature"].iloc[0] == "kind"


def test_the_same_seed_gives_the_same_tables(folds):
    first, second = conclude(folds, explainer="sampled"), conclude(folds, explainer="sampled")
    other = conclude(folds, explainer="sampled", random_state=5)

    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name])
    assert not first.tables["global"]["value"].equals(other.tables["global"]["value"])


def test_max_rows_is_shared_by_the_folds_and_max_folds_leaves_the_others_out(folds):
    shared = conclude(folds, max_rows=21)
    one = conclude(folds, max_rows=20, max_folds=1)

    assert shared.tables["errors"]["n_rows"].tolist() == [11, 10]
    assert one.tables["errors"]["fold"].tolist() == [0]
    assert one.summary["fold_agreement"] is None


def test_a_sensitive_feature_that_the_model_reads_is_named():
    samples = people()
    table = samples.X.assign(sex=(samples.sensitive["sex"] == "f").astype(int), y=samples.y)
    table["y"] = table["sex"] ^ (np.arange(len(table)) % 10 == 0)
    seen = make_samples(table, Schema("y", ["sex"], sensitive_as_features=True))

    artifact = conclude(folds_of(seen), max_rows=40)

    assert "The model uses sex itself" in [item.title for item in artifact.findings]


def test_what_cannot_be_explained_is_not_applicable_with_its_reason(folds):
    deep = conclude(folds, explainer="deep")
    arrays = folds_of(people())
    for fold in arrays:
        fold.pipeline.transform_inputs = lambda inputs: np.zeros((len(inputs), 3))

    wide = conclude(folds_of(people(n_columns=12)), explainer="exact")

    assert deep.status is Status.NOT_APPLICABLE
    assert "Keras network" in deep.reason
    audit = ExplainShap()
    assert "not a table" in audit.conclude([audit.examine(arrays[0])]).reason
    assert "at most 12" in wide.reason


def test_parameters_out_of_range_or_not_fitting_each_other_are_refused(folds):
    with pytest.raises(ParameterError, match="max_rows"):
        ExplainShap(max_rows=0).examine(folds[0])
    with pytest.raises(StageError, match="at least 113"):
        ExplainShap(n_permutations=50).examine(folds[0])
    assert ExplainShap.problems_in({"n_permutations": 50}, "audits[0]")[0].where == "audits[0]"
    assert ExplainShap.problems_in({"n_permutations": 34, "background_rows": 30}, "a") == []


@pytest.mark.filterwarnings("default")
def test_a_keras_network_is_explained_by_our_engine_and_by_deep():
    from appliedml.models.keras_classifier import KerasClassifier

    model = KerasClassifier(builder={"mlp": {"hidden": [4]}}, epochs=2, random_state=0)
    folds = folds_of(people(n_rows=120), model)

    ours = conclude(folds, max_rows=10, background_rows=10)
    deep = conclude(folds, max_rows=10, background_rows=10, explainer="deep")

    assert ours.summary["additivity_residual"] < 1e-6
    assert deep.summary["explainer"] == "deep"
    assert deep.summary["additivity_residual"] < 1e-3
    assert "before calibration" in deep.summary["notes"][0]
