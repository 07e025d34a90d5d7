"""One line for every registered name, read from the source without importing it."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from appliedml.core.registry import ROOMS, names
from appliedml.errors import StageError


def describe_names(kind: str) -> list[tuple[str, str, str]]:
    """Return name, room and first docstring line of everything of a kind.

    Parameters
    ----------
    kind : str
        A key of :data:`appliedml.core.registry.ROOMS`.

    Returns
    -------
    list of (str, str, str)

    Raises
    ------
    StageError
        If there is no such kind.

    Examples
    --------
    >>> [name for name, _, _ in describe_names("splits")]
    ['group_kfold', 'holdout', 'kfold', 'predefined', 'time_kfold']
    """
    if kind not in ROOMS:
        raise StageError(f"{kind!r} is not a kind of thing a plan names. Kinds: {', '.join(ROOMS)}.")
    rows = []
    for name, target in names(kind).items():
        module = target.partition(":")[0]
        rows.append((name, module.rpartition(".")[0].removeprefix("appliedml."), _first_line(module)))
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _first_line(module: str) -> str:
    parent, _, leaf = module.rpartition(".")
    if module.startswith("appliedml."):
        path = Path(__file__).parents[1].joinpath(*parent.split(".")[1:], f"{leaf}.py")
    else:
        spec = find_spec(module)
        path = Path(spec.origin) if spec is not None and spec.origin else Path()
    if not path.is_file():
        return ""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    wanted = leaf.replace("_", "")
    found = [node for node in public if node.name.lower() == wanted] or public
    lines = (ast.get_docstring(found[0]) or "").splitlines() if found else []
    return lines[0] if lines else ""
