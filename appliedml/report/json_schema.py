"""The published JSON Schema (draft 2020-12) of ``report.json``: ``report.schema.json``, beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).with_name("report.schema.json")


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of a report in JSON.

    Returns
    -------
    dict
        A schema of draft 2020-12, for any validator. Every type of block is in its ``$defs``.

    Source
    ------
    JSON Schema: A Media Type for Describing JSON Documents, draft 2020-12.

    Examples
    --------
    >>> schema = report_schema()
    >>> schema["$id"], "Table" in schema["$defs"]
    ('urn:appliedml:report:1', True)
    """
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema
