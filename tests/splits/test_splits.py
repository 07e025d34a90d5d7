"""What holds for every split, and what each refuses."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from appliedml.core.registry import build, names
from appliedml.core.samples import Samples
from appliedml.errors import DataError, ParameterError

SMALL = {"holdout": {"test_fraction": 0.3}, "predefined": {}}


def make(n_rows=200, group=True, time=True, seed=0):
    rng = np.random.default_rng(seed)
    meta = pd.DataFrame({"row_id": np.arange(n_rows), "origin": "observed"})
    meta["split"] = rng.permuted(np.repeat(["train", "test"], [n_rows - n_rows // 4, n_rows // 4]))
    if group:
        meta["group"] = rng.integers(0, 50, n_rows)
    if time:
        meta["time"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 90, n_rows), unit="D")
    return Samples(rng.normal(size=(n_rows, 2)), rng.integers(0, 2, n_rows), meta)


@pytest.mark.parametrize("name", names("splits"))
def test_every_split_keeps_train_and_test_apart_and_is_repeatable(name):
    samples = make(group=name not in ("kfold", "predefined"))
    splits = [list(build("splits", {name: SMALL.get(name, {"folds": 3})}).split(samples)) for _ in range(2)]
    tested = np.concatenate([test for _, test in splits[0]])
    assert len(np.unique(tested)) == len(tested)
    for (train, test), (train_2, test_2) in zip(*splits, strict=True):
        assert np.intersect1d(train, test).size == 0
        assert len(train) and len(test)
        np.testing.assert_array_equal(train, train_2)
        np.testing.assert_array_equal(test, test_2)


@pytest.mark.parametrize(("name", "params"), [("group_kfold", {"folds": 4}), ("holdout", {"test_fraction": 0.3})])
def test_groups_do_not_straddle(name, params):
    samples = make()
    for train, test in build("splits", {name: params}).split(samples):
        assert set(samples.group[train]).isdisjoint(samples.group[test])


@pytest.mark.parametrize(
    ("name", "params"), [("time_kfold", {"folds": 3}), ("holdout", {"test_fraction": 0.3, "by": "time"})]
)
def test_training_rows_are_earlier_than_test_rows(name, params):
    samples = make(group=False)
    when = samples.time.to_numpy()
    for train, test in build("splits", {name: params}).split(samples):
        assert when[train].max() < when[test].min()


def test_seen_groups_can_be_left_out_of_training():
    samples = make()
    for train, test in build("splits", {"time_kfold": {"folds": 2, "drop_seen_groups": True}}).split(samples):
        assert set(samples.group[train]).isdisjoint(samples.group[test])


def test_classes_are_in_equal_shares():
    samples = make(group=False)
    shares = [samples.y[test].mean() for _, test in build("splits", "kfold").split(samples)]
    assert max(shares) - min(shares) < 0.05


def test_a_split_serves_as_cv_in_scikit_learn():
    samples = make(group=False)
    scores = cross_val_score(LogisticRegression(), samples.X, samples.y, cv=build("splits", {"kfold": {"folds": 3}}))
    assert len(scores) == 3


@pytest.mark.parametrize(
    ("name", "params", "samples", "sentence"),
    [
        ("kfold", {}, make(), "use group_kfold"),
        ("kfold", {"folds": 5}, make(group=False).replace(y=[1] * 3 + [0] * 197), "Class '1' has 3 rows for 5 folds"),
        ("kfold", {}, make(group=False).replace(y=np.zeros(200)), "two classes are needed"),
        ("group_kfold", {}, make(group=False), "Name the group column"),
        ("group_kfold", {"folds": 60}, make(), "There are 4[0-9]"),
        ("time_kfold", {}, make(time=False), "Name the time column"),
        ("time_kfold", {"folds": 100}, make(), "distinct times"),
        ("holdout", {"by": "time"}, make(time=False), "Name the time column"),
    ],
)
def test_impossible_splits_are_refused_with_a_sentence(name, params, samples, sentence):
    with pytest.raises(DataError, match=sentence):
        list(build("splits", {name: params}).split(samples))


def test_a_row_without_time_is_refused():
    samples = make(group=False)
    samples.meta.loc[3, "time"] = pd.NaT
    with pytest.raises(DataError, match="1 rows have none"):
        list(build("splits", "time_kfold").split(samples))


def test_a_missing_group_is_a_group_of_its_own():
    samples = make()
    samples.meta["group"] = samples.meta["group"].astype(object).where(samples.meta.index > 5)
    rows = sum(len(test) for _, test in build("splits", {"group_kfold": {"folds": 3}}).split(samples))
    assert rows == len(samples)


def test_parameters_are_checked():
    stage = build("splits", "kfold").set_params(folds=1)
    with pytest.raises(ParameterError, match="KFold: folds must be"):
        list(stage.split(make(group=False)))
