import keras
import pytest

from appliedml.core.params import broken_rules
from appliedml.errors import ParameterError, StageError
from appliedml.models._named import LOSS, METRIC, OPTIMIZER, SCHEDULE, Named, NotInFile, is_of_keras, plain_facts
from appliedml.models.keras_classifier import KerasClassifier


@pytest.mark.parametrize(
    "entry, sentence",
    [
        ("addam", "Did you mean 'adam'"),
        ({"adam": {"beta1": 0.5}}, "adam has no parameter 'beta1'. Did you mean 'beta_1'?"),
        ({"adam": {}, "sgd": {}}, "neither a name nor one name"),
        (3, "neither a name nor one name"),
        ("SGD", "'SGD' is not known. Did you mean 'sgd'?"),
        ("Adam", "'Adam' is not known. Did you mean 'adam'?"),
        (keras.optimizers.Adam, "Adam is a class. Give an instance: Adam(), or its name 'adam'."),
    ],
)
def test_what_is_wrong_is_said_with_the_nearest_match(entry, sentence):
    (found,) = broken_rules("KerasClassifier", {"optimizer": Named(OPTIMIZER)}, {"optimizer": entry})

    assert sentence in found


@pytest.mark.parametrize("entry", ["lion", {"adam": {"beta_1": 0.5}}, {"sgd": None}, keras.optimizers.Nadam()])
def test_names_entries_and_objects_are_accepted(entry):
    assert Named(OPTIMIZER).accepts(entry)


def test_functions_are_accepted_for_losses_only():
    assert Named(LOSS, functions=True).accepts(lambda y_true, y_pred: y_true - y_pred)
    assert not Named(METRIC).accepts(lambda y_true, y_pred: y_true)


def test_an_object_is_cloned_and_written_as_its_name_with_its_configuration():
    given = keras.losses.Huber(delta=0.5)
    made = LOSS.make(given)

    assert made is not given
    assert made.get_config() == given.get_config()
    assert LOSS.entry(given) == {"huber": {"delta": 0.5}}
    assert LOSS.make(LOSS.entry(given)).get_config() == given.get_config()


class Own(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return y_true - y_pred


class Configured(Own):
    def __init__(self, power=2, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def get_config(self):
        return {**super().get_config(), "power": self.power}


def test_a_class_of_ones_own_has_no_entry():
    with pytest.raises(StageError, match="a plan file cannot hold the loss Own"):
        LOSS.entry(Own())


def test_what_keras_refuses_is_said_by_us():
    with pytest.raises(ParameterError, match="Keras refuses the optimizer"):
        OPTIMIZER.make({"adam": {"clipnorm": 1.0, "clipvalue": 1.0}})


def test_equal_objects_share_a_token_and_others_do_not():
    assert (
        LOSS.token(keras.losses.Huber(0.5)) == LOSS.token(keras.losses.Huber(0.5)) != LOSS.token(keras.losses.Huber())
    )
    assert LOSS.token(Configured(3)) == LOSS.token(Configured(3)) != LOSS.token(Configured(2))
    # Nothing says what these hold.
    assert LOSS.token(Own()) != LOSS.token(own := Own()) == LOSS.token(own)
    assert LOSS.token({"huber": {"delta": 1}}) == {"huber": {"delta": 1}}


def test_plans_are_checked_without_tensorflow(run_python):
    code = (
        "import sys\n"
        "from appliedml.core.registry import problems_of\n"
        "entry = {'optimizer': {'adam': {'beta1': 1}}, 'loss': 'hinge', 'metrics': ['auc', {'precision': {'k': 1}}]}\n"
        "for problem in problems_of('stages', {'keras_classifier': entry}, 'here'):\n"
        "    print(problem.what[-90:])\n"
        "entry = {'monitor': 'val_auk', 'metrics': ['auc']}\n"
        "print(problems_of('stages', {'keras_classifier': entry}, 'here')[0].what)\n"
        "print(problems_of('stages', {'keras_classifier': {'optimizer': {'adam': {'beta_1': 5}}}}, 'here')[0].what)\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    lines = run_python(code).splitlines()

    assert "Did you mean 'beta_1'" in lines[0]
    assert "precision has no parameter 'k'" in lines[1]
    assert "Did you mean 'val_auc'" in lines[2]
    assert lines[3].endswith("beta_1 must be a number at least 0 and below 1. It is 5 (int).")
    assert lines[4] == "[]"


@pytest.mark.parametrize("kind", [OPTIMIZER, SCHEDULE, LOSS, METRIC])
def test_the_configuration_of_an_object_tells_all_of_its_parameters(kind):
    needed = {
        "precision_at_recall": {"recall": 0.5},
        "recall_at_precision": {"precision": 0.5},
        "sensitivity_at_specificity": {"specificity": 0.5},
        "specificity_at_sensitivity": {"sensitivity": 0.5},
        "piecewise_constant_decay": {"boundaries": [1], "values": [0.1, 0.2]},
    }
    steps = {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5, "first_decay_steps": 5}
    for name in kind.known:
        parameters = kind.parameters(name)
        given = needed.get(name, {key: steps[key] for key in parameters if kind is SCHEDULE and key in steps})
        if name == "accuracy":
            continue
        told = set(kind.config(kind.make({name: given})))
        # Told where they were given.
        assert set(parameters) - told <= {"thresholds"}, name


def test_a_class_of_ones_own_that_cannot_be_copied_says_so():
    class Needs(keras.metrics.Metric):
        def __init__(self, limit):
            super().__init__()
            self.limit = limit

    assert "cannot be copied" in METRIC.lost(Needs(3))
    assert METRIC.lost(keras.metrics.AUC()) is None
    assert METRIC.lost("auc") is None


@pytest.mark.parametrize(
    ("parameter", "given", "words"),
    [
        ("optimizer", keras.optimizers.Adam, "Adam is a class. Give an instance: Adam(), or its name 'adam'."),
        ("loss", keras.losses.Huber, "Huber is a class. Give an instance: Huber(), or its name 'huber'."),
        (
            "metrics",
            ["auc", keras.metrics.Recall],
            "Recall is a class. Give an instance: Recall(), or its name 'recall'.",
        ),
        ("loss", Own, "Own is a class. Give an instance: Own()."),
    ],
)
def test_a_class_in_place_of_an_object_is_told_from_it(parameter, given, words):
    with pytest.raises(ParameterError) as caught:
        KerasClassifier(**{parameter: given}).fit([[0.0], [1.0]], [0, 1])

    assert str(caught.value).endswith(words)


def test_two_losses_that_differ_in_what_they_do_not_tell_share_no_token():
    class Silent(Configured):
        def get_config(self):
            return {}

    assert LOSS.token(Silent(2)) == LOSS.token(Silent(2)) != LOSS.token(Silent(3))


def test_what_a_file_could_not_hold_must_be_given_again():
    lost = NotInFile("loss", "brier")
    (sentence,) = broken_rules("KerasClassifier", {"loss": Named(LOSS, functions=True)}, {"loss": lost})

    assert "could not hold brier. Give it again: set_params(loss=...)" in sentence
    assert is_of_keras(keras.losses.Huber()) and not is_of_keras(Own())
    assert plain_facts(Configured(3)) == {"reduction": "sum_over_batch_size", "power": 3}


@pytest.mark.parametrize(
    ("kind", "entry", "made_by"),
    [
        (LOSS, "mse", keras.losses.MeanSquaredError),
        (LOSS, "BCE", keras.losses.BinaryCrossentropy),
        (LOSS, {"Huber": {"delta": 0.5}}, keras.losses.Huber),
        (METRIC, "AUC", keras.metrics.AUC),
        (METRIC, {"AUC": {"curve": "PR"}}, keras.metrics.AUC),
        (METRIC, "BinaryAccuracy", keras.metrics.BinaryAccuracy),
        (METRIC, "MAE", keras.metrics.MeanAbsoluteError),
        (METRIC, "F1Score", keras.metrics.F1Score),
    ],
)
def test_losses_and_metrics_may_have_the_names_that_keras_gives_them(kind, entry, made_by):
    assert Named(kind).accepts(entry)
    assert type(kind.make(entry)) is made_by


def test_a_parameter_of_an_alias_is_checked_as_that_of_the_name():
    assert METRIC.problem({"AUC": {"curves": "PR"}}).startswith("auc has no parameter 'curves'. Did you mean 'curve'?")
    assert METRIC.problem("Auk").endswith("Did you mean 'auc'?")
    assert METRIC.problem("kld").startswith("'kld' is not known.")


def test_a_loss_and_metrics_by_alias_train_as_by_name():
    x, y = [[0.0], [1.0], [2.0], [3.0]] * 8, [0, 0, 1, 1] * 8
    common = {"builder": {"mlp": {"hidden": [2]}}, "epochs": 2, "random_state": 0}
    alias, name = (
        KerasClassifier(loss=loss, metrics=metrics, **common).fit(x, y).history_
        for loss, metrics in (
            ("mse", ["AUC", "acc", "MSE"]),
            ("mean_squared_error", ["auc", "accuracy", "mean_squared_error"]),
        )
    )

    # As in model.fit, the history has the names that were written.
    assert list(alias) == ["epoch", "loss", "AUC", "acc", "MSE", "learning_rate"]
    assert (alias.to_numpy() == name.to_numpy()).all()
