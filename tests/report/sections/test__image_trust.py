"""How far maps can be trusted, as blocks."""

from dataclasses import replace

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Figure, Subheading, Table
from appliedml.report.sections._image_trust import stand_in_facts, stand_in_note, trust_blocks


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


def test_wholly_hidden_pictures_have_a_table_and_runs_without_the_measure_have_none():
    row = {"fold": [0], "output": "yes", "n": 6, "hidden": 1.0, "hidden_low": 1.0, "hidden_high": 1.0, "low": 0.06,
           "high": 0.93, "n_test": 50, "n_outside": 6}  # fmt: skip
    earlier = artifact(0.4)
    measured = replace(earlier, tables={**earlier.tables, "stand_ins": pd.DataFrame(row)})

    shown = table(trust_blocks(measured), "Wholly hidden pictures")

    assert "no picture looks like" in shown.note
    assert stand_in_facts(measured)[0][1].startswith("1.000; 6 of 6 outside the range")
    assert not [block for block in trust_blocks(earlier) if getattr(block, "caption", "").startswith("Wholly hidden")]
    assert stand_in_facts(earlier) == []
    assert stand_in_note(measured).startswith("In 6 of 6 images")
    assert stand_in_note(earlier) == ""
