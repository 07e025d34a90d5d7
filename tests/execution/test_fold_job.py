import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.compose.pipeline import Pipeline
from appliedml.core.registry import build
from appliedml.errors import StageError
from appliedml.execution.fold_job import FoldJob, Shared, run_fold


class Nosy:
    """An audit that keeps what it saw."""

    def examine(self, fold):
        return {"overlap": len(np.intersect1d(fold.train.row_id, fold.test.row_id)), "classes": fold.classes}

    def conclude(self, evidence):
        raise NotImplementedError


def shared(claims, **changes):
    stages = [build("stages", "impute_missing"), build("stages", "encode_categories")]
    settings = {
        "samples": claims,
        "pipeline": Pipeline([*stages, LogisticRegression(max_iter=500)], validation=0.2),
        "audits": (Nosy(),),
        "classes": ("0", "1"),
        "seed": 5,
        "n_folds": 3,
    }
    return Shared(**settings | changes)


JOB = FoldJob(1, np.arange(100, 300), np.arange(100))


def test_a_fold_gives_predictions_evidence_and_an_account_of_what_was_seen(claims):
    result = run_fold(shared(claims), JOB)
    assert result.predictions["row_id"].tolist() == claims.row_id[:100].tolist()
    assert result.evidence == {"nosy": {"overlap": 0, "classes": ("0", "1")}}
    assert (result.ledger[["n_test_rows_seen", "n_validation_rows_seen"]] == 0).all(axis=None)
    assert result.n_train == 200
    assert len(result.validation_row_ids) == 40
    assert result.model["class"] == "LogisticRegression"


def test_a_stage_that_sees_a_test_row_shows_in_the_ledger(claims):
    overlapping = FoldJob(0, np.arange(50, 300), np.arange(100))
    assert (run_fold(shared(claims), overlapping).ledger["n_test_rows_seen"] > 0).all()


def test_the_seed_comes_from_the_fold_and_not_from_the_order(claims):
    first = run_fold(shared(claims), JOB).predictions
    run_fold(shared(claims), FoldJob(0, np.arange(200), np.arange(200, 300)))
    assert first.equals(run_fold(shared(claims), JOB).predictions)


def test_errors_name_the_fold(claims):
    with pytest.raises(StageError, match="Fold 1: logistic_regression failed"):
        run_fold(shared(claims, pipeline=Pipeline([LogisticRegression()])), JOB)
