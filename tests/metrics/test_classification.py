import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from appliedml.errors import DataError
from appliedml.metrics import classification as own
from appliedml.metrics.classification import METRICS, confusion, cost, metrics_for, recall_at_precision

SCORES = [0.0, 0.1, 0.1, 0.25, 0.5, 0.5, 0.9, 1.0]


@st.composite
def binary_rows(draw):
    """Labels of both classes, tied scores, predicted labels and weights (some of them zero)."""
    n = draw(st.integers(4, 25))
    y = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    y[0], y[1] = 0, 1
    p = draw(st.lists(st.sampled_from(SCORES), min_size=n, max_size=n))
    weight = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    weight[0], weight[1] = 1, 1
    return np.array(y), np.array(p), np.array(p) >= 0.5, np.array(weight, dtype=float)


def brute_recall_at_precision(y, p, weight, wanted):
    precision, recall, _ = sk.precision_recall_curve(y, p, sample_weight=weight)
    # scikit-learn appends a last point (recall 0, precision 1) of its own.
    return max((r for a, r in zip(precision, recall, strict=True) if a >= wanted - 1e-12), default=0.0)


@settings(max_examples=60, deadline=None)
@given(rows=binary_rows())
def test_binary_measures_equal_scikit_learn_also_with_weights_and_ties(rows):
    y, p, called, w = rows
    nan = {"sample_weight": w, "zero_division": np.nan}
    expected = {
        "roc_auc": sk.roc_auc_score(y, p, sample_weight=w),
        "average_precision": sk.average_precision_score(y, p, sample_weight=w),
        "log_loss": sk.log_loss(y, np.column_stack([1 - p, p]), sample_weight=w),
        "brier": sk.brier_score_loss(y, p, sample_weight=w),
        "recall_at_precision": brute_recall_at_precision(y, p, w, 0.5),
        "accuracy": sk.accuracy_score(y, called, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(y, called, sample_weight=w),
        "precision": sk.precision_score(y, called, **nan),
        "recall": sk.recall_score(y, called, **nan),
        "specificity": sk.recall_score(y, called, pos_label=0, **nan),
        "f1": sk.f1_score(y, called, **nan),
        "mcc": sk.matthews_corrcoef(y, called, sample_weight=w),
        "selection_rate": np.average(called, weights=w),
        "cost": np.average(called != y, weights=w),
    }

    for name, metric in METRICS.items():
        given_values = p if metric.needs == "scores" else called
        found = metric(y, given_values, w)
        assert found == pytest.approx(expected[name], abs=1e-9, nan_ok=True), name
        assert np.isnan(found) or metric.bounds[0] - 1e-12 <= found <= metric.bounds[1] + 1e-12


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_measures_of_several_classes_equal_scikit_learns_macro_averages(seed):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(3), rng.integers(0, 3, 20)])
    p = rng.dirichlet(np.ones(3), 23).round(2) + 1e-3
    p /= p.sum(axis=1, keepdims=True)
    called = p.argmax(axis=1)
    one_hot = np.eye(3)[y]
    macro = {"average": "macro", "zero_division": np.nan}

    assert own.roc_auc(y, p) == pytest.approx(sk.roc_auc_score(y, p, multi_class="ovr"))
    assert own.average_precision(y, p) == pytest.approx(sk.average_precision_score(one_hot, p))
    assert own.log_loss(y, p) == pytest.approx(sk.log_loss(y, p))
    assert own.brier(y, p) == pytest.approx(((p - one_hot) ** 2).sum(axis=1).mean() / 2)
    assert own.precision(y, called) == pytest.approx(sk.precision_score(y, called, **macro))
    assert own.recall(y, called) == pytest.approx(sk.recall_score(y, called, **macro))
    assert own.f1(y, called) == pytest.approx(sk.f1_score(y, called, **macro))
    assert own.balanced_accuracy(y, called) == pytest.approx(sk.balanced_accuracy_score(y, called))
    assert own.mcc(y, called) == pytest.approx(sk.matthews_corrcoef(y, called))
    assert own.accuracy(y, called) == pytest.approx(sk.accuracy_score(y, called))
    assert confusion(y, called).tolist() == sk.confusion_matrix(y, called).tolist()


@pytest.mark.parametrize(
    ("name", "y", "given_values"),
    [
        ("roc_auc", [1, 1], [0.2, 0.8]),
        ("average_precision", [1, 1], [0.2, 0.8]),
        ("recall_at_precision", [0, 0], [0.2, 0.8]),
        ("balanced_accuracy", [1, 1], [1, 0]),
        ("precision", [0, 1], [0, 0]),
        ("recall", [0, 0], [0, 1]),
        ("specificity", [1, 1], [0, 1]),
        ("f1", [0, 0], [0, 0]),
        ("mcc", [1, 1], [0, 1]),
        ("accuracy", [], []),
        ("log_loss", [], []),
    ],
)
def test_what_is_undefined_is_nan_and_has_a_reason(name, y, given_values):
    metric = METRICS[name]

    assert np.isnan(metric(np.array(y, dtype=int), np.array(given_values, dtype=float)))
    assert metric.undefined


def test_calls_that_are_all_the_same_have_no_correlation_with_the_truth():
    assert own.mcc([0, 1, 1], [1, 1, 1]) == 0.0


def test_cost_and_precision_can_be_set():
    assert cost(false_negative=20, false_positive=3)([1, 0, 0], [0, 1, 0]) == pytest.approx(23 / 3)
    assert recall_at_precision(1.0)([0, 1, 1], [0.5, 0.4, 0.9]) == 0.5


def test_applicable_measures_depend_on_classes_costs_and_names():
    assert "cost" not in metrics_for(2)
    assert metrics_for(2, costs={"false_negative": 5, "false_positive": 1})["cost"].bounds == (0.0, 5.0)
    assert list(metrics_for(2, names=["cost"])) == ["cost"]
    assert not {"selection_rate", "cost", "recall_at_precision"} & set(metrics_for(3))


def test_a_binary_measure_refuses_three_classes():
    with pytest.raises(DataError, match=r"Selection rate needs two classes\. There are 3"):
        own.selection_rate([0, 1, 2], [0, 1, 2])


def test_every_measure_is_named_as_in_the_table():
    assert all(name == metric.name for name, metric in METRICS.items())


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_weight_that_is_none_is_refused_with_its_row(weight):
    with pytest.raises(DataError, match=r"AUROC: sample_weight must be finite and not negative\. Row 1 has"):
        METRICS["roc_auc"]([0, 1], [0.2, 0.4], [1.0, weight])
    with pytest.raises(DataError, match=r"Confusion matrix: sample_weight .* Row 0 has"):
        confusion([0, 1], [0, 1], [weight, 1.0])
