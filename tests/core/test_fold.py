import numpy as np

from appliedml.core.fold import Fold


def make(claims, threshold=0.4):
    test = claims[np.arange(10)].replace(y=np.arange(10) % 2)
    p = np.linspace(0, 1, 10)
    return Fold(
        2, 5, ("no", "yes"), claims, test, None, np.column_stack([1 - p, p]), (p >= 0.4).astype(int), threshold, None, 3
    )


def test_the_prediction_table_holds_what_audits_need(claims):
    table = make(claims).prediction_table()
    assert table["row_id"].tolist() == claims.row_id[:10].tolist()
    assert table["fold"].unique().tolist() == [2]
    assert {"y_true", "y_pred", "threshold", "p_0", "p_1", "sensitive.sex", "sensitive.age_band"} <= set(table)
    np.testing.assert_allclose(table["p_0"] + table["p_1"], 1)


def test_without_a_threshold_the_column_is_missing_not_zero(claims):
    assert make(claims, threshold=None).prediction_table()["threshold"].isna().all()


def test_seeds_differ_by_place_and_fold(claims):
    fold = make(claims)
    assert fold.seed_for("a") != fold.seed_for("b")
    assert fold.binary
