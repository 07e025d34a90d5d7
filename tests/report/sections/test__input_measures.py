from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits._input_measures import measure_frame, measure_table
from appliedml.core.artifact import Artifact
from appliedml.core.images import Images
from appliedml.core.texts import Texts
from appliedml.report.blocks import Figure, Subheading, Table, Text
from appliedml.report.sections._input_measures import measure_blocks


def profile(X, kind, size=None):
    frame = measure_frame(X)
    labels = pd.Series(["no", "yes"] * (len(X) // 2))
    table = measure_table(
        frame, labels, {"test rows of fold 0": np.arange(len(X)) < 8}, pd.DataFrame(index=labels.index), 12
    )
    summary = {"inputs": kind, "n_rows": len(X), "n_measured": len(X), "picture_size": size}
    return Artifact("data_profile", summary=summary, tables={"measures": table})


def test_texts_have_a_table_of_measures_a_chart_by_class_and_the_rest_folded_away():
    blocks = measure_blocks(profile(Texts(["one two", "one two three four"] * 10), "texts"))

    assert [type(block) for block in blocks] == [Subheading, Text, Table, Figure, Table]
    assert blocks[1].text == "20 of 20 texts were measured."
    assert blocks[3].alt == "no: median 2; yes: median 4."
    assert blocks[4].collapsed
    words = blocks[2].data.set_index("measure").loc["words"]
    assert words[["min", "shown", "max"]].tolist() == ["2", "3 (2 to 4)", "4"]


def test_pictures_say_their_size():
    blocks = measure_blocks(profile(Images.of(np.zeros((20, 4, 6), dtype=np.uint8)), "images", [4, 6, 1]))

    assert blocks[1].text.endswith("The model sees each at 4 x 6 pixels, grey.")


def test_tables_and_profiles_of_older_runs_have_no_measures():
    empty = profile(Texts(["a b"] * 20), "texts").tables["measures"].iloc[:0]

    assert measure_blocks(Artifact("data_profile", tables={"measures": empty})) == []
    assert measure_blocks(Artifact("data_profile")) == []
