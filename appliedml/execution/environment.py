"""What the run was made with: versions and the commit of the code beside the plan."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "appliedml",
    "tensorflow",
    "keras",
    "scikit-learn",
    "imbalanced-learn",
    "shap",
    "fairlearn",
    "pandas",
    "numpy",
    "scipy",
    "pyarrow",
)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide results.

    Returns
    -------
    dict of str to str
        Packages that are not installed are left out.

    Examples
    --------
    >>> "numpy" in versions()
    True
    """
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def git_commit(folder: Path | None) -> str | None:
    """Return the commit of the repository around a folder, or None.

    Parameters
    ----------
    folder : Path or None

    Returns
    -------
    str or None
        With "+changes" behind it if tracked files differ from it.
    """
    where = str(folder or Path.cwd())
    try:
        commit = _git(where, "rev-parse", "HEAD")
        changed = _git(where, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}+changes" if changed else commit


def _git(folder: str, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", folder, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.strip()
