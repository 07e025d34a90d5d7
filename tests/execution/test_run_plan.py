import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.compose.pipeline import Pipeline
from appliedml.core.registry import build
from appliedml.core.samples import make_samples
from appliedml.core.schema import Schema
from appliedml.engines.local import Local
from appliedml.errors import DataError, PlanError, RunError, StageError
from appliedml.execution.plan import Plan
from appliedml.store import layout
from appliedml.store.run import Run


def make_plan(**changes):
    settings = {
        "name": "claims",
        "seed": 7,
        "clean": [build("stages", "drop_duplicates")],
        "split": build("splits", {"kfold": {"folds": 3}}),
        "pipeline": Pipeline(
            [
                build("stages", "impute_missing"),
                build("stages", "encode_categories"),
                build("stages", {"smote": {"neighbors": 3}}),
                LogisticRegression(max_iter=500),
            ],
            validation=0.2,
            calibration="platt",
            threshold="f1",
        ),
        "audits": [build("audits", {"performance": {"n_resamples": 100}})],
    }
    return Plan(**settings | changes)


@pytest.fixture(scope="module")
def run(tmp_path_factory, claims_table, claims_schema):
    return make_plan().run(make_samples(claims_table(), claims_schema), out=tmp_path_factory.mktemp("reports"))


def test_every_row_is_predicted_once_by_a_model_that_never_saw_it(run):
    predictions = run.predictions
    assert predictions["row_id"].is_unique
    assert len(predictions) == run.info["data"]["n_rows_used"]
    assert (run.ledger["n_test_rows_seen"] == 0).all()
    assert (run.ledger["n_validation_rows_seen"] == 0).all()
    np.testing.assert_allclose(predictions[["p_0", "p_1"]].sum(axis=1), 1)


def test_the_run_folder_holds_what_the_layout_says(run):
    for name in (
        layout.RUN,
        layout.TIMINGS,
        layout.ROWS,
        layout.PREDICTIONS,
        layout.SCORES,
        layout.LEDGER,
        layout.SEAL,
    ):
        assert (run.path / name).is_file()
    assert {"flow", "performance"} <= set(run.kinds)
    assert run.score("roc_auc")[0] > 0.5
    assert not list(run.path.parent.glob(f"*{layout.UNFINISHED}"))


def test_rows_say_their_fold(run):
    rows = run.rows.set_index("row_id")["fold"]
    assert rows.loc[run.predictions["row_id"]].tolist() == run.predictions["fold"].tolist()


def test_the_same_plan_and_seed_give_the_same_bytes(run, claims, tmp_path):
    again = make_plan().run(claims, out=tmp_path)
    assert again.path.name.split("_")[-1] == run.path.name.split("_")[-1]
    for path in sorted(run.path.rglob("*")):
        if path.is_file() and path.name not in (layout.TIMINGS, layout.SEAL) and not path.name.startswith("report"):
            assert path.read_bytes() == (again.path / path.relative_to(run.path)).read_bytes(), path.name


def test_worker_processes_give_the_same_predictions(run, claims, tmp_path):
    again = make_plan().run(claims, out=tmp_path, engine=Local(workers=2))
    pd.testing.assert_frame_equal(again.predictions, run.predictions)


def test_dropped_rows_are_counted_by_group_and_named(claims, tmp_path, claims_table, claims_schema):
    table = claims_table()
    twice = pd.concat([table, table.head(5).assign(claim_id=range(5))], ignore_index=True)
    run = make_plan().run(make_samples(twice, claims_schema), out=tmp_path)
    flow = run["flow"].tables
    assert flow["steps"].set_index("step").loc["drop_duplicates", "dropped"] == 5
    by_sex = flow["by_group"].query("feature == 'sex'")
    assert by_sex["dropped"].sum() == 5
    assert (run.rows["dropped_by"] == "drop_duplicates").sum() == 5


def test_nothing_is_left_behind_when_a_run_fails(claims, tmp_path):
    plan = make_plan(pipeline=Pipeline([LogisticRegression()]))
    with pytest.raises(StageError, match=r"logistic_regression failed.*encode_categories.*impute_missing"):
        plan.run(claims, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing_behind(claims, tmp_path):
    def interrupt(step, n_done, n_total):
        if n_done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_plan().run(claims, out=tmp_path, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing(claims, tmp_path, monkeypatch):
    import errno

    from appliedml.store import writer

    def full(path, text):
        path.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "_write_text", full)
    with pytest.raises(RunError, match="the disk is full"):
        make_plan().run(claims, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_folder_is_refused(run, tmp_path):
    folder = tmp_path / f"x{layout.UNFINISHED}"
    folder.mkdir()
    with pytest.raises(RunError, match="unfinished run"):
        Run(folder)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.assign(fraud=1), "one class only"),
        (lambda t: t.assign(fraud=t["fraud"].astype(object).where(t.index > 3)), "drop_rows_without_target"),
        (lambda t: t.assign(fraud=t.index), "different values; at most"),
        (lambda t: t.assign(fraud=(t.index < 2).astype(int)), "has 2 rows for 3 folds"),
        (lambda t: t.assign(sex="f"), "one level only"),
        (lambda t: t.assign(sex=t.index.astype(str)), "levels; at most 50"),
    ],
)
def test_data_that_cannot_be_audited_is_refused(tmp_path, change, sentence, claims_table, claims_schema):
    with pytest.raises(DataError, match=sentence):
        make_plan().run(make_samples(change(claims_table()), claims_schema), out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_text_labels_keep_their_names(tmp_path, claims_table, claims_schema):
    table = claims_table()
    table["fraud"] = table["fraud"].map({0: "honest", 1: "bad"})
    schema = Schema("fraud", claims_schema.sensitive, ignore=["customer", "day"], row_id="claim_id", positive="bad")
    run = make_plan().run(make_samples(table, schema), out=tmp_path)
    assert run.info["classes"] == ["honest", "bad"]
    assert set(run.predictions["y_true"]) == {"honest", "bad"}
    assert "p_bad" in run.predictions


def test_a_class_of_interest_that_does_not_occur_is_refused(tmp_path, claims_table):
    samples = make_samples(claims_table(), Schema("fraud", positive="maybe"))
    with pytest.raises(DataError, match="is not a class of target 'fraud'"):
        make_plan(audits=()).run(samples, out=tmp_path)


def test_a_plan_without_data_says_so(tmp_path):
    with pytest.raises(PlanError, match="Name a source in the plan"):
        make_plan().run(out=tmp_path)


def test_progress_counts_up_to_the_end(claims, tmp_path):
    seen = []
    make_plan().run(claims, out=tmp_path, progress=lambda *event: seen.append(event))
    assert seen[-1][0] == "done"
    assert seen[-1][1] == seen[-1][2]
    assert [n for _, n, _ in seen[1:]] == sorted(n for _, n, _ in seen[1:])


def test_timings_are_the_only_volatile_file(run):
    timings = json.loads((run.path / layout.TIMINGS).read_text())
    assert timings["folds"]["0"]["fit"] > 0
    assert "seconds" not in run.ledger


def test_the_card_shows_scores(run):
    html = run._repr_html_()
    assert "roc_auc" in html
    assert "performance" in html
