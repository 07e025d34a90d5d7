import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from appliedml.audits._shortcut_rows import attributes_of, probe_scores

RNG = np.random.default_rng(0)
N = 400
LEVEL = RNG.random(N) < 0.4
MARKED = RNG.random(N) < np.where(LEVEL, 0.7, 0.3)
SCORE = RNG.normal(size=N) + LEVEL + MARKED
ALL = np.ones(N, dtype=bool)


def test_small_levels_and_the_unknown_are_not_compared():
    levels = pd.DataFrame({"view": ["AP"] * 3 + ["PA"] * 4 + ["unknown"] * 9, "site": list("aabbccdddddddddd")})
    found, left_out = attributes_of(levels, ["view", "site"], 2)
    assert [(one.feature, one.level, one.others) for one in found] == [
        ("view", "AP", "PA"),
        *(("site", level, "the others") for level in "abcd"),
    ]
    assert left_out == []
    assert attributes_of(levels, ["view"], 4)[1] == [
        "view = AP: 3 rows, fewer than 4",
        "view: fewer than two levels with 4 rows",
    ]


def test_a_probe_finds_what_is_there_and_nothing_else():
    values = RNG.normal(size=(N, 80))
    values[:, 3] += 2 * LEVEL
    found = probe_scores(values[:300], LEVEL[:300], values[300:], 0)
    assert roc_auc_score(LEVEL[300:], found) > 0.85
    other = probe_scores(np.delete(values, 3, axis=1)[:300], LEVEL[:300], np.delete(values, 3, axis=1)[300:], 0)
    assert 0.3 < roc_auc_score(LEVEL[300:], other) < 0.7
    assert probe_scores(np.zeros((300, 2)), LEVEL[:300], np.zeros((5, 2)), 0).tolist() == [0.0] * 5
