"""Makes ``minilm_reference.npz``: outputs of all-MiniLM-L6-v2 as PyTorch and transformers compute them.

Not a test, and not run by the tests: it needs ``torch`` and ``transformers`` in an environment of its own, and the
folder with ``config.json``, ``model.safetensors`` and ``tokenizer.json`` that ``appliedml weights install`` makes:

    python tests/pretrained/make_minilm_reference.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np

SENTENCES = [
    "The coffee was rich and smooth; I will buy it again.",
    "Terrible. It arrived broken, stale and late!!!",
    "not good",
    "",
    "a",
    "ÜBER-großartig, naïve café £5 — “quoted”…",
    "これは素晴らしい製品です。买了两次",
    "😀😀 so happy 👍🏽 #yum @shop http://x.y/z?q=1",
    "<b>markup</b> & <script>alert('x')</script> 3.14159 1,000,000",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis " + "x" * 120,
    "My dog loves these treats. " * 9,
    "A very long review that goes on and on about nothing in particular, over and over again. " * 20,
]
LENGTH = 128


def main() -> None:
    import torch
    from transformers import BertModel, BertTokenizerFast

    folder = Path(sys.argv[1])
    tokeniser = BertTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    model = BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    codes, means, maxima, last, sentence = [], [], [], [], []
    for text in SENTENCES:
        # One text at a time: no padding has a part in the reference.
        given = tokeniser(text, truncation=True, max_length=LENGTH, return_tensors="pt")
        with torch.no_grad():
            found = model(**given, output_hidden_states=True).hidden_states
        codes.append(given["input_ids"][0].numpy().astype(np.int32))
        means.append(found[4][0].mean(dim=0).numpy())
        maxima.append(found[2][0].max(dim=0).values.numpy())
        last.append(found[6][0, 0].numpy())
        mean = found[6][0].mean(dim=0)
        sentence.append(torch.nn.functional.normalize(mean, dim=0).numpy())
    np.savez_compressed(
        Path(__file__).with_name("minilm_reference.npz"),
        sentences=np.array(SENTENCES),
        length=np.array(LENGTH),
        codes=np.concatenate(codes),
        n_codes=np.array([len(code) for code in codes]),
        layer_4_mean=np.array(means),
        layer_2_max=np.array(maxima),
        layer_6_cls=np.array(last),
        sentence=np.array(sentence),
    )


if __name__ == "__main__":
    main()
