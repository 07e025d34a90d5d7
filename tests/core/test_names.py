from __future__ import annotations

import subprocess
import sys

import pytest

from appliedml.core import stage
from appliedml.core.names import snake_case


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Smote", "smote"), ("SmoteNC", "smote_nc"), ("GroupKFold", "group_kfold"), ("PCA", "pca"), ("x2Y", "x2_y")],
)
def test_a_class_has_a_name_of_words(name, expected):
    assert snake_case(name) == expected


def test_stages_are_named_the_same_way():
    assert stage.snake_case is snake_case


def test_the_registry_lists_names_without_scikit_learn():
    code = "import sys; from appliedml.core.registry import names; names('sections'); print('sklearn' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)

    assert done.stdout.strip() == "False"
