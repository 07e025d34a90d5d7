"""What was trained, and how, as data."""

from __future__ import annotations

from typing import Any

from appliedml.core import registry
from appliedml.models._entries import shown
from appliedml.models._named import NotInFile
from appliedml.models._optimizers import given_in, start_rate
from appliedml.models._schedules import Schedule


def describe_classifier(classifier: Any) -> dict[str, Any]:
    """Return the JSON form of a fitted classifier's architecture and training.

    Parameters
    ----------
    classifier : KerasClassifier
        Fitted.

    Returns
    -------
    dict
    """
    name, parameters = registry.split_entry(classifier.builder)
    rate = start_rate(classifier.optimizer, classifier.learning_rate)
    if isinstance(classifier.optimizer, NotInFile):
        rate = float(classifier.history_["learning_rate"].iloc[0])
    in_optimizer = given_in(classifier.optimizer)[1].get("learning_rate")
    schedule = Schedule(rate, classifier.schedule, classifier.epochs).to_json()
    return {
        "model": "keras_classifier",
        "builder": {name: {**classifier.network_.builder.get_params(deep=False), **parameters}},
        "layers": classifier.layers_,
        "n_parameters": classifier.n_members * sum(int(layer["parameters"]) for layer in classifier.layers_),
        "n_members": classifier.n_members,
        "optimizer": shown("optimizer", classifier.optimizer),
        "learning_rate": rate,
        "schedule": in_optimizer if isinstance(in_optimizer, dict) else schedule,
        "loss": shown("loss", classifier.loss),
        "metrics": shown("metrics", list(classifier.metrics or [])),
        "precision": classifier.precision,
        "trainer": classifier.mode_,
        "epochs_run": [len(history) for history in classifier.member_histories_],
        "best_epoch": classifier.best_epoch_,
        **classifier.encoder_.describe(),
    }
