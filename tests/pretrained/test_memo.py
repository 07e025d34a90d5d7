"""Each content goes through a frozen network once."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.pretrained import memo as module
from appliedml.pretrained.memo import Counts, Memo


class Network:
    def __init__(self):
        self.calls = []

    def __call__(self, positions):
        self.calls.append(positions.tolist())
        return np.stack([positions, 10 * positions], axis=1).astype(np.float32)


def test_equal_rows_are_computed_once_and_come_back_in_order():
    memo, network = Memo(), Network()

    found = memo.rows("net", ["a", "b", "a", "c"], network, batch_rows=2)
    again = memo.rows("net", ["c", "a"], network)

    assert network.calls == [[0, 1], [3]]
    assert found.tolist() == [[0, 0], [1, 10], [0, 0], [3, 30]]
    assert again.tolist() == [[3, 30], [0, 0]]
    assert memo.counts("net") == Counts(asked=6, computed=3)
    assert memo.counts("net").saved == 3


def test_another_network_shares_nothing():
    memo, network = Memo(), Network()
    memo.rows("net", ["a"], network)

    memo.rows("other", ["a"], network)

    assert len(network.calls) == 2
    assert memo.counts("other") == Counts(1, 1)


def test_memory_is_bounded_and_what_was_used_longest_ago_goes_first():
    memo, network = Memo(max_bytes=16), Network()
    memo.rows("net", ["a", "b"], network)
    memo.rows("net", ["a"], network)
    memo.rows("net", ["c"], network)
    network.calls.clear()

    memo.rows("net", ["a"], network)
    assert network.calls == []
    memo.rows("net", ["b"], network)
    assert len(network.calls) == 1
    assert memo.nbytes == 16 and len(memo) == 2


def test_rows_larger_than_the_whole_memo_are_computed_and_not_kept():
    memo, network = Memo(max_bytes=4), Network()

    assert memo.rows("net", ["a", "b"], network).shape == (2, 2)
    assert len(memo) == 0 and memo.nbytes == 0


def test_changing_what_comes_back_does_not_change_what_is_kept():
    memo, network = Memo(), Network()
    memo.rows("net", ["a", "b"], network)[:] = -1

    assert memo.rows("net", ["b"], network).tolist() == [[1, 10]]


def test_threads_that_ask_for_the_same_rows_compute_them_once():
    memo, calls = Memo(), []

    def slow(positions):
        calls.append(len(positions))
        time.sleep(0.02)
        return np.zeros((len(positions), 1), dtype=np.float32)

    threads = [threading.Thread(target=memo.rows, args=("net", ["a", "b"], slow)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert calls == [2]
    assert memo.counts("net") == Counts(12, 2)


def test_no_rows_are_refused_and_clear_forgets():
    memo = Memo()
    with pytest.raises(DataError, match="at least one row"):
        memo.rows("net", [], Network())
    memo.rows("net", ["a"], Network())
    memo.clear()
    assert (len(memo), memo.nbytes, memo.counts("net")) == (0, 0, Counts())


def test_the_environment_sets_the_size_of_the_shared_memo(monkeypatch):
    monkeypatch.setattr(module, "_shared", None)
    monkeypatch.setenv("APPLIEDML_MEMO_MB", "3")
    assert module.shared_memo().max_bytes == 3 * 2**20
    assert module.shared_memo() is module.shared_memo()

    monkeypatch.setattr(module, "_shared", None)
    monkeypatch.setenv("APPLIEDML_MEMO_MB", "much")
    with pytest.raises(DataError, match="APPLIEDML_MEMO_MB must be a whole number"):
        module.shared_memo()
