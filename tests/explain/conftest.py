from __future__ import annotations

import pytest

from appliedml.explain import _rounds, masker


class Clock:
    """A clock that only calls of a scorer move."""

    def __init__(self):
        self.now, self.calls = 0.0, 0

    def monotonic(self):
        return self.now

    def slow(self, score, seconds=1.0):
        """Return a scorer of which every call takes some seconds."""

        def scorer(inputs):
            self.now += seconds
            self.calls += 1
            return score(inputs)

        return scorer


@pytest.fixture
def clock(monkeypatch):
    """Time as it is seen by the explainers."""
    made = Clock()
    for module in (masker, _rounds):
        monkeypatch.setattr(module, "time", made)
    return made
