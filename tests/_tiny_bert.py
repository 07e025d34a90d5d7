"""A BERT encoder of random weights in the form of the published ones, small enough to make in every test run."""

import json
from pathlib import Path

import numpy as np

WORDS = ["good", "bad", "food", "dog", "very", "##s", "the", "a", "not", "!"]
WIDTH, INNER, LAYERS, HEADS, POSITIONS = 16, 32, 3, 4, 32


def make(folder, seed: int = 0, **config) -> str:
    """Write config.json, model.safetensors and tokenizer.json, and return the folder as text."""
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    tokeniser = Tokenizer(models.WordPiece({word: code for code, word in enumerate(pieces)}, unk_token="[UNK]"))
    tokeniser.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokeniser.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokeniser.save(str(folder / "tokenizer.json"))
    sizes = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "vocab_size": len(pieces),
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps({**sizes, **config}))
    save_file(tensors(seed, len(pieces)), str(folder / "model.safetensors"))
    return str(folder)


def tensors(seed: int, n_pieces: int) -> dict:
    """Return random weights by their published names."""
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.normal(0, 0.5, shape).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": normal(n_pieces, WIDTH),
        "embeddings.position_embeddings.weight": normal(POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": normal(2, WIDTH),
        "embeddings.LayerNorm.weight": 1 + 0.2 * normal(WIDTH),
        "embeddings.LayerNorm.bias": normal(WIDTH),
        "embeddings.position_ids": np.arange(POSITIONS, dtype=np.int64)[None],
    }
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        shapes = {
            "attention.self.query": (WIDTH, WIDTH),
            "attention.self.key": (WIDTH, WIDTH),
            "attention.self.value": (WIDTH, WIDTH),
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (INNER, WIDTH),
            "output.dense": (WIDTH, INNER),
        }
        for name, shape in shapes.items():
            found[f"{at}{name}.weight"] = normal(*shape)
            found[f"{at}{name}.bias"] = normal(shape[0])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            found[f"{at}{name}.weight"] = 1 + 0.2 * normal(WIDTH)
            found[f"{at}{name}.bias"] = normal(WIDTH)
    return found


def reference(stored: dict, codes: list) -> list:
    """Return the outputs of all layers for one text, written out in NumPy: each of shape (n_pieces, WIDTH)."""
    from scipy.special import erf, softmax

    def norm(x, name):
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-12)
        return x * stored[f"{name}.weight"] + stored[f"{name}.bias"]

    def linear(x, name):
        return x @ stored[f"{name}.weight"].T + stored[f"{name}.bias"]

    x = stored["embeddings.word_embeddings.weight"][codes].astype(np.float64)
    x = x + stored["embeddings.position_embeddings.weight"][: len(codes)]
    x = norm(x + stored["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    outputs = [x]
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        heads = []
        parts = [linear(x, f"{at}attention.self.{part}") for part in ("query", "key", "value")]
        for query, key, value in zip(*(np.split(part, HEADS, axis=1) for part in parts), strict=True):
            heads.append(softmax(query @ key.T / np.sqrt(WIDTH // HEADS), axis=1) @ value)
        x = norm(
            x + linear(np.concatenate(heads, axis=1), f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm"
        )
        inner = linear(x, f"{at}intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
        x = norm(x + linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")
        outputs.append(x)
    return outputs
