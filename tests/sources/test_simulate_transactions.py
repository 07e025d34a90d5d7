"""Simulated payments: known truth, causal history, the committed sample."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from appliedml.errors import ParameterError
from appliedml.sources.simulate_transactions import DISADVANTAGED, SimulateTransactions, apportion
from appliedml.sources.table import Table


@pytest.fixture(scope="module")
def payments():
    """20,000 payments without disparity."""
    return SimulateTransactions().frame()


def test_the_committed_sample_is_what_the_simulator_draws(payments, root):
    sample = Table("data/card_payments.parquet").frame(folder=root)

    pd.testing.assert_frame_equal(sample, payments)
    assert (root / "data" / "card_payments.parquet").stat().st_size < 1_500_000


def test_the_seed_decides(payments):
    again = SimulateTransactions().frame()

    pd.testing.assert_frame_equal(again, payments)
    assert not again["amount"].equals(SimulateTransactions(random_state=8).frame()["amount"])


@pytest.mark.parametrize(("n_rows", "rate"), [(500, 0.01), (3_000, 0.05), (20_000, 0.002)])
def test_rows_and_frauds_are_met_exactly(n_rows, rate):
    frame = SimulateTransactions(n_rows=n_rows, fraud_rate=rate).frame()

    assert len(frame) == n_rows
    assert frame["fraud"].sum() == round(rate * n_rows)
    assert frame["timestamp"].is_monotonic_increasing
    assert ((frame["fraud_pattern"] == "none") == (frame["fraud"] == 0)).all()


def test_the_pattern_and_the_merchant_are_no_features():
    samples = SimulateTransactions(n_rows=1000).read()

    assert not {"fraud_pattern", "merchant_id", "payment_id", "customer_id", "fraud"} & set(samples.X.columns)
    assert samples.schema.sensitive_names == ("sex", "age_band")
    assert samples.group is not None


def test_history_looks_back_only(payments):
    """Computed again, payment by payment, for the busiest customers."""
    busiest = payments["customer_id"].value_counts().index[:3]
    for _, rows in payments[payments["customer_id"].isin(busiest)].groupby("customer_id"):
        seconds = rows["timestamp"].to_numpy().astype("datetime64[s]").astype(int)
        for i in range(len(rows)):
            row, past = rows.iloc[i], rows.iloc[:i]
            assert row["n_payments_1h"] == (seconds[:i] >= seconds[i] - 3600).sum()
            assert row["n_payments_24h"] == (seconds[:i] >= seconds[i] - 86_400).sum()
            assert row["new_merchant"] == int(row["merchant_id"] not in set(past["merchant_id"]))
            assert row["new_country"] == int(row["country"] not in set(past["country"]))
            if i:
                assert row["amount_to_mean"] == pytest.approx(row["amount"] / past["amount"].mean(), abs=1e-3)
                assert row["hours_since_last"] == pytest.approx((seconds[i] - seconds[i - 1]) / 3600, abs=1e-3)
            else:
                assert np.isnan(row["amount_to_mean"])
                assert np.isnan(row["hours_since_last"])


@pytest.mark.parametrize("feature", ["sex", "age_band", "region"])
def test_the_planted_disparity_is_what_a_perfect_model_would_show(feature):
    source = SimulateTransactions(n_rows=10_000, fraud_rate=0.1, disparity=0.2, disparity_feature=feature)

    truth = source.truth()

    assert truth["disadvantaged"] == DISADVANTAGED[feature]
    assert truth["true_positive_rate_gap"] == pytest.approx(0.2, abs=0.015)
    others = [recall for level, recall in truth["perfect_recall"].items() if level != DISADVANTAGED[feature]]
    assert others == pytest.approx([0.92] * len(others), abs=0.015)
    assert feature in source.read().sensitive.columns


def test_concealed_frauds_look_like_legitimate_payments():
    frame = SimulateTransactions(n_rows=30_000, fraud_rate=0.1, disparity=0.5).frame()
    concealed = frame[frame["fraud_pattern"] == "concealed"]
    legitimate = frame[(frame["fraud_pattern"] == "none") & (frame["sex"] == "F")]

    assert set(concealed["sex"]) == {"F"}
    for column in ("amount", "n_payments_24h", "new_device", "hour", "merchant_age_days", "new_country"):
        difference = concealed[column].mean() - legitimate[column].mean()
        error = legitimate[column].std() / np.sqrt(len(concealed))
        assert abs(difference) < 4 * error, column


def test_without_disparity_the_groups_are_alike():
    truth = SimulateTransactions(n_rows=20_000, fraud_rate=0.1).truth()

    assert abs(truth["true_positive_rate_gap"]) < 0.005
    shares = np.array(list(truth["n_fraud"].values())) / 2000
    assert shares == pytest.approx([0.5, 0.5], abs=0.05)


def test_a_good_model_is_good_but_not_perfect(payments):
    samples = SimulateTransactions().read()
    X = samples.X.assign(**{c: samples.X[c].astype("category") for c in samples.X.select_dtypes("str").columns})
    test = pd.Series(samples.group).str[-1].isin(list("012")).to_numpy()
    model = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.08, max_leaf_nodes=8, l2_regularization=5, min_samples_leaf=40, random_state=0
    )

    scores = model.fit(X[~test], samples.y[~test]).predict_proba(X[test])[:, 1]

    assert 0.88 < roc_auc_score(samples.y[test], scores) < 0.99


def test_too_little_left_to_find_is_refused():
    source = SimulateTransactions(label_noise=0.5, disparity=0.6)

    with pytest.raises(ParameterError, match="at most 0.95"):
        source.frame()
    assert len(SimulateTransactions.problems_in({"label_noise": 0.5, "disparity": 0.6}, "data")) == 1


def test_parts_sum_to_the_whole():
    assert apportion(50, [0.08, 0.0, 0.92]) == [4, 0, 46]
    assert sum(apportion(7, [1, 1, 1])) == 7
