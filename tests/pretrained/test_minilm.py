import runpy
from pathlib import Path

import numpy as np
import pytest

from appliedml.errors import DataError, MissingExtraError
from appliedml.pretrained import minilm, weights
from appliedml.pretrained.minilm import BertConfig, encoder_problem, load_encoder, unit_length

pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")
TINY = runpy.run_path(str(Path(__file__).parents[1] / "_tiny_bert.py"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return TINY["make"](tmp_path_factory.mktemp("bert"))


def test_one_encoder_serves_a_process_until_its_files_change(folder, tmp_path):
    assert load_encoder(folder=folder) is load_encoder(folder=folder)
    other = TINY["make"](tmp_path, seed=1)
    assert load_encoder(folder=other).digest != load_encoder(folder=folder).digest


def test_folders_that_hold_no_such_encoder_are_refused(tmp_path, folder):
    with pytest.raises(DataError, match=r"lacks config.json, model.safetensors, tokenizer.json"):
        load_encoder(folder=str(tmp_path))
    with pytest.raises(DataError, match="model_type 'bert' with hidden_act 'gelu'"):
        load_encoder(folder=TINY["make"](tmp_path / "relu", hidden_act="relu"))
    with pytest.raises(DataError, match="does not hold the weights that config.json calls for"):
        load_encoder(folder=TINY["make"](tmp_path / "deep", num_hidden_layers=4)).vectors(["a"], layers=[4])
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DataError, match="does not describe a BERT encoder"):
        BertConfig.read(tmp_path / "config.json")


def test_missing_weights_are_told_with_the_command_to_install_them(tmp_path, monkeypatch, folder):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    with pytest.raises(MissingExtraError, match="appliedml weights install all-minilm-l6-v2"):
        load_encoder()
    assert "appliedml weights install" in encoder_problem(minilm.NAME, None)
    assert encoder_problem(minilm.NAME, folder) == ""


def test_a_length_of_one_is_given_to_vectors_and_zeros_stay_zeros():
    found = unit_length(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)


def test_all_minilm_l6_v2_agrees_with_pytorch_to_1e_4():
    try:
        weights.find(minilm.NAME)
    except MissingExtraError:
        pytest.skip("the weights are not here: appliedml weights install all-minilm-l6-v2")
    with np.load(Path(__file__).with_name("minilm_reference.npz")) as stored:
        reference = dict(stored)
    encoder = load_encoder()
    texts, length = [str(text) for text in reference["sentences"]], int(reference["length"])
    codes = encoder.tokeniser(texts, length)
    np.testing.assert_array_equal(np.concatenate(codes), reference["codes"])
    assert [len(code) for code in codes] == reference["n_codes"].tolist()
    found = encoder.vectors(texts, layers=[2, 4, 6], poolings=["mean", "max", "cls"], length=length)
    np.testing.assert_allclose(found[:, 1], reference["layer_2_max"], atol=1e-4)
    np.testing.assert_allclose(found[:, 3], reference["layer_4_mean"], atol=1e-4)
    np.testing.assert_allclose(found[:, 8], reference["layer_6_cls"], atol=1e-4)
    np.testing.assert_allclose(unit_length(found[:, 6]), reference["sentence"], atol=1e-4)
