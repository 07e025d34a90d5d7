import numpy as np
import pandas as pd

from appliedml.audits.augmentation_examples import ALL, MIXUP, PICTURE_TYPES, SETTING_TYPES
from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.report.blocks import Callout, Pictures, Table, Text
from appliedml.report.sections.augmentation import Augmentation


def artifact(released=False):
    rng = np.random.default_rng(0)
    names = ["original", "rotation", "rotation", "noise", "noise", ALL, ALL, MIXUP, MIXUP]
    rows = [(name, 0, max(0, place - 1) % 2, place) for place, name in enumerate(names)]
    settings = {"rotation": 7.5, "noise": 0.05, "mixup": 0.2}
    return Artifact(
        "augmentation_examples",
        summary={
            "settings": settings, "fill": "reflect", "released": released, "n_pictures": 1, "n_examples": 2,
        },
        tables={
            "pictures": pd.DataFrame(rows, columns=list(PICTURE_TYPES)).astype(PICTURE_TYPES),
            "settings": pd.DataFrame(list(settings.items()), columns=list(SETTING_TYPES)).astype(SETTING_TYPES),
        },
        arrays={"pictures": rng.integers(0, 256, (9, 16, 16, 1)).astype(np.uint8)},
        findings=(Finding(Severity.INFO, "Left and right are exchanged in training", "Half of them."),),
    )  # fmt: skip


def blocks(made):
    return Augmentation().blocks({"augmentation_examples": made})


def of(kind, found):
    return [block for block in found if isinstance(block, kind)]


def test_every_setting_is_said_in_words():
    (table,) = of(Table, blocks(artifact()))

    assert table.data.to_numpy().tolist() == [
        ["Rotation", "up to 7.5 degrees either way"],
        ["Noise", "Gaussian, standard deviation up to 5% of the whole range"],
        ["Mixup", "two training pictures and their labels mixed, shares from Beta(0.2, 0.2)"],
    ]


def test_each_augmentation_has_its_pictures_with_text_alternatives():
    original, rotation, _, both, mixup = of(Pictures, blocks(artifact()))

    assert [item.alt for item in rotation.items] == [
        "The test card after rotation, example 1",
        "The test card after rotation, example 2",
    ]
    assert original.items[0].alt == "The test card as it is"
    assert rotation.note == "up to 7.5 degrees either way"
    assert both.title == "All together"
    assert mixup.note.endswith("; here the test card and its mirror image")
    assert original.items[0].size == (96, 96)


def test_released_pictures_come_with_a_notice():
    released, hidden = blocks(artifact(released=True)), blocks(artifact())

    (notice,) = of(Callout, released)
    assert notice.title == "Personal data"
    assert of(Callout, hidden) == []
    assert any("releases no training picture" in block.text for block in of(Text, hidden))
    assert of(Pictures, released)[0].items[0].alt == "The training picture as it is"


def test_without_pictures_there_is_nothing_to_show():
    assert blocks(Artifact("augmentation_examples", Status.NOT_APPLICABLE, reason="no augmentation")) == []
