"""Keras pipelines that hand their reviewer the evidence.

The names below are loaded when they are first used: ``import appliedml`` itself is light and changes nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "Schema": "appliedml.core.schema",
    "Samples": "appliedml.core.samples",
    "Artifact": "appliedml.core.artifact",
    "Pipeline": "appliedml.compose.pipeline",
    "Plan": "appliedml.execution.plan",
    "Run": "appliedml.store.run",
    "compare": "appliedml.comparing",
    "read_table": "appliedml.sources.table",
    "read_policy": "appliedml.gates.policy",
    "judge": "appliedml.gates.judge",
    "write_report": "appliedml.report.build",
    "run_script": "appliedml.cli",
}
_KINDS = ("stages", "builders", "splits", "audits", "sources", "engines")

__all__ = ["__version__", *sorted(_WHERE)]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load a public name, or a registered class such as ``Smote``, on first use."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    if name[:1].isupper():
        from appliedml.core.registry import find, names
        from appliedml.core.stage import snake_case

        for kind in _KINDS:
            if snake_case(name) in names(kind):
                return find(kind, snake_case(name))
    raise AttributeError(f"module 'appliedml' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
