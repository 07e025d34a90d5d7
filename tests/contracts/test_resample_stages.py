"""What every sampler keeps to; samplers that are added later are covered by themselves."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.dummy import DummyClassifier

from appliedml.core.params import Choice, rule_sentence
from appliedml.core.registry import build, default_parameters, entry_of, find, names
from appliedml.core.stage import Verb, verb_of
from appliedml.errors import ParameterError, StageError

NAMES = [name for name, module in names("stages").items() if ".stages.balance." in module]
BAD_VALUES = ["no such thing", -1, 0, 3.7, float("nan"), [], [1], {}, {"1": "heavy"}, True, None, object()]


def variants() -> list[tuple[str, dict[str, object]]]:
    """Every sampler with its defaults, and once with each other option of each choice."""
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


def make(name: str, parameters: dict[str, object]):
    seed = {"random_state": 0} if "random_state" in find("stages", name).parameter_rules else {}
    return find("stages", name)(**parameters, **seed)


def overlapping_rows(sizes: dict[object, int], mixed: bool) -> tuple[pd.DataFrame, pd.Series]:
    """Rows of classes that overlap, in shuffled order, under an index of their own."""
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.repeat(label, n) for label, n in sizes.items()])
    centre = np.concatenate([np.repeat(0.7 * i, n) for i, n in enumerate(sizes.values())])
    table = pd.DataFrame(
        {"a": rng.normal(centre), "b": rng.normal(size=len(labels)), "n": rng.integers(0, 9, len(labels))}
    )
    if mixed:
        table["kind"] = pd.Categorical(rng.choice(["x", "y", "z"], len(labels)))
        table["text"] = rng.choice(["p", "q"], len(labels))
        table["flag"] = rng.random(len(labels)) < 0.5
    order = rng.permutation(len(labels))
    index = order + 1000
    return table.iloc[order].set_axis(index, axis=0), pd.Series(labels[order], index=index, name="fraud")


def rows_for(stage, sizes: dict[object, int]) -> tuple[pd.DataFrame, pd.Series]:
    """Mixed columns where the sampler takes them, numbers where it does not."""
    mixed = overlapping_rows(sizes, mixed=True)
    try:
        clone(stage).fit_resample(*mixed)
    except StageError:
        return overlapping_rows(sizes, mixed=False)
    return mixed


BINARY = {0: 60, 1: 20}
SIZES = pytest.mark.parametrize(
    "sizes", [BINARY, {"ok": 60, "fraud": 20}, {0: 60, 1: 15, 2: 30}], ids=["codes", "text labels", "three classes"]
)


def test_there_are_samplers_to_check():
    assert {"smote", "smote_nc", "adasyn", "random_over", "random_under", "class_weights", "no_balancing"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_sampler_has_the_one_verb_of_its_room_and_a_rule_for_every_parameter(name):
    stage = build("stages", name)

    assert verb_of(stage) is Verb.RESAMPLE
    assert set(stage.parameter_rules) == set(stage.get_params(deep=False))
    stage.check_parameters()


@pytest.mark.parametrize(
    ("name", "parameter"), [(name, parameter) for name in NAMES for parameter in find("stages", name).parameter_rules]
)
def test_a_bad_parameter_is_refused_with_the_one_sentence(name, parameter):
    cls = find("stages", name)
    bad = [value for value in BAD_VALUES if not cls.parameter_rules[parameter].accepts(value)]
    assert bad
    for value in bad:
        with pytest.raises(ParameterError) as caught:
            cls(**{parameter: value}).fit_resample(*overlapping_rows(BINARY, mixed=False))
        assert str(caught.value) == rule_sentence(cls.__name__, parameter, cls.parameter_rules[parameter], value)


@every_variant
def test_parameters_are_json_survive_clone_and_make_the_same_plan_entry(name, parameters):
    stage = make(name, parameters)
    stored = json.dumps(stage.get_params(deep=False))

    assert json.dumps(clone(stage).get_params(deep=False)) == stored
    again = build("stages", json.loads(json.dumps(entry_of(stage))))
    assert type(again) is type(stage)
    assert json.dumps(again.get_params(deep=False)) == stored


@SIZES
@every_variant
def test_every_row_out_is_an_input_row_or_stands_behind_all_input_rows(name, parameters, sizes):
    """What keeps sensitive features, groups and weights aligned."""
    stage = make(name, parameters)
    X, y = rows_for(stage, sizes)

    more, labels = stage.fit_resample(X, y)

    assert list(more.columns) == list(X.columns)
    assert list(more.dtypes) == list(X.dtypes)
    assert isinstance(labels, pd.Series)
    assert (labels.name, labels.dtype, len(labels)) == (y.name, y.dtype, len(more))
    assert set(labels) == set(sizes)
    assert list(more.index) == list(labels.index) == list(range(len(more)))
    rows = getattr(stage, "sample_indices_", np.arange(len(X)))
    pd.testing.assert_frame_equal(more.iloc[: len(rows)], X.iloc[rows].reset_index(drop=True))
    assert labels.iloc[: len(rows)].tolist() == y.iloc[rows].tolist()


@every_variant
def test_the_input_is_not_changed(name, parameters):
    stage = make(name, parameters)
    X, y = rows_for(stage, BINARY)
    table, labels = X.copy(deep=True), y.copy(deep=True)

    stage.fit_resample(X, y)

    pd.testing.assert_frame_equal(X, table)
    pd.testing.assert_series_equal(y, labels)


@every_variant
def test_the_same_seed_gives_the_same_rows_again_and_after_pickling(name, parameters):
    stage = make(name, parameters)
    X, y = rows_for(stage, BINARY)
    first, _ = stage.fit_resample(X, y)

    for other in (stage, make(name, parameters), pickle.loads(pickle.dumps(stage))):
        pd.testing.assert_frame_equal(other.fit_resample(X, y)[0], first, check_exact=True)


@every_variant
def test_an_array_gives_an_array_of_the_same_dtype(name, parameters):
    stage = make(name, parameters)
    X, y = overlapping_rows(BINARY, mixed=False)
    if name == "smote_nc":
        stage.set_params(categorical_columns=["x2"])

    more, labels = stage.fit_resample(X.to_numpy(dtype=np.float32), y.tolist())

    assert isinstance(more, np.ndarray)
    assert more.dtype == np.float32
    assert isinstance(labels, np.ndarray)
    assert len(more) == len(labels)


@every_variant
def test_a_sampler_works_in_the_pipeline_of_imbalanced_learn(name, parameters):
    stage = make(name, parameters)
    X, y = rows_for(stage, BINARY)

    assert make_pipeline(stage, DummyClassifier()).fit(X, y).predict(X).shape == (80,)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "no_balancing"])
def test_labels_that_cannot_be_balanced_are_refused_with_a_reason(name):
    X, y = overlapping_rows(BINARY, mixed=False)
    stage = make(name, {})

    with pytest.raises(StageError, match="at least two classes"):
        stage.fit_resample(X, np.zeros(80, dtype=int))
    with pytest.raises(StageError, match="a label for every row"):
        stage.fit_resample(X, y.where(np.arange(80) != 5))
    with pytest.raises(StageError, match="continuous"):
        stage.fit_resample(X, np.linspace(0, 1, 80))


@pytest.mark.parametrize("name", NAMES)
def test_labels_of_another_length_are_refused(name):
    X, y = overlapping_rows(BINARY, mixed=False)

    with pytest.raises(StageError, match="one label per row"):
        make(name, {}).fit_resample(X, y.iloc[:-1])
