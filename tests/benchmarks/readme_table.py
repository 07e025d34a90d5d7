"""Write the newest benchmarks into ``README.md``, between ``<!-- benchmarks -->`` and ``<!-- /benchmarks -->``.

::

    python tests/benchmarks/readme_table.py

``make bench`` does it at its end. Of several files in ``reports/benchmarks/`` (numbers of cores, versions) the one with
the newest TensorFlow and Python is taken, and of those the one with the fewest cores.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from _harness import ROOT
from _readme import fill

MARK = "benchmarks"
FOLDER = ROOT / "reports" / "benchmarks"
HEADS = ("work", "compared with", "ratio or figure", "accuracy beside it", "target")
NOT_SLOWER = "not slower"
NONE_YET = "No benchmark has been run yet: `make bench` writes the table."


def newest(folder: Path = FOLDER) -> dict[str, Any] | None:
    """Return the newest file of results, or None."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]

    def age(results: dict[str, Any]) -> tuple[Any, ...]:
        its = results["environment"]
        versions = ([int(part) for part in re.findall(r"\d+", its[name])] for name in ("tensorflow", "python"))
        return *versions, -its["cores"]

    return max(found, key=age, default=None)


def lines_of(results: dict[str, Any] | None) -> list[str]:
    """Return the table as Markdown."""
    records = [record for group in (results or {}).get("benchmarks", {}).values() for record in group]
    if results is None or not records:
        return [NONE_YET]
    its = results["environment"]
    lines = [
        f"{its['cores']} cores, Python {its['python']}, TensorFlow {its['tensorflow']}; both sides of a ratio in turns "
        "in one run, but for those as users call it, which are timed after them on fewer rows.",
        "",
        f"| {' | '.join(HEADS)} |",
        f"|{'---|' * len(HEADS)}",
    ]
    shown, folded = split(records)
    rows = [cells(record) for record in shown] + ([summary(folded)] if folded else [])
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def split(records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Part the records with a row of their own from those that only must not be slower, and are not."""
    folded = [record for record in records if record["target"] == NOT_SLOWER and record["met"]]
    return [record for record in records if record not in folded], folded


def summary(records: list[dict[str, Any]]) -> list[str]:
    """Return records that only must not be slower as the cells of one row."""
    ratios = sorted(record["ratio"] for record in records)
    spread = f"{ratios[0]:.1f}x to {ratios[-1]:.1f}x"
    work = f"{len(records)} other kinds of network, or with few steps: 3 or 5 folds of each"
    return [
        work,
        "model.fit in a loop; each is listed in `reports/benchmarks/`",
        spread,
        "in none lower by more than chance",
        f"{NOT_SLOWER}: met by all",
    ]


def cells(record: dict[str, Any]) -> list[str]:
    """Return one record as the cells of the table."""
    ratio = record["ratio"]
    # A record without another side to compare with shows its own figure.
    shown = record["ours"] if ratio is None else f"{ratio:,.{1 if ratio < 100 else 0}f}x"
    target = record["target"] or ""
    if record["met"] is not None:
        target += ": met" if record["met"] else ": **not met**"
    found = (record["work"], record["today"], shown, record["accuracy"], target)
    return [str(cell).replace("|", "/").replace("\n", " ") for cell in found]


def main() -> None:
    """Fill the table."""
    fill(MARK, lines_of(newest()))


if __name__ == "__main__":
    main()
