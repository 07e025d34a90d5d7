import numpy as np
import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Finding, Severity, Status, score_rows
from appliedml.errors import StageError


def test_what_is_left_out_needs_a_reason():
    with pytest.raises(StageError, match="needs a reason"):
        Artifact("fairness", Status.SKIPPED)


def test_python_objects_are_refused_as_arrays():
    with pytest.raises(StageError, match="Python objects"):
        Artifact("x", arrays={"a": np.array([object()])})


def test_scores_need_their_columns():
    with pytest.raises(StageError, match="metric, fold, subset"):
        Artifact("x", scores=pd.DataFrame({"metric": ["a"]}))


def test_score_rows_keep_types_even_when_empty():
    assert score_rows([]).dtypes["value"].kind == "f"


def test_the_card_escapes_findings():
    artifact = Artifact("x", findings=(Finding(Severity.INFO, "<script>", "<i>"),))
    assert "<script>" not in artifact._repr_html_()
