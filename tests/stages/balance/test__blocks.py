"""Random blocks in place of all pairs: the same kind of rows, in time that grows with the rows."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE

from appliedml.stages.balance import _blocks
from appliedml.stages.balance.adasyn import Adasyn
from appliedml.stages.balance.borderline_smote import BorderlineSmote
from appliedml.stages.balance.smote import Smote
from appliedml.stages.balance.smote_nc import SmoteNc


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    y = (np.arange(1_200) % 6 == 0).astype(int)
    return pd.DataFrame({"a": rng.normal(size=1_200) + y, "b": rng.normal(size=1_200)}), y


def test_the_number_of_blocks_makes_the_work_grow_with_the_rows():
    assert _blocks.n_blocks(40_000**2) == 1
    # Ten times the rows: ten times the work, not a hundred times.
    work = [n**2 / _blocks.n_blocks(n**2) for n in (1_000_000, 10_000_000)]
    assert work[1] / work[0] < 10.5


@pytest.mark.parametrize("sampler", [Smote, Adasyn, BorderlineSmote, SmoteNc])
def test_with_very_many_rows_neighbours_are_looked_for_in_blocks_and_a_note_says_so(rows, sampler, monkeypatch):
    X, y = rows
    if sampler is SmoteNc:
        X = X.assign(sex=np.where(np.arange(len(X)) % 2, "F", "M"))
    whole = sampler(ratio=0.5, random_state=1)
    wanted = int(whole.fit_resample(X, y)[1].sum())
    assert not whole.notes_
    monkeypatch.setattr(_blocks, "MOST_PAIRS", 10_000)
    blocks = sampler(ratio=0.5, random_state=1)
    more, labels = blocks.fit_resample(X, y)
    assert "random parts" in blocks.notes_[0]
    pd.testing.assert_frame_equal(more.iloc[: len(X)], X)
    # ADASYN rounds the share of every row.
    assert abs(int(labels.sum()) - wanted) <= (0.05 * wanted if sampler is Adasyn else 0)
    new = more.iloc[len(X) :]
    own = X[y == 1]
    assert (new[["a", "b"]] >= own[["a", "b"]].min()).all(axis=None) or sampler is BorderlineSmote
    assert len(new[["a", "b"]].drop_duplicates()) > 0.8 * len(new)
    again = sampler(ratio=0.5, random_state=1).fit_resample(X, y)[0]
    pd.testing.assert_frame_equal(more, again)


def test_every_class_gets_all_it_lacks_although_blocks_do_not_divide_evenly():
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1, 2], [101, 53, 40])
    matrix = rng.normal(size=(len(codes), 2))
    made, of = _blocks.made_in_blocks(
        lambda wanted, seed: SMOTE(sampling_strategy=wanted, k_neighbors=3, random_state=seed),
        matrix,
        codes,
        {1: 100, 2: 101},
        3,
        0,
    )
    assert np.bincount(of).tolist() == [0, 47, 61]
    assert made.shape == (108, 2)


def test_where_no_block_can_make_a_row_the_reason_is_given():
    far = np.r_[np.zeros(50), np.ones(50)]
    matrix = np.column_stack([100 * far, np.arange(100)])
    with pytest.raises(RuntimeError, match="Not any neigbours"):
        _blocks.made_in_blocks(
            lambda wanted, seed: Adasyn(neighbors=2)._sampler(wanted).set_params(random_state=seed),
            matrix,
            np.r_[np.zeros(50, int), np.ones(50, int)],
            {1: 60},
            2,
            0,
        )


@pytest.mark.parametrize("sampler", [Smote, Adasyn, SmoteNc])
def test_a_class_too_small_to_be_cut_stays_whole(sampler, monkeypatch):
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1, 2], [1_200, 900, 10])
    X = pd.DataFrame({"a": rng.normal(size=len(y)) + y, "b": rng.normal(size=len(y))})
    if sampler is SmoteNc:
        X = X.assign(sex=np.where(np.arange(len(X)) % 2, "F", "M"))
    monkeypatch.setattr(_blocks, "MOST_PAIRS", 100_000)
    made = sampler(ratio=1.0, random_state=1)
    labels = made.fit_resample(X, y)[1]
    assert "random parts" in made.notes_[0]
    assert np.bincount(labels)[2] == pytest.approx(1_200, rel=0.05)
