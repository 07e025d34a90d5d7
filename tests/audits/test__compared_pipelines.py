import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.audits._compared_pipelines import NamedStages, entry_problems, fit_compared
from appliedml.compose.pipeline import Pipeline
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.errors import StageError

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=120), "b": RNG.normal(size=120)})
Y = (X["a"] + RNG.normal(size=120) > 0).astype(int).to_numpy()
SAMPLES = Samples(X, Y)


def a_fold():
    pipeline = Pipeline([LogisticRegression()], validation=0.2, calibration="platt", random_state=5).fit(SAMPLES[:90])
    probabilities = pipeline.predict_proba(SAMPLES[90:])
    return Fold(
        number=0, n_folds=1, classes=("no", "yes"), train=SAMPLES[:90], test=SAMPLES[90:], pipeline=pipeline,
        probabilities=probabilities, predictions=pipeline.codes(probabilities), threshold=0.5, ledger=pd.DataFrame(),
        seed=7,
    )  # fmt: skip


def test_the_same_stages_give_the_same_probabilities():
    """Same rows, same validation rows, same calibration: a difference can only come from the stages."""
    fold = a_fold()

    same, note = fit_compared({"again": ["logistic_regression"]}, fold)
    other, _ = fit_compared({"other": ["standard_scaler", {"decision_tree_classifier": {"max_depth": 2}}]}, fold)

    assert note == ""
    assert (same == fold.probabilities).all()
    assert (other != fold.probabilities).any()
    assert [type(step).__name__ for step in fold.pipeline.steps] == ["LogisticRegression"]


def test_what_cannot_be_fitted_is_a_note():
    p, note = fit_compared({"pictures": ["flatten_images", "logistic_regression"]}, a_fold())

    assert p is None
    assert "FlattenImages takes pictures" in note


def test_a_fold_without_a_pipeline_is_refused():
    with pytest.raises(StageError, match="can be cloned"):
        fit_compared({"x": ["logistic_regression"]}, dataclasses.replace(a_fold(), pipeline=None))


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        (["standard_scalar", "logistic_regression"], "'standard_scalar' is not a stage"),
        (["standard_scaler"], "must end with a classifier"),
        (["logistic_regression", "logistic_regression"], "before the last stage only transform and fit_resample"),
        (["drop_duplicates", "logistic_regression"], "has the verb clean"),
        ([{"scale_numbers": {"methd": 1}}, "logistic_regression"], "Did you mean 'method'"),
    ],
)
def test_wrong_stages_are_named_with_their_place(stages, says):
    problems = entry_problems({"mine": stages}, "audits[2].models[0]")

    assert says in problems[0].what
    assert problems[0].where.startswith("audits[2].models[0].mine")


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ({"mlp_128": ["a"]}, True),
        ({"MLP with 128 units": ["a"]}, True),
        ({"majority": ["a"]}, False),
        ({"pipeline": ["a"]}, False),
        ({"a=b": ["a"]}, False),
        ({"two": ["a"], "names": ["b"]}, False),
        ({"none": []}, False),
        ({"text": "a"}, False),
        ("mlp", False),
    ],
)
def test_an_entry_is_one_new_name_with_stages(value, accepted):
    assert NamedStages().accepts(value) is accepted
