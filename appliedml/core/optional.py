"""Optional dependencies, imported where they are used and missed with a sentence."""

from __future__ import annotations

import importlib
from types import ModuleType

from appliedml.errors import MissingExtraError


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional dependency or say how to install it.

    Parameters
    ----------
    module : str
        Name to import.
    extra : str
        The extra of this package that installs it.
    purpose : str
        What needs it, as the start of a sentence ("Ray engine").

    Returns
    -------
    module

    Raises
    ------
    MissingExtraError
        If the module cannot be imported.

    Examples
    --------
    >>> require("json", "nothing", "This example").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} needs the package {module!r}, which is not installed. "
            f"Install it with: pip install 'appliedml[{extra}]'"
        ) from error
