"""What commands that read a run say first on the error stream, if its files are not as they were written."""

from __future__ import annotations

from pathlib import Path

from appliedml._terminal import say

MOST_NAMED = 5
# A larger file, and a model, which no report reads, is compared by its size: hashing it would be felt.
MOST_HASHED_BYTES = 4 << 20


def warn_of_changes(run: Path) -> None:
    """Say on the error stream which files of a run are not as its seal says, before something is built from them.

    Parameters
    ----------
    run : Path

    Notes
    -----
    The report's own files are left out, for they are about to be written anew. Models and large files are compared by
    size, all others by hash: ``appliedml verify`` hashes every file.
    """
    from appliedml.store import layout
    from appliedml.store.manifest import CHANGED, NOT_LISTED, Difference, compare_files, read_seal, walk

    sealed = read_seal(run)
    sizes = {name: path.lstat().st_size for name, path in walk(run).items() if name not in layout.REPORTS}
    by_size = [n for n, size in sizes.items() if n.startswith(f"{layout.FOLDS}/") or size > MOST_HASHED_BYTES]
    hashed = {*sizes, *sealed, layout.RUN}.difference(by_size, layout.REPORTS)
    found = list(compare_files(run, only=hashed).differences)
    for name in by_size if sealed else ():
        if name not in sealed:
            found.append(Difference(name, NOT_LISTED))
        elif sealed[name]["size"] != sizes[name]:
            found.append(Difference(name, CHANGED))
    if found:
        named = "; ".join(map(str, sorted(found, key=lambda difference: difference.file)[:MOST_NAMED]))
        more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        count = "1 file does" if len(found) == 1 else f"{len(found)} files do"
        say(f"Warning: {count} not match the seal of the run: {named}{more}.", err=True)
        say(f"What is written now is made from the files as they are. To list all: appliedml verify {run}", err=True)
