import pytest
from imblearn.over_sampling import SMOTE
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from appliedml.core.stage import Verb, verb_of
from appliedml.errors import StageError


@pytest.mark.parametrize(
    ("stage", "verb"),
    [(StandardScaler(), Verb.TRANSFORM), (SMOTE(), Verb.RESAMPLE), (LogisticRegression(), Verb.PREDICT)],
)
def test_foreign_objects_already_are_stages(stage, verb):
    assert verb_of(stage) is verb


def test_two_verbs_are_refused():
    with pytest.raises(StageError, match=r"KMeans has more than one verb \(transform and predict\)"):
        verb_of(KMeans())


def test_no_verb_is_refused():
    with pytest.raises(StageError, match="object is not a stage"):
        verb_of(object())


def test_a_class_is_not_a_stage():
    with pytest.raises(StageError, match=r"Write StandardScaler\(\)"):
        verb_of(StandardScaler)
