import pytest

from appliedml.errors import RunError
from appliedml.execution.compare_runs import compare_runs
from appliedml.execution.plan import Plan


def run(samples, out, strength=1.0, **changes):
    stages = ["impute_missing", "encode_categories", {"logistic_regression": {"C": strength, "max_iter": 500}}]
    data = {"version": 1, "name": "claims", "seed": 3, "pipeline": stages, "split": {"kfold": {"folds": 3}}}
    data["audits"] = [{"performance": {"n_resamples": 100}}, {"fairness": {"n_resamples": 200}}]
    return Plan.from_dict(data | changes).run(samples, out=out)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, claims_table, claims_schema):
    from appliedml.core.samples import make_samples

    out = tmp_path_factory.mktemp("runs")
    samples = make_samples(claims_table(), claims_schema)
    return samples, run(samples, out), run(samples, out, strength=1e-6), out


def test_a_run_does_not_differ_from_itself(runs):
    _, a, _, _ = runs
    found = compare_runs(a, a)
    assert found.same_rows
    assert len(found.changes) == 0
    assert (found.scores["difference"] == 0).all()
    assert (found.scores["better"] == "not shown").all()


def test_a_worse_run_is_called_worse_on_the_same_rows(runs):
    _, a, b, _ = runs
    found = compare_runs(a, b)
    assert found.changes["what"].str.contains("logistic_regression.C").any()
    row = found.scores.set_index("metric").loc["log_loss"]
    assert row["difference"] > 0
    assert row["better"] == "a"
    assert row["low"] > 0
    assert {"gap.true_positive_rate"} <= set(found.groups["metric"])
    assert "b - a" in found._repr_html_()


def test_other_rows_are_refused_unless_told(runs):
    samples, a, _, out = runs
    half = run(samples[:200], out)
    with pytest.raises(RunError, match="not on the same rows"):
        compare_runs(a, half)
    found = compare_runs(a, half, other_rows=True)
    assert not found.same_rows
    assert (found.scores["n"] == 200).all()


def test_other_classes_are_refused(runs):
    samples, a, _, out = runs
    named = samples.replace(y=samples.y.astype(str))
    named = named.replace(y=["bad" if label == "1" else "good" for label in named.y])
    with pytest.raises(RunError, match="different classes"):
        compare_runs(a, run(named, out))
