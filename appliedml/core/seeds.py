"""A seed for every path, so that results do not depend on the order of the work."""

from __future__ import annotations

import hashlib


def derive_seed(root: int, *path: str | int) -> int:
    """Return the seed of one place in the tree of work.

    Parameters
    ----------
    root : int
        The plan's seed.
    *path : str or int
        Where the seed is used, for example ``"fold", 3, "smote"``.

    Returns
    -------
    int
        Between 0 and 2**31 - 1: fits NumPy, TensorFlow and scikit-learn.

    Notes
    -----
    The seed is a SHA-256 digest of the path: the same place gets the same seed locally, on a cluster and after a
    resume, whatever was computed before it.

    Examples
    --------
    >>> derive_seed(7, "fold", 3, "smote") == derive_seed(7, "fold", 3, "smote")
    True
    >>> derive_seed(7, "fold", 3) == derive_seed(7, "fold", 4)
    False
    """
    text = "\x1f".join([str(int(root)), *(f"{type(part).__name__}:{part}" for part in path)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
