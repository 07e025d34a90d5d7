import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from appliedml.errors import StageError
from appliedml.models._inputs import InputSpec
from appliedml.models.builders.autoencoder import Autoencoder
from appliedml.models.keras_classifier import KerasClassifier


@pytest.fixture(scope="module")
def rows():
    """Majority rows lie near a plane and agree on a category; 5 % do neither."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000, 2)) @ rng.normal(size=(2, 6))
    y = (rng.random(1_000) < 0.05).astype(int)
    X[y == 1] += rng.normal(size=(y.sum(), 6))
    kind = np.where(X[:, 0] > 0, "p", "n")
    kind[y == 1] = rng.choice(["p", "n"], y.sum())
    return pd.DataFrame(X, columns=list("abcdef")).assign(kind=kind), y


@pytest.mark.parametrize("names", [("ok", "suspect"), ("usual", "fraud")])
def test_rows_unlike_the_majority_score_high_whatever_the_order_of_labels(rows, names):
    X, y = rows
    labels = np.array(names)[y]
    builder = {"autoencoder": {"hidden": [16], "bottleneck": 2}}
    model = KerasClassifier(builder, epochs=40, batch_size=64, learning_rate=0.01, random_state=1).fit(X, labels)
    chance = model.predict_proba(X)[:, model.classes_.tolist().index(names[1])]

    assert roc_auc_score(y, chance) > 0.85
    assert chance.mean() == pytest.approx(y.mean(), abs=0.01)


def test_a_score_that_says_nothing_gives_everyone_the_share():
    builder = Autoencoder(hidden=[4], bottleneck=1)
    model = builder.build(InputSpec(("a",)), 1, 1)
    x = {"numbers": np.linspace(-1, 1, 40, dtype=np.float32)[:, None]}
    errors = builder.training_view(model)(x).numpy()[:, 0]
    y = np.zeros(40, dtype=np.int32)
    # The rare class has the smallest errors: the slope would turn.
    y[errors.argsort()[:8]] = 1
    builder.finish(model, x, y, np.ones(40, dtype=np.float32))

    assert model(x).numpy() == pytest.approx(np.log(0.2 / 0.8), rel=1e-5)


def test_more_than_two_classes_are_refused():
    with pytest.raises(StageError, match="There are 3 classes"):
        Autoencoder().build(InputSpec(("a",)), 3, 1)
