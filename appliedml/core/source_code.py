"""Which code this is: one hash over the package's own files, whatever commit or version they are called by."""

from __future__ import annotations

import hashlib
from pathlib import Path

SUFFIXES = (".py", ".yaml", ".js", ".css", ".j2", ".json", ".txt")
"""Files that can change what a run or its report says. Prose (Markdown) cannot."""


def source_sha256(package: Path | None = None) -> str:
    """Return the SHA-256 over the installed package's source files.

    Parameters
    ----------
    package : Path, optional
        Folder of a package. Default: this one.

    Returns
    -------
    str
        64 hexadecimal digits. It covers each file's place in the package and its content, sorted by place, and is the
        same on every machine; line ends count.

    Examples
    --------
    >>> source_sha256() == source_sha256()
    True
    """
    folder = Path(__file__).parents[1] if package is None else package
    found = sorted(
        (path.relative_to(folder).as_posix(), path)
        for path in folder.rglob("*")
        if path.suffix in SUFFIXES and path.is_file() and "__pycache__" not in path.parts
    )
    digest = hashlib.sha256()
    for place, path in found:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{content}  {place}\n".encode())
    return digest.hexdigest()
