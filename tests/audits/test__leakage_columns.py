from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._leakage_columns import ColumnUse, column_use, dropped_table, said_of


def use(sources, steps=(), X=None):
    X = pd.DataFrame({"policy": [1], "age": [2], "sex": ["f"]}) if X is None else X
    pipeline = SimpleNamespace(feature_sources_=sources, steps_=[("", step) for step in steps])
    return column_use(SimpleNamespace(pipeline=pipeline, train=SimpleNamespace(X=X)))


def dropping(*names):
    return SimpleNamespace(dropped_columns_=list(names))


def test_a_column_that_no_source_names_is_dropped():
    found = use({"age": "age", "sex=f": "sex", "sex=m": "sex"})

    assert found == ColumnUse(True, ("policy",), ())
    assert [found.says(name) for name in ("policy", "age")] == ["yes", "no"]


def test_kept_leaves_out_what_is_dropped_and_nothing_else():
    table = pd.DataFrame({"policy": [1], "age": [2], "sex": ["f"]})

    assert use({"age": "age", "sex=f": "sex"}).kept(table).columns.tolist() == ["age", "sex"]
    assert ColumnUse(True).kept(table) is table


@pytest.mark.parametrize(
    ("steps", "dropped"),
    [
        ((), ()),
        ((dropping("policy"), object()), ("policy",)),
        ((object(), dropping("policy")), ()),
        ((dropping("policy"), dropping("age")), ("policy", "age")),
    ],
)
def test_with_mixtures_only_what_the_first_stages_drop_is_certain(steps, dropped):
    found = use({"pca0": "pca0"}, steps)

    assert found == ColumnUse(False, dropped, ("pca0",))
    assert found.says("sex") == "not known"


@pytest.mark.parametrize("found", [use(None), use({}), use({"a": "a"}, X=np.zeros((1, 1)))])
def test_without_a_table_or_sources_nothing_is_known(found):
    assert found == ColumnUse()
    assert found.kept("images") == "images"


def test_folds_are_put_together():
    yes, no, unknown = ColumnUse(True, ("policy",)), ColumnUse(True), ColumnUse()

    assert dropped_table([yes, no], [0, 3]).to_numpy().tolist() == [["policy", "0", False]]
    assert dropped_table([yes, yes], [0, 3]).to_numpy().tolist() == [["policy", "0, 3", True]]
    assert dropped_table([no], [0]).empty
    said = [said_of("policy", uses) for uses in ([yes, yes], [yes, no], [no, no], [unknown, no], [yes, unknown])]
    assert said == ["yes", "in some folds", "no", "not known", "in some folds"]
