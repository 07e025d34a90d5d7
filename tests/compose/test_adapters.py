import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from appliedml.compose.adapters import seeded, sources_of, transformed


def test_sparse_output_becomes_a_table_with_names():
    X = pd.DataFrame({"kind": ["a", "b", "a"]})
    stage = OneHotEncoder().fit(X)
    out = transformed(stage, X, stage.transform(X))
    assert out.columns.tolist() == ["kind_a", "kind_b"]
    assert out.to_numpy().tolist() == [[1, 0], [0, 1], [1, 0]]


def test_arrays_stay_arrays():
    stage = StandardScaler().fit(np.eye(3))
    assert isinstance(transformed(stage, np.eye(3), stage.transform(np.eye(3))), np.ndarray)


def test_a_stage_that_knows_its_sources_is_believed():
    class Stage:
        feature_sources_ = {"a_out": "b"}

    assert sources_of(Stage(), ["a", "b"], ["a_out", "c"]) == {"a_out": "b", "c": "c"}


def test_only_open_seeds_are_filled():
    assert seeded(RandomForestClassifier(random_state=5), 1, "x").random_state == 5
    first, second = (seeded(RandomForestClassifier(), 1, place).random_state for place in ("x", "y"))
    assert first != second
