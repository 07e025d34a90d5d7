"""What every clean stage promises: it does not learn, does not change its input, and says what it did."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from appliedml.core.registry import build, entry_of, find, names
from appliedml.core.samples import make_samples
from appliedml.core.schema import Schema
from appliedml.core.stage import Verb, verb_of

STAGES = {
    "allowed_values": {"allowed": {"sex": ["f", "m"]}, "forbidden": {"month": ["0"], "count": [0]}},
    "drop_columns": {"columns": ["note"], "absent": "ignore"},
    "drop_duplicates": {},
    "drop_rows_without_target": {"missing_markers": ["?"]},
    "range_rules": {
        "rules": {
            "age": {"low": 16, "high": 100},
            "count": {"low": 0, "high": 6, "action": "clip"},
            "amount": {"high": 900, "action": "drop"},
        }
    },
    "repair_types": {
        "columns": {"paid": "number", "seen": "date", "ok": "boolean", "count": "text"},
        "date_formats": {"seen": "%d.%m.%Y"},
    },
    "unify_categories": {"case": "lower", "synonyms": {"sex": {"f": ["female"]}}},
}
SCHEMA = Schema(
    "fraud",
    sensitive=["sex", {"band": {"column": "age", "edges": [40]}}],
    group="who",
    weight="weight",
    row_id="id",
)


def messy(n_rows=60, seed=0):
    """Samples with everything wrong that a clean stage mends."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "id": np.arange(n_rows),
            "who": rng.integers(0, 9, n_rows),
            "weight": 1.0,
            "sex": rng.choice([" F ", "f", "Female", "m", "?", None], n_rows),
            "age": rng.choice([0, 20, 50, 130], n_rows),
            "month": rng.choice(["Jan", "0", " feb"], n_rows),
            "count": rng.integers(0, 9, n_rows),
            "amount": rng.choice([10.0, 1e3, np.nan], n_rows),
            "paid": rng.choice(["$1,234.00", "12 %", "?", "many"], n_rows),
            "seen": rng.choice(["31.12.2024", "2024-12-31", "-"], n_rows),
            "ok": rng.choice(["yes", "NO", "perhaps"], n_rows),
            "level": pd.Categorical(rng.choice(["low ", "high"], n_rows), categories=["low ", "high"], ordered=True),
            "note": "x",
            "fraud": rng.choice(["yes", "no", "?", " ", None], n_rows),
        }
    )
    # Repeated cases under new row ids.
    table = pd.concat([table, table.iloc[::7]], ignore_index=True)
    table["id"] = np.arange(len(table))
    return make_samples(table, SCHEMA)


def same(a, b):
    """Whether two samples are equal in every part; the features in their types too."""
    pd.testing.assert_frame_equal(a.X, b.X)
    # pandas infers text or object for the sensitive columns that Samples puts back as objects.
    pd.testing.assert_frame_equal(a.meta.astype(object), b.meta.astype(object))
    pd.testing.assert_series_equal(pd.Series(a.y), pd.Series(b.y))


def registered():
    """Names of all clean stages in the registry."""
    return [name for name, module in names("stages").items() if module.startswith("appliedml.stages.clean.")]


def working(name):
    """A registered clean stage with parameters that give it work."""
    return build("stages", {name: STAGES[name]})


@pytest.fixture(params=registered())
def stage(request):
    """Every registered clean stage."""
    return working(request.param)


ACROSS_ROWS = [name for name in registered() if find("stages", name).looks_across_rows]
ROW_BY_ROW = [name for name in registered() if name not in ACROSS_ROWS]


def test_the_parameters_here_cover_every_registered_stage():
    assert sorted(STAGES) == registered()


def test_it_has_one_verb_rules_for_all_parameters_and_a_plan_entry(stage):
    assert verb_of(stage) is Verb.CLEAN
    assert set(stage.parameter_rules) == set(inspect.signature(type(stage)).parameters)
    assert build("stages", entry_of(stage)).get_params() == stage.get_params()
    assert clone(stage).get_params() == stage.get_params()


@pytest.mark.parametrize("part", [slice(0, 20), slice(30, 68), [5], [3, 40, 41, 60]])
@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_it_does_not_learn(name, part):
    """clean(A + B) restricted to A equals clean(A), types included."""
    stage = working(name)
    whole, some = messy(), messy()[part]

    cleaned_whole, cleaned_part = stage.clean(whole), clone(stage).clean(some)

    same(cleaned_whole[np.isin(cleaned_whole.row_id, some.row_id)], cleaned_part)


@pytest.mark.parametrize("name", ACROSS_ROWS)
def test_a_stage_that_looks_across_rows_only_drops_them(name):
    samples = messy()

    cleaned = working(name).clean(samples)

    assert len(cleaned) < len(samples)
    same(cleaned, samples[np.isin(samples.row_id, cleaned.row_id)])


def test_it_does_not_change_its_input(stage):
    samples = messy()

    stage.clean(samples)

    same(samples, messy())


def test_it_changes_nothing_the_second_time(stage):
    once = stage.clean(messy())

    twice = stage.clean(once)

    same(twice, once)
    assert not stage.changed_rows_.any()


def test_it_says_which_rows_it_changed(stage):
    samples = messy()

    cleaned = stage.clean(samples)

    changed = stage.changed_rows_
    assert changed.shape == (len(samples),)
    assert changed.dtype == bool
    assert changed[~np.isin(samples.row_id, cleaned.row_id)].all()
    assert changed.any() == (type(stage).__name__ != "DropColumns")
    assert stage.notes_
    assert all(note.endswith(".") and "{" not in note for note in stage.notes_)


def test_rows_stay_aligned(stage):
    samples = messy()

    cleaned = stage.clean(samples)

    kept = samples[np.isin(samples.row_id, cleaned.row_id)]
    assert cleaned.group.tolist() == kept.group.tolist()
    assert pd.Series(cleaned.y).equals(pd.Series(kept.y))
    pd.testing.assert_series_equal(cleaned.meta["weight"], kept.meta["weight"])


def test_no_rows_are_no_problem(stage):
    empty = stage.clean(messy()[[]])

    assert len(empty) == 0
    assert stage.changed_rows_.shape == (0,)


def test_every_stage_is_found_by_its_file_name():
    for name in registered():
        assert find("stages", name).__module__.endswith(name)
