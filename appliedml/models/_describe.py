"""What was trained, and how, as data."""

from __future__ import annotations

from typing import Any

from appliedml.core import registry
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
    return {
        "model": "keras_classifier",
        "builder": {name: {**classifier.network_.builder.get_params(deep=False), **parameters}},
        "layers": classifier.layers_,
        "n_parameters": classifier.n_members * sum(int(layer["parameters"]) for layer in classifier.layers_),
        "n_members": classifier.n_members,
        "optimizer": classifier.optimizer,
        "learning_rate": classifier.learning_rate,
        "schedule": Schedule(classifier.learning_rate, classifier.schedule, classifier.epochs).to_json(),
        "loss": classifier.loss,
        "trainer": classifier.mode_,
        "epochs_run": [len(history) for history in classifier.member_histories_],
        "best_epoch": classifier.best_epoch_,
        **classifier.encoder_.describe(),
    }
