"""One static page over all runs below a folder: dates, data, verdicts, headline figures, sign-offs, trends, links."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from appliedml.errors import AppliedMLError, RunError
from appliedml.report.blocks import Block, Callout, Column, Document, Figure, Section, Table, Text
from appliedml.report.figures import line_chart
from appliedml.report.html import MAX_TABLE_ROWS, render_html
from appliedml.report.metadata import pooled_score
from appliedml.report.values import interval, metric_label, number, whole
from appliedml.store import layout
from appliedml.store.evidence import MOST_NAMED, changed_evidence, doubt_about, doubted
from appliedml.store.manifest import CHANGED, NOT_LISTED, Difference, FilesState, compare_files, plain_name
from appliedml.store.run import Run
from appliedml.store.writer import write_text

INDEX = "index.html"
HEADLINES = ("roc_auc", "average_precision", "brier")
TREND = "roc_auc"
_GATES = f"{layout.ARTIFACTS}/gates/"
_SHOWN = (layout.RUN, layout.TIMINGS, layout.SCORES, layout.SIGN_OFFS, f"{_GATES}{layout.ARTIFACT}")
_MOST_TREND = 500
_MOST_TICKS = 5
# Of runs on fewer days the axis shows the times.
_FEWEST_DAYS = 3


@dataclass(frozen=True)
class Found:
    """What lies below a folder.

    Parameters
    ----------
    runs : tuple of dict
        A row each, newest first.
    left_out : tuple of (str, str)
        Folder and why it is not among the runs.
    comparisons : tuple of str
        Pages that compare two runs. All paths are relative to the folder.
    """

    runs: tuple[dict[str, Any], ...]
    left_out: tuple[tuple[str, str], ...]
    comparisons: tuple[str, ...]


def write_index(folder: Path, out: Path | None = None) -> tuple[Path, int, int]:
    """Write the page over all runs below a folder.

    Parameters
    ----------
    folder : Path
    out : Path, optional
        The page. Default: ``index.html`` in the folder.

    Returns
    -------
    (Path, int, int)
        The page, how many runs it lists, and how many folders could not be read.

    Raises
    ------
    RunError
        If there is no such folder, it is a run itself or holds none, or the page cannot be written.
    """
    if not folder.is_dir():
        raise RunError(f"{folder} is not a folder. Give the one that holds the runs, such as reports/.")
    page = folder / INDEX if out is None else out
    if page.is_dir():
        raise RunError(f"{page} is a folder. Give the name of a page: --out {page / INDEX}")
    if page.parent.joinpath(layout.RUN).exists():
        inside = page.parent.resolve()
        raise RunError(
            f"{page.parent} is a run, and a run is not changed after it was made. Give the folder that holds the "
            f"runs: appliedml index {inside.parent}"
        )
    found = find_runs(folder)
    if found == Found((), (), ()):
        raise RunError(
            f"{folder} holds no run, so no page was written. Give the folder that holds the run folders: the one that "
            "appliedml run was given as --out, reports/ if none was."
        )
    base = os.path.relpath(folder.resolve(), page.resolve().parent)
    write_text(page, render_html(index_document(found, "" if base == os.curdir else Path(base).as_posix())))
    return page, len(found.runs), len(found.left_out)


def find_runs(folder: Path) -> Found:
    """Find runs, and what looks like one and cannot be read, below a folder; links are not followed.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Found
    """
    runs, left_out, comparisons = [], [], []
    for place, folders, files in os.walk(folder):
        folders.sort()
        here = Path(place)
        name = here.relative_to(folder).as_posix()
        comparisons += [here.joinpath(file).relative_to(folder).as_posix() for file in sorted(files) if _compares(file)]
        if not {layout.RUN, layout.SEAL} & set(files) and not here.name.endswith(layout.UNFINISHED):
            continue
        # What lies inside a run is not another run.
        folders.clear()
        try:
            runs.append({"folder": name, **_row(here)})
        except AppliedMLError as error:
            left_out.append((name, _why(here, str(error).replace(str(here), here.name))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            left_out.append((name, _why(here, f"it is damaged: {type(error).__name__}: {error}")))
    runs.sort(key=lambda run: (run["date"], run["folder"]), reverse=True)
    return Found(tuple(runs), tuple(left_out), tuple(comparisons))


def _compares(file: str) -> bool:
    return file.startswith("comparison") and file.endswith(".html")


def _why(folder: Path, reason: str) -> str:
    """Why a run is not listed; that its evidence was changed comes first, for the rest follows from it."""
    return f"{named}; {reason}" if (named := doubt_about(folder)) else reason


def _row(folder: Path) -> dict[str, Any]:
    run = Run(folder)
    gates = f"{_GATES}{layout.ARTIFACT}"
    # Every file that a figure comes from: one that is not shown here decides a verdict too.
    state = compare_files(folder, without=layout.REPORTS)
    row: dict[str, Any] = {
        "plan": run.name,
        "date": _date(folder / layout.TIMINGS),
        "data": str(run.info["data"]["fingerprint"])[:12],
        "rows": int(run.info["data"]["n_rows_used"]),
        "verdict": _verdict(run, state) if folder.joinpath(gates).is_file() else "no policy",
        "files": _files(state),
        "sign_off": _sign_off(run, state),
        "report": run.report_path.is_file(),
    }
    for metric in HEADLINES:
        score = pooled_score(run.scores, metric)
        if score is not None:
            row |= {metric: score[0], f"{metric}_low": score[1], f"{metric}_high": score[2]}
    return row


def _verdict(run: Run, state: FilesState) -> str:
    return str(doubted(run["gates"], changed_evidence(state)).summary["verdict"])


def _date(path: Path) -> str:
    """Start of the run as ``timings.json`` says it, to the minute; empty where it says nothing that is a date."""
    try:
        started = json.loads(path.read_text(encoding="utf-8"))["started"]
        return datetime.fromisoformat(started).strftime("%Y-%m-%d %H:%M")
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _files(state: FilesState) -> str:
    if not state.listed:
        return "no list of files"
    evidence = changed_evidence(state)
    found = [difference for difference in state.differences if difference in evidence or difference.file in _SHOWN]
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f"{'; '.join(map(str, found[:MOST_NAMED]))}{more}" or "as written"


def _sign_off(run: Run, state: FilesState) -> str:
    try:
        sign_offs = run.sign_offs
    except RunError:
        return f"{layout.SIGN_OFFS} was changed"
    if not sign_offs:
        return ""
    last = sign_offs[-1]
    text = f"{last.record['decision']}: {last.record['name']}, {last.record['time'][:10]}"
    if not all(sign_off.sound for sign_off in sign_offs):
        return f"{text}; the chain is broken"
    signed = last.record["files"]
    return f"{text}; files were changed since" if _changed_since(signed, state) else text


def _changed_since(signed: Mapping[str, str], state: FilesState) -> bool:
    """Whether evidence, or a file that is shown here, is not as the last signer saw it."""
    names = {*signed, *state.hashes} - {*layout.REPORTS, layout.SIGN_OFFS}
    other = [
        Difference(name, CHANGED if name in signed else NOT_LISTED)
        for name in names
        if signed.get(name) != state.hashes.get(name)
    ]
    return any(item.file in _SHOWN for item in other) or bool(changed_evidence(FilesState(True, tuple(other))))


def index_document(found: Found, base: str = "") -> Document:
    """Return the page as a document: a section for every plan's name, in the order of its newest run.

    Parameters
    ----------
    found : Found
    base : str
        Path from the page's folder to the folder that was searched.

    Returns
    -------
    Document
    """
    plans = list(dict.fromkeys(run["plan"] for run in found.runs))
    sections = []
    for position, plan in enumerate(plans, start=1):
        runs = [run for run in found.runs if run["plan"] == plan]
        sections.append(Section(f"plan-{position}", plan, (*_trend(plan, runs), *_tables(plan, runs, base))))
    if not plans:
        sections.append(Section("runs", "Runs", (Callout("neutral", "There is no run here that can be read"),)))
    if found.comparisons:
        table = pd.DataFrame({"page": found.comparisons, "path": [_joined(base, name) for name in found.comparisons]})
        pages = (Column("page", "Comparison of two runs", "file", target="path"),)
        sections.append(Section("comparisons", "Comparisons", tuple(_chunks("Comparisons", table, pages))))
    if found.left_out:
        rows = [(plain_name(name), reason) for name, reason in found.left_out]
        columns = (Column("folder", "Folder"), Column("reason", "Why it is not among the runs"))
        table = pd.DataFrame(rows, columns=["folder", "reason"])
        sections.append(
            Section("left-out", "Not listed", tuple(_chunks("Folders that are no whole run", table, columns)))
        )
    facts = {"Runs": whole(len(found.runs)), "Plans": whole(len(plans)), "Not listed": whole(len(found.left_out))}
    return Document("Runs", "Index of audited runs", tuple(sections), {"facts": facts})


def _joined(base: str, name: str) -> str:
    return f"{base}/{name}" if base else name


def _trend(plan: str, runs: Sequence[dict[str, Any]]) -> list[Block]:
    """AUROC over time where runs of at least two times have it."""
    points = [run for run in reversed(runs) if run.get(TREND) is not None and run["date"]][-_MOST_TREND:]
    if len({run["date"] for run in points}) < 2:
        return []
    table = pd.DataFrame(points)[["date", TREND, f"{TREND}_low", f"{TREND}_high", "data"]]
    table["when"] = pd.to_datetime(table["date"])
    label, first, last = metric_label(TREND), points[0], points[-1]
    ends = [f"{number(run[TREND])} ({interval(run[f'{TREND}_low'], run[f'{TREND}_high'])})" for run in (first, last)]
    times = [run["date"][:10] for run in (first, last)]
    if times[0] == times[1]:
        times = [first["date"], last["date"]]
    text = f"{label} went from {ends[0]} on {times[0]} to {ends[1]} on {times[1]}."
    if table["data"].nunique() > 1:
        text += " The data were not the same in all runs, so a difference may come from the rows."
    columns = (
        Column("date", "Date (UTC)"),
        Column(TREND, label, "interval", (f"{TREND}_low", f"{TREND}_high")),
        Column("data", "Data"),
    )
    figure = line_chart(
        title=f"{label} of {plan} over time",
        alt=text,
        data=table,
        x="when",
        y=TREND,
        x_title="Start of the run (UTC)",
        y_title=f"{label}, with its interval",
        band=(f"{TREND}_low", f"{TREND}_high"),
        columns=columns,
    )
    return [_with_ticks(figure, [run["date"] for run in points])]


def _with_ticks(figure: Figure, dates: Sequence[str]) -> Figure:
    """Tick a trend at runs: at days where there are some, else at times. No two ticks have the same label."""
    firsts = list({date[:10]: date for date in reversed(dates)}.values())[::-1]
    by_day = len(firsts) >= _FEWEST_DAYS
    candidates = firsts if by_day else list(dict.fromkeys(dates))
    # Evenly spread over the candidates, with the first and the last.
    n_ticks = min(_MOST_TICKS, len(candidates))
    ticks = [candidates[place * (len(candidates) - 1) // (n_ticks - 1)] for place in range(n_ticks)]
    axis = {
        "values": [_vega_time(tick) for tick in ticks],
        "format": "%Y-%m-%d" if by_day else "%Y-%m-%d %H:%M",
        "labelOverlap": "greedy",
    }
    layers = []
    for layer in figure.chart["layer"]:
        across = layer["encoding"]["x"]
        across = {**across, "axis": {**across["axis"], **axis}}
        layers.append({**layer, "encoding": {**layer["encoding"], "x": across}})
    return replace(figure, chart={**figure.chart, "layer": layers})


def _vega_time(date: str) -> dict[str, int]:
    when = datetime.fromisoformat(date)
    # Vega-Lite reads a time without a zone, as the rows of the chart have it, in the zone of its machine; so it does a
    # tick that is given in parts.
    return {"year": when.year, "month": when.month, "date": when.day, "hours": when.hour, "minutes": when.minute}


def _tables(plan: str, runs: Sequence[dict[str, Any]], base: str) -> Iterator[Block]:
    """What the runs are and what became of them, then their figures: together too wide for a screen of 1280 pixels."""
    table = pd.DataFrame(runs)
    table["shown"] = [plain_name(Path(name).name) for name in table["folder"]]
    table["path"] = [
        _joined(base, f"{run['folder']}/{layout.REPORT_HTML}".removeprefix("./")) if run["report"] else ""
        for run in runs
    ]
    metrics = [metric for metric in HEADLINES if metric in table]
    columns = (
        Column("shown", "Run", "file", target="path"),
        Column("date", "Date (UTC)"),
        Column("verdict", "Verdict", "badge"),
        Column("sign_off", "Latest sign-off"),
        Column("files", "Files, reports apart"),
    )
    figures = (
        # A run that has no date, or shares it, is known by its name.
        Column("started", "Run of (UTC)", "file", target="path"),
        *(Column(m, metric_label(m), "interval", (f"{m}_low", f"{m}_high")) for m in metrics),
        Column("rows", "Rows", "int"),
        Column("data", "Data"),
    )
    known = (table["date"] != "") & ~table["date"].duplicated(keep=False)
    table["started"] = table["date"].where(known, table["shown"])
    yield from _chunks(f"Runs of {plan}, newest first", table.fillna({"sign_off": ""}), columns)
    yield from _chunks(f"Figures of {plan}, newest first", table, figures)
    if not all(run["report"] for run in runs):
        yield Text("A run without a link has no page yet: appliedml report RUN builds it.", small=True)


def _chunks(caption: str, table: pd.DataFrame, columns: tuple[Column, ...]) -> Iterator[Block]:
    """Tables of as many rows as a page shows, the later ones folded."""
    for start in range(0, len(table), MAX_TABLE_ROWS):
        part = table.iloc[start : start + MAX_TABLE_ROWS]
        more = f", from number {start + 1:,}" if start else ""
        yield Table(f"{caption}{more}", part, columns, collapsed=start > 0)
