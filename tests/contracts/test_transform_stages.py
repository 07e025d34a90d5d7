"""What every transform stage keeps to; stages that are added later are covered by themselves."""

from __future__ import annotations

import json
import pickle

import imblearn.pipeline
import numpy as np
import pandas as pd
import pytest
import sklearn.pipeline
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError

from appliedml.core.params import Choice, rule_sentence
from appliedml.core.registry import build, default_parameters, entry_of, find, names
from appliedml.core.stage import Verb, verb_of
from appliedml.errors import ParameterError, StageError

NAMES = [name for name, module in names("stages").items() if ".stages.prepare." in module]
# Stages of pictures and texts have tests of their own.
NAMES = [name for name in NAMES if getattr(find("stages", name), "reads", "table") == "table"]
BAD_VALUES = ["no such thing", -1, 0, 3.7, float("nan"), [], [1], {}, {"a": object()}, True, None, object()]


def variants() -> list[tuple[str, dict[str, object]]]:
    """Every stage with its defaults, and once with each other option of each choice."""
    found: list[tuple[str, dict[str, object]]] = []
    for name in NAMES:
        found.append((name, {}))
        cls = find("stages", name)
        for parameter, rule in cls.parameter_rules.items():
            if isinstance(rule, Choice):
                others = [option for option in rule.options if option != default_parameters(cls)[parameter]]
                found += [(name, {parameter: option}) for option in others]
    return found


VARIANTS = variants()
IDS = [f"{name}-{'-'.join(map(str, parameters.values())) or 'defaults'}" for name, parameters in VARIANTS]
every_variant = pytest.mark.parametrize(("name", "parameters"), VARIANTS, ids=IDS)


def mixed_table(seed: int = 0, n_rows: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    """A small table with every kind of column, and labels."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "amount": np.where(rng.random(n_rows) < 0.2, np.nan, rng.gamma(2.0, 50.0, n_rows)),
            "visits": rng.integers(0, 9, n_rows),
            "flag": rng.random(n_rows) < 0.5,
            "constant": 3.0,
            "size": pd.Categorical(rng.choice(["s", "m", "l"], n_rows), categories=["s", "m", "l"], ordered=True),
            "make": np.where(rng.random(n_rows) < 0.1, None, rng.choice(["VW", "BMW", "Fiat"], n_rows)),
            "age": rng.choice(["16 to 17", "18 to 20", "over 65"], n_rows),
            "day": pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 900, n_rows), unit="h"),
            "id": [f"row {i}" for i in range(n_rows)],
        },
        index=np.arange(n_rows) * 10,
    )
    table.loc[table.index[3], "day"] = pd.NaT
    return table, rng.integers(0, 2, n_rows)


@pytest.fixture
def train():
    return mixed_table(0)


@pytest.fixture
def test_rows():
    """Rows with levels that training did not know and values missing where training had them."""
    table, _ = mixed_table(1, n_rows=20)
    table["make"] = table["make"].where(np.arange(20) != 2, "Tesla")
    table["visits"] = table["visits"].astype(float).where(np.arange(20) != 4)
    return table


def make(name: str, parameters: dict[str, object]):
    seed = {"random_state": 0} if "random_state" in find("stages", name).parameter_rules else {}
    return find("stages", name)(**parameters, **seed)


def test_there_are_transform_stages_to_check():
    assert {"impute_missing", "scale_numbers", "encode_categories", "dates_to_parts", "ranges_to_numbers"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_has_the_one_verb_of_its_room_and_a_rule_for_every_parameter(name):
    stage = build("stages", name)

    assert verb_of(stage) is Verb.TRANSFORM
    assert set(stage.parameter_rules) == set(stage.get_params(deep=False))
    stage.check_parameters()


@pytest.mark.parametrize(
    ("name", "parameter"), [(name, parameter) for name in NAMES for parameter in find("stages", name).parameter_rules]
)
def test_a_bad_parameter_is_refused_by_fit_with_the_one_sentence(name, parameter, train):
    cls = find("stages", name)
    bad = [value for value in BAD_VALUES if not cls.parameter_rules[parameter].accepts(value)]
    assert bad
    for value in bad:
        with pytest.raises(ParameterError) as caught:
            cls(**{parameter: value}).fit(*train)
        assert str(caught.value) == rule_sentence(cls.__name__, parameter, cls.parameter_rules[parameter], value)


@every_variant
def test_parameters_are_json_survive_clone_and_make_the_same_plan_entry(name, parameters):
    stage = make(name, parameters)
    stored = stage.get_params(deep=False)

    assert json.loads(json.dumps(stored)) == json.loads(json.dumps(clone(stage).get_params(deep=False)))
    again = build("stages", json.loads(json.dumps(entry_of(stage))))
    assert type(again) is type(stage)
    assert json.dumps(again.get_params(deep=False)) == json.dumps(stored)
    assert default_parameters(type(stage)).keys() == stored.keys()


@every_variant
def test_the_output_has_the_rows_of_the_input_and_every_column_has_a_source(name, parameters, train):
    table, y = train
    stage = make(name, parameters)
    out = stage.fit_transform(table, y)

    assert isinstance(out, pd.DataFrame)
    assert out.index.equals(table.index)
    assert list(out.columns) == list(stage.feature_sources_) == list(stage.get_feature_names_out())
    assert out.columns.is_unique
    assert set(stage.feature_sources_.values()) <= set(table.columns)


@every_variant
def test_columns_and_dtypes_of_categories_are_the_same_for_new_rows(name, parameters, train, test_rows):
    stage = make(name, parameters).fit(*train)
    old, new = stage.transform(train[0]), stage.transform(test_rows)

    assert list(new.columns) == list(old.columns)
    for column in old.columns:
        if isinstance(old[column].dtype, pd.CategoricalDtype):
            assert list(new[column].cat.categories) == list(old[column].cat.categories)


@every_variant
def test_a_test_row_does_not_depend_on_other_test_rows(name, parameters, train, test_rows):
    stage = make(name, parameters).fit(*train)
    together = stage.transform(test_rows)

    alone = pd.concat([stage.transform(test_rows.iloc[[i]]) for i in range(6)])

    pd.testing.assert_frame_equal(alone, together.iloc[:6], check_dtype=False)


@every_variant
def test_training_rows_decide_and_test_rows_teach_nothing(name, parameters, train, test_rows):
    stage = make(name, parameters).fit(*train)
    before = stage.transform(train[0])

    stage.transform(test_rows)

    pd.testing.assert_frame_equal(stage.transform(train[0]), before)


@every_variant
def test_the_input_is_not_changed(name, parameters, train):
    table, y = train
    copy, labels = table.copy(deep=True), y.copy()

    make(name, parameters).fit(table, y).transform(table)
    make(name, parameters).fit_transform(table, y)

    pd.testing.assert_frame_equal(table, copy)
    np.testing.assert_array_equal(y, labels)


@every_variant
def test_two_fits_agree_and_a_pickle_does_the_same(name, parameters, train, test_rows):
    first, second = make(name, parameters), make(name, parameters)

    pd.testing.assert_frame_equal(first.fit_transform(*train), second.fit_transform(*train))
    pd.testing.assert_frame_equal(
        pickle.loads(pickle.dumps(first)).transform(test_rows), second.transform(test_rows), check_exact=True
    )


@every_variant
def test_a_second_fit_forgets_the_first(name, parameters, train, test_rows):
    rng = np.random.default_rng(0)
    stage = make(name, parameters).fit(test_rows, rng.integers(0, 2, len(test_rows)))

    pd.testing.assert_frame_equal(
        stage.fit(*train).transform(test_rows), make(name, parameters).fit(*train).transform(test_rows)
    )


@every_variant
def test_columns_are_found_by_name_in_any_order(name, parameters, train, test_rows):
    stage = make(name, parameters).fit(*train)
    mixed_up = test_rows[list(reversed(test_rows.columns))].assign(unheard_of=1)

    try:
        found = stage.transform(mixed_up)
    except StageError:
        return
    pd.testing.assert_frame_equal(found, stage.transform(test_rows))


@every_variant
def test_a_missing_column_is_named(name, parameters, train):
    table, y = train
    stage = make(name, parameters).fit(table, y)

    with pytest.raises(StageError, match="visits"):
        stage.transform(table.drop(columns="visits"))


@pytest.mark.parametrize("name", NAMES)
def test_an_unfitted_stage_says_so(name, train):
    with pytest.raises(NotFittedError):
        make(name, {}).transform(train[0])


@every_variant
def test_an_array_gives_an_array(name, parameters):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), np.repeat([0, 1], 20)

    out = make(name, parameters).fit(X, y).transform(X[:5])

    assert isinstance(out, np.ndarray)
    assert out.shape[0] == 5


@every_variant
@pytest.mark.parametrize("module", [sklearn.pipeline, imblearn.pipeline], ids=["scikit-learn", "imbalanced-learn"])
def test_a_stage_works_in_the_pipelines_of_others(name, parameters, module, train, test_rows):
    pipeline = module.make_pipeline(make(name, parameters), DummyClassifier())

    assert pipeline.fit(*train).predict(test_rows).shape == (20,)


@every_variant
def test_a_table_without_rows_is_refused_by_fit_and_passes_through_transform(name, parameters, train):
    table, y = train
    with pytest.raises(ValueError, match=r"at least one row|0 sample|no row"):
        make(name, parameters).fit(table.iloc[:0], y[:0])

    assert len(make(name, parameters).fit(table, y).transform(table.iloc[:0])) == 0
