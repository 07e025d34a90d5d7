"""The explorer's counts as text that a page carries for its script."""

from __future__ import annotations

import json
from typing import Any

from appliedml.report import values

LONGEST_KEY = 40


def explorer_text(data: dict[str, Any]) -> str:
    r"""Return the counts as JSON text for an attribute of the page; whoever puts it there escapes it.

    Parameters
    ----------
    data : dict
        Of :meth:`appliedml.report.explorer.ExplorerData.to_json`.

    Returns
    -------
    str
        Every text in it is as readers see it: nothing hidden, long names cut. Features have a ``key`` for the address.

    Examples
    --------
    >>> explorer_text({"features": [{"name": "se\u202ex"}]})
    '{"features":[{"key":"1","name":"se\\u27e8U+202E\\u27e9x"}]}'
    """
    shown = _shown(data)
    for place, feature in enumerate(shown.get("features", ())):
        name = str(feature["name"])
        plain = len(name) <= LONGEST_KEY and name.replace("_", "").isalnum() and name.isascii() and not name.isdigit()
        feature["key"] = name if plain else str(place + 1)
    return json.dumps(shown, separators=(",", ":"), sort_keys=True, ensure_ascii=True, allow_nan=False)


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return values.visible(value)
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    return value
