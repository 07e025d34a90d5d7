import numpy as np
import pandas as pd

from appliedml.core.images import Images
from appliedml.core.texts import Texts
from appliedml.execution.reuse import frozen_passes

SIZES = [{"fitted": 6, "validation": 2, "test": 4}, {"fitted": 7, "validation": 1, "test": 4}]
ONCE = {"backbone": {"computed": "once a picture"}, "epochs_run": [10, 10]}


def test_every_picture_counts_once_and_every_epoch_without_reuse():
    pixels = np.zeros((12, 2, 2, 1), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(12) % 11
    assert frozen_passes(Images.of(pixels), [ONCE, ONCE], SIZES) == {"computed": 11, "without_reuse": 2 * (8 * 20 + 4)}


def test_texts_count_by_content():
    found = frozen_passes(Texts(["a", "a", "b"]), [{"pretrained": {}, "epochs_run": [2]}], SIZES[:1])
    assert found == {"computed": 2, "without_reuse": 20}


def test_nothing_is_claimed_where_nothing_is_frozen_or_reused():
    texts = Texts(["a"])
    assert frozen_passes(texts, [{"epochs_run": [2]}], SIZES[:1]) == {}
    assert frozen_passes(texts, [{"backbone": {"computed": "in every epoch"}}], SIZES[:1]) == {}
    assert frozen_passes(pd.DataFrame({"a": [1]}), [ONCE], SIZES[:1]) == {}
