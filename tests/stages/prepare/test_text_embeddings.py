import pickle
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from appliedml.core.stage import Verb, verb_of
from appliedml.core.texts import Texts
from appliedml.errors import DataError, MissingExtraError, ParameterError, StageError
from appliedml.stages.prepare.text_embeddings import TextEmbeddings

pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")
TINY = runpy.run_path(str(Path(__file__).parents[2] / "_tiny_bert.py"))
TEXTS = Texts(["good food", None, "a very bad dog!", "the dog", "not good", "bad food"], column="review")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return TINY["make"](tmp_path_factory.mktemp("bert"))


def test_texts_become_columns_of_vectors_of_length_one(folder):
    stage = TextEmbeddings(weights=folder, layers=[1, 3], pooling=["mean", "cls"])
    found = stage.fit(TEXTS).transform(TEXTS)
    assert verb_of(stage) is Verb.TRANSFORM
    assert found.shape == (6, 4 * TINY["WIDTH"])
    assert list(found.columns) == stage.get_feature_names_out().tolist() == list(stage.feature_sources_)
    assert set(stage.feature_sources_.values()) == {"review"}
    np.testing.assert_allclose(np.linalg.norm(found.to_numpy().reshape(6, 4, -1), axis=2), 1.0, rtol=1e-5)


def test_without_unit_length_the_outputs_are_those_of_the_encoder(folder):
    found = TextEmbeddings(weights=folder, layers=[2], unit_length=False).fit(TEXTS).transform(TEXTS)
    codes = [2, 4, 6, 3]  # [CLS] good food [SEP]
    expected = TINY["reference"](TINY["tensors"](0, 14), codes)[2].mean(axis=0)
    np.testing.assert_allclose(found.iloc[0], expected, atol=2e-5)


def test_it_learns_nothing_and_survives_copies(folder):
    stage = TextEmbeddings(weights=folder, layers=[3])
    few = stage.fit(TEXTS[:2]).transform(TEXTS)
    pd.testing.assert_frame_equal(clone(stage).fit(TEXTS).transform(TEXTS), few)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(stage)).transform(list(TEXTS)), few)
    assert len(pickle.dumps(stage)) < 10_000


def test_logistic_regression_and_smote_work_on_the_vectors(folder):
    y = np.array([1, 0, 0, 0, 1, 0])
    stage = TextEmbeddings(weights=folder, layers=[3])
    assert make_pipeline(stage, LogisticRegression()).fit(TEXTS, y).predict(TEXTS).shape == (6,)
    grown, labels = SMOTE(k_neighbors=1, random_state=0).fit_resample(stage.fit(TEXTS).transform(TEXTS), y)
    assert grown.shape == (8, TINY["WIDTH"])
    assert labels.sum() == 4


def test_weights_that_were_replaced_after_fit_are_noticed(tmp_path):
    stage = TextEmbeddings(weights=TINY["make"](tmp_path / "bert"), layers=[3]).fit(TEXTS)
    TINY["make"](tmp_path / "bert", seed=1)
    with pytest.raises(DataError, match="fitted with weights of SHA-256"):
        stage.transform(TEXTS)


def test_what_cannot_work_is_told(folder, tmp_path, monkeypatch):
    with pytest.raises(StageError, match="layers must lie between 0 and 3"):
        TextEmbeddings(weights=folder).fit(TEXTS)
    with pytest.raises(StageError, match=r"given a DataFrame of shape \(1, 1\)"):
        TextEmbeddings(weights=folder, layers=[1]).fit(pd.DataFrame({"a": ["b"]}))
    with pytest.raises(StageError, match="takes texts"):
        TextEmbeddings(weights=folder, layers=[1]).fit([1, 2])
    with pytest.raises(ParameterError, match="pooling must be a list with at least 1 item"):
        TextEmbeddings(weights=folder, pooling=[]).fit(TEXTS)
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    with pytest.raises(MissingExtraError, match="appliedml weights install"):
        TextEmbeddings().fit(TEXTS)


def test_a_plan_without_the_weights_is_refused_before_it_runs(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    (problem,) = TextEmbeddings.problems_in({}, "pipeline[0]")
    assert problem.where == "pipeline[0]"
    assert "appliedml weights install all-minilm-l6-v2" in problem.what
    assert TextEmbeddings.problems_in({"weights": folder}, "pipeline[0]") == []


def test_the_record_names_the_weights_but_not_the_folder(folder):
    facts = TextEmbeddings(weights=folder, layers=[1]).fit(TEXTS).describe()["encoder"]
    assert len(facts["weights_sha256"]) == 64
    assert folder not in str(facts)
