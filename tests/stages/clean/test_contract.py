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
from appliedml.core.texts import Texts
from appliedml.stages.clean._text_cleaning import TextCleanStage

STAGES = {
    "allowed_values": {"allowed": {"sex": ["f", "m"]}, "forbidden": {"month": ["0"], "count": [0]}},
    "clean_text": {"max_characters": 60},
    "drop_columns": {"columns": ["note"], "absent": "ignore"},
    "drop_duplicates": {},
    "drop_empty_texts": {"min_characters": 2},
    "drop_near_duplicate_texts": {"min_words": 4},
    "drop_other_languages": {"min_words": 5},
    "drop_rows_without_target": {"missing_markers": ["?"]},
    "group_near_duplicates": {"min_words": 4},
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


TEXTS = (
    "It is   the best tea that I have had in years!!!!!",
    "it is the best tea that i have had in years",
    "It is the best tea that I have had in many years.",
    "<p>Not for me &amp; not for my dog.</p>",
    "Das ist der beste Tee, den ich je hatte, und er ist nicht teuer.",
    "See https://example.org/a or write to me@example.org, thanks @jo",
    "Чай очень вкусный",
    "\x00\u200bzero\ud800width",
    "word " * 40,
    " ",
    None,
)


def messy(stage, n_rows=60, seed=0):
    """Samples with everything wrong that a clean stage mends: a table, or texts for a stage that takes texts."""
    samples = messy_table(n_rows, seed)
    if isinstance(stage, TextCleanStage):
        texts = np.random.default_rng(seed).choice(np.array(TEXTS, dtype=object), len(samples))
        return samples.replace(X=Texts(texts))
    return samples


def messy_table(n_rows, seed):
    """Table of the messy samples."""
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
    if isinstance(a.X, Texts):
        assert a.X.strings.tolist() == b.X.strings.tolist()
    else:
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
JOINS_GROUPS = [name for name in ACROSS_ROWS if getattr(find("stages", name), "joins_groups", False)]
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
    whole, some = messy(stage), messy(stage)[part]

    cleaned_whole, cleaned_part = stage.clean(whole), clone(stage).clean(some)

    same(cleaned_whole[np.isin(cleaned_whole.row_id, some.row_id)], cleaned_part)


@pytest.mark.parametrize("name", [name for name in ACROSS_ROWS if name not in JOINS_GROUPS])
def test_a_stage_that_looks_across_rows_only_drops_them(name):
    samples = messy(working(name))

    cleaned = working(name).clean(samples)

    assert len(cleaned) < len(samples)
    same(cleaned, samples[np.isin(samples.row_id, cleaned.row_id)])


@pytest.mark.parametrize("name", JOINS_GROUPS)
def test_a_stage_that_joins_groups_changes_nothing_else_and_parts_nobody(name):
    samples = messy(working(name))

    cleaned = working(name).clean(samples)

    pd.testing.assert_frame_equal(cleaned.meta.drop(columns="group"), samples.meta.drop(columns="group"))
    assert cleaned.X.strings.tolist() == samples.X.strings.tolist()
    assert pd.Series(cleaned.y).equals(pd.Series(samples.y))
    assert pd.Series(cleaned.group).groupby(samples.group).nunique().max() == 1
    assert pd.Series(cleaned.group).nunique() < pd.Series(samples.group).nunique()


def test_it_does_not_change_its_input(stage):
    samples = messy(stage)

    stage.clean(samples)

    same(samples, messy(stage))


def test_it_changes_nothing_the_second_time(stage):
    once = stage.clean(messy(stage))

    twice = stage.clean(once)

    same(twice, once)
    assert not stage.changed_rows_.any()


def test_it_says_which_rows_it_changed(stage):
    samples = messy(stage)

    cleaned = stage.clean(samples)

    changed = stage.changed_rows_
    assert changed.shape == (len(samples),)
    assert changed.dtype == bool
    assert changed[~np.isin(samples.row_id, cleaned.row_id)].all()
    assert changed.any() == (type(stage).__name__ != "DropColumns")
    assert stage.notes_
    assert all(note.endswith(".") and "{" not in note for note in stage.notes_)


def test_rows_stay_aligned(stage):
    samples = messy(stage)

    cleaned = stage.clean(samples)

    kept = samples[np.isin(samples.row_id, cleaned.row_id)]
    if not getattr(stage, "joins_groups", False):
        assert cleaned.group.tolist() == kept.group.tolist()
    assert pd.Series(cleaned.y).equals(pd.Series(kept.y))
    pd.testing.assert_series_equal(cleaned.meta["weight"], kept.meta["weight"])


def test_no_rows_are_no_problem(stage):
    empty = stage.clean(messy(stage)[[]])

    assert len(empty) == 0
    assert stage.changed_rows_.shape == (0,)


def test_every_stage_is_found_by_its_file_name():
    for name in registered():
        assert find("stages", name).__module__.endswith(name)
