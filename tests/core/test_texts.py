import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from appliedml.core.inputs import Inputs
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import DataError


def test_they_are_inputs_and_travel_in_samples():
    texts = Texts(["a", "b", "c"], "review")
    assert isinstance(texts, Inputs)
    samples = Samples(texts, np.array([0, 1, 2]))
    chosen = samples[[2, 0]]
    assert list(chosen.X) == ["c", "a"]
    assert chosen.X.column == "review"


def test_missing_texts_are_kept_and_read_as_empty():
    texts = Texts(pd.Series(["a", None, float("nan"), pd.NA], dtype=object))
    assert list(texts) == ["a", "", "", ""]
    assert texts.missing.tolist() == [False, True, True, True]
    assert texts[1] == ""


def test_a_vectoriser_of_scikit_learn_takes_them():
    assert CountVectorizer().fit_transform(Texts(["good tea", "bad tea"])).shape == (2, 3)


def test_numbers_are_refused():
    with pytest.raises(DataError, match="2 values are none, such as 3"):
        Texts(["a", 3, 4.5])


def test_the_fingerprint_tells_missing_from_empty_and_takes_broken_text():
    assert Texts(["", "a"]).fingerprint() != Texts([None, "a"]).fingerprint()
    assert Texts(["\ud800"]).fingerprint() != Texts(["\ud801"]).fingerprint()
