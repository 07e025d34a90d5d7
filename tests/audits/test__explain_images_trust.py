"""What is said of agreement, randomised weights, previews and painted images."""

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._explain_images_trust import (
    agreement_table,
    by_group_table,
    image_scores,
    painted_tables,
    preview_tables,
    randomisation_table,
)
from appliedml.audits._explain_pool import pool


def item(fold, values, **more):
    n = len(values)
    sexes = np.array(["f", "m"] * n)[:n]
    return {
        "fold": fold, "seed": 3, "classes": ("no", "yes"), "outputs": (1,), "names": ("a", "b", "c", "d"),
        "values": values[..., None], "features": pd.DataFrame(index=range(n)), "bands": {},
        "sensitive": pd.DataFrame({"sex": sexes}), "unit": fold * 1000 + np.arange(n),
        "randomised": None, "preview": None, "painted": None,
    } | more  # fmt: skip


def test_folds_agree_by_the_attribution_they_put_into_the_same_cells():
    first, second = np.tile([8.0, 2.0, 0.0, 0.0], (4, 1)), np.tile([1.0, 0.0, 0.0, 1.0], (4, 1))

    table = agreement_table(pool([item(0, first), item(1, first * 3), item(2, second)], 0))

    assert table["overlap"].tolist() == pytest.approx([1.0, 0.5, 0.5])
    assert table[["fold_a", "fold_b"]].to_numpy().tolist() == [[0, 1], [0, 2], [1, 2]]


def test_groups_have_the_places_of_their_cells():
    values = np.ones((40, 4))
    values[::2, 1] = 5

    table = by_group_table(pool([item(0, values + np.random.default_rng(0).uniform(0, 0.1, values.shape))], 0), 10)

    found = table[(table["level"] == "f") & table["differs"]]
    assert found[["row", "column"]].to_numpy().tolist() == [[1, 2]]
    assert found["difference"].item() == pytest.approx(4, abs=0.1)


def test_a_randomised_model_is_judged_or_said_to_be_absent():
    low = {"how": "drawn anew", "correlations": np.full(8, 0.1)}
    table, skipped = randomisation_table([item(0, np.ones((8, 4)), randomised=low)], 0)
    nothing, why = randomisation_table([item(0, np.ones((2, 4)), randomised={"how": "no", "correlations": None})], 0)

    assert (table["verdict"].item(), skipped) == ("depends on what was learnt", "")
    assert (len(nothing), why) == (0, "no")


def test_gradients_are_compared_in_all_folds_or_not_at_all():
    part = {"skipped": "", "correlations": np.full(6, 0.7), "cells": np.full((6, 4), 0.25), "residual": 0.01}
    found = [item(k, np.ones((6, 4)), preview=part | {"residual": 0.01 * (k + 1)}) for k in range(2)]
    table, maps, residual, why = preview_tables(found, pool(found, 0), 30)
    found[1]["preview"] = {"skipped": "no network"}

    assert table[["value", "n"]].to_numpy().tolist() == [[pytest.approx(0.7), 12]]
    assert maps[0]["share"].tolist() == [0.25] * 4
    assert maps[0]["view"].unique().tolist() == ["gradients (quick preview)"]
    assert (residual, why) == (0.02, "")
    assert preview_tables(found, pool(found, 0), 30)[3] == "no network"
    assert preview_tables([item(0, np.ones((6, 4)))], pool(found, 0), 30)[3] == "not asked for"


def test_painted_images_come_with_their_classes():
    part = {"skipped": "", "pixels": np.zeros((2, 3, 3, 1), np.uint8), "classes": ["a", "b"], "probability": [0.9, 0.8],
            "before": [0.5, 0.5]}  # fmt: skip
    table, arrays, why = painted_tables([item(0, np.ones((2, 4)), painted=part)])

    assert (table["class"].tolist(), why) == (["a", "b"], "")
    assert arrays["painted_pixels"].shape == (2, 3, 3, 1)
    assert painted_tables([item(0, np.ones((2, 4)))])[2] == "not asked for"
    assert painted_tables([item(0, np.ones((2, 4)), painted={"skipped": "why"})])[2] == "why"


def test_scores_leave_out_what_was_not_measured():
    summary = {"relative_error": 0.1, "additivity_residual": 0.0, "distance": None, "fold_agreement": 0.9,
               "n_images": 20, "distance_images": 0}  # fmt: skip
    line = pd.DataFrame({"value": [0.5], "low": [0.4], "high": [0.6], "n": [20]})
    tables = {
        "advantages": line.assign(curve="deletion"), "randomisation": line.assign(how="x"), "preview": line.iloc[:0],
        "masks": line.iloc[:0],
        "parts": pd.DataFrame({"part": ["border"], "share": [0.3], "low": [0.2], "high": [0.4], "n": [20]}),
    }  # fmt: skip

    found = image_scores(summary, tables)

    assert set(found["metric"]) == {
        "image_explanation_relative_error", "image_explanation_additivity_residual", "image_explanation_fold_agreement",
        "image_explanation_deletion_advantage", "image_explanation_randomised_agreement", "image_explanation_share",
    }  # fmt: skip
    assert found.loc[found["metric"] == "image_explanation_share", "subset"].item() == "part=border"
