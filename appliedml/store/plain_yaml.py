"""YAML as people mean it: ``no`` and ``on`` are words, ``1e-3`` is a number, a date is its text, a key stands once."""

from __future__ import annotations

import re
from typing import Any

import yaml


class _PlainLoader(yaml.SafeLoader):
    """A safe loader with the scalars of YAML 1.2."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = [key for key in dict.fromkeys(seen) if seen.count(key) > 1]
        if twice:
            # The second would silently win.
            text = f"the key {twice[0]!r} is given more than once"
            raise yaml.constructor.ConstructorError(None, None, text, node.start_mark)
        return super().construct_mapping(node, deep)


_REPLACED = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp")
_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag not in _REPLACED]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
    ),
    list("-+.0123456789"),
)


def load_yaml(text: str) -> Any:
    """Read YAML text as plain data.

    Parameters
    ----------
    text : str

    Returns
    -------
    object
        Mappings, lists, texts, numbers, booleans and None. Only ``true`` and ``false`` are booleans.

    Raises
    ------
    yaml.YAMLError
        If it is not YAML, asks for Python objects, or gives a key twice.

    Examples
    --------
    >>> load_yaml("{on: no, rate: 1e-3, until: 2027-01-31, n: 5}")
    {'on': 'no', 'rate': 0.001, 'until': '2027-01-31', 'n': 5}
    """
    return yaml.load(text, _PlainLoader)  # a SafeLoader
