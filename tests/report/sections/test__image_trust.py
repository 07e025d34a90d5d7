"""How far maps can be trusted, as blocks."""

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Figure, Subheading, Table
from appliedml.report.sections._image_trust import trust_blocks


def artifact(high):
    line = pd.DataFrame({"value": [0.3], "low": [0.2], "high": [high], "n": [12]})
    curve = pd.DataFrame({"order": ["explained", "random"] * 2, "share": [0, 0, 1, 1], "value": [1.0, 1, 0, 0]})
    curve = curve.assign(low=0.0, high=1.0)
    tables = {
        "curves": pd.concat([curve.assign(curve="deletion"), curve.assign(curve="insertion")]),
        "advantages": pd.concat([line.assign(curve="deletion"), line.assign(curve="insertion")]),
        "randomisation": line.assign(how="drawn anew"), "preview": line.assign(how="integrated gradients"),
        "agreement": pd.DataFrame({"fold_a": [], "fold_b": []}),
        "errors": pd.DataFrame({"fold": [0], "n_images": 6, "base_value": 0.3, "additivity_residual": 2e-16,
                                "mean_standard_error": 0.01, "relative_error": 0.04, "mean_permutations": 32.4,
                                "n_evaluations": 4500}),
    }  # fmt: skip
    return Artifact("explain_images", summary={"randomisation_limit": 0.5, "preview_residual": 0.013}, tables=tables)


def table(found, caption):
    return next(block for block in found if isinstance(block, Table) and block.caption.startswith(caption))


def test_both_curves_are_drawn_with_their_advantage_in_words():
    found = trust_blocks(artifact(0.4))

    assert isinstance(found[0], Subheading)
    assert [block.title.split(":")[0] for block in found if isinstance(block, Figure)] == ["Deletion", "Insertion"]
    figures = [block for block in found if isinstance(block, Figure)]
    assert all("12 images" in figure.alt and "0.3" in figure.alt for figure in figures)


def test_the_verdict_of_the_randomisation_test_follows_the_interval():
    shown = table(trust_blocks(artifact(0.4)), "Model-randomisation").data["verdict"].item()
    not_shown = table(trust_blocks(artifact(0.6)), "Model-randomisation").data["verdict"].item()

    assert (shown, not_shown) == ("shown", "not shown")


def test_gradients_are_called_a_preview_and_say_what_they_miss():
    note = table(trust_blocks(artifact(0.4)), "Gradients (quick preview)").note

    assert "a preview only" in note
    assert "0.013" in note


def test_one_fold_has_no_agreement():
    captions = [block.caption for block in trust_blocks(artifact(0.4)) if isinstance(block, Table)]

    assert "Error of the maps, by fold" in captions
    assert not [caption for caption in captions if caption.startswith("Agreement")]
