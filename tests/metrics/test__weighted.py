import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.metrics._weighted import Rows, cluster_codes, mean_of_defined, quotient
from appliedml.metrics.classification import METRICS


def test_many_resamples_at_once_equal_one_after_the_other():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 40), rng.random(40).round(1)
    weights = rng.integers(0, 4, (6, 40)).astype(float)
    rows = Rows(y, p, p > 0.4)

    together = rows.weighted(weights)
    for name, metric in METRICS.items():
        alone = [float(metric.function(rows.weighted(row[None, :]))[0]) for row in weights]
        assert metric.function(together) == pytest.approx(np.array(alone), nan_ok=True), name


def test_weights_count_like_repeated_rows():
    rng = np.random.default_rng(1)
    y, p = rng.integers(0, 3, 30), rng.dirichlet(np.ones(3), 30)
    times = rng.integers(0, 3, 30)
    repeated = np.repeat(np.arange(30), times)

    for name in ("roc_auc", "average_precision", "log_loss", "brier"):
        assert METRICS[name](y, p, times) == pytest.approx(METRICS[name](y[repeated], p[repeated])), name


def test_a_resample_without_a_class_is_undefined():
    rows = Rows([0, 1, 1], [0.2, 0.4, 0.6]).weighted(np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]))

    found = METRICS["roc_auc"].function(rows)

    assert np.isnan(found[0])
    assert found[1] == 1.0


def test_rows_of_unknown_group_are_groups_of_their_own():
    codes, n = cluster_codes(np.array(["a", None, "a", None], dtype=object))

    assert n == 3
    assert codes[0] == codes[2]
    assert len({codes[0], codes[1], codes[3]}) == 3


def test_division_by_nothing_is_nan():
    assert quotient(np.array([1.0, 0.0]), np.array([0.0, 2.0])).tolist()[1] == 0.0
    assert np.isnan(quotient(np.array([1.0]), np.array([0.0]))[0])
    assert mean_of_defined(np.array([[1.0, np.nan], [np.nan, np.nan]]))[0] == 1.0


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([0, 1], [0.5]), "one value per row"),
        (([0, 1], [0.5, np.nan]), "missing or infinite"),
        (([0.5, 1], [0.5, 0.1]), "one class code"),
        (([-1, 1], [0.5, 0.1]), "from 0 on"),
        (([0, 2], [0.5, 0.1]), "do not fit together"),
    ],
)
def test_rows_that_do_not_fit_are_refused(arguments, match):
    with pytest.raises(DataError, match=match):
        Rows(*arguments)


def test_a_measure_without_its_input_is_refused():
    with pytest.raises(DataError, match="needs probabilities"):
        METRICS["roc_auc"].function(Rows([0, 1], predictions=[0, 1]).weighted())
    with pytest.raises(DataError, match="needs predicted labels"):
        METRICS["f1"].function(Rows([0, 1], probabilities=[0.1, 0.9]).weighted())
