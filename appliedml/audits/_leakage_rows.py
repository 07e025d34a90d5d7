"""Row-level facts of one fold: what is in training and in test, what was fitted on, what the ledger says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._profile_columns import row_hashes
from appliedml.core.fold import Fold
from appliedml.core.images import COMPARE_PIXELS, Images
from appliedml.core.near_duplicates import Shingles
from appliedml.core.texts import Texts

OK, FACT, WARNING, PROBLEM, UNMEASURED = "ok", "fact", "warning", "problem", "not measured"
TIME_ORDER = "training rows not earlier than the first test row"
BY_FILE = "pictures compared by their files, not by their pixels"
REPEATED = 0.01
"""Share of test rows repeated in training from which the repetition is a warning."""
ALIKE = 0.8
"""Jaccard index of two texts' runs of three words from which they are near-duplicates."""
NAMED = 3
"""Pairs of pictures that are named; of more, their number says enough."""

CHECK_TYPES: dict[str, Any] = {
    "check": str,
    "fold": "int64",
    "n": "int64",
    "of": "int64",
    "share": float,
    "verdict": str,
    "text": str,
}


def row_checks(fold: Fold) -> pd.DataFrame:
    """Check one fold's rows.

    Parameters
    ----------
    fold : Fold

    Returns
    -------
    DataFrame
        check, fold, n, of, share, verdict ("ok", "fact", "warning", "problem", "not measured"), text.
    """
    train_ids, test_ids = fold.train.row_id, fold.test.row_id
    n_shared = int(_among(test_ids, train_ids).sum())
    hashes = row_hashes(fold.train.X), row_hashes(fold.test.X)
    ordered, time_row = _time_order(fold)
    rows = [
        ("test rows that are also training rows", n_shared, len(test_ids), PROBLEM if n_shared else OK,
         "A row must be on one side only."),
        _groups(fold, ordered),
        *_without_group(fold),
        *_other_spellings(fold),
        time_row,
        *_repeated(fold, *hashes),
        *_twin_pictures(fold, *hashes),
        *_by_file(fold),
        *_nearly_repeated(fold),
        *_fitted(fold),
        _ledger(fold),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["check", "n", "of", "verdict", "text"])
    table.insert(1, "fold", fold.number)
    table.insert(4, "share", table["n"] / table["of"].where(table["of"] > 0))
    return table.astype(CHECK_TYPES)


def _among(values: Any, others: Any) -> NDArray[np.bool_]:
    """Which values occur among the others. As text: ids may be numbers in one part and text in another after a merge.

    By hashing: sorting a million texts takes longer than everything else that is checked.
    """
    a, b = np.asarray(values), np.asarray(others)
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return np.isin(a, b)
    found: NDArray[np.bool_] = pd.Index(_text(a), dtype=object).isin(pd.unique(_text(b)))
    return found


def _text(values: NDArray[Any]) -> NDArray[Any]:
    return np.array([str(value) for value in values], dtype=object)


def _time_order(fold: Fold) -> tuple[bool, tuple[str, int, int, str, str]]:
    """Whether all training rows are earlier than all test rows, and the row that says so."""
    n, before, after = len(fold.train), fold.train.time, fold.test.time
    if before is None or after is None or after.dropna().empty:
        return False, (TIME_ORDER, 0, n, UNMEASURED, "The schema names no time column.")
    late = int((before >= after.min()).sum())
    if not late:
        return True, (TIME_ORDER, 0, n, OK, "The model was tested on rows later than all it learned from.")
    text = (
        "The scores are those of rows from the same period. A model that is used on later rows may do worse: split by "
        "time to know."
    )
    return False, (TIME_ORDER, late, n, WARNING, text)


def _groups(fold: Fold, ordered: bool) -> tuple[str, int, int, str, str]:
    name = "test rows whose group is also in training"
    if fold.train.group is None or fold.test.group is None:
        return name, 0, len(fold.test), UNMEASURED, "The schema names no group."
    known = pd.Series(fold.test.group).notna().to_numpy()
    shared = int((_among(fold.test.group, pd.unique(fold.train.group)) & known).sum())
    if not shared:
        return name, 0, len(fold.test), OK, "Whole groups are on one side."
    if ordered:
        text = "All training rows are earlier, so the same group returns later: scores hold for groups already known."
        return name, shared, len(fold.test), WARNING, text
    text = "Rows of one group (patient, customer) are alike: the scores are too good. Split by group."
    return name, shared, len(fold.test), PROBLEM, text


def _without_group(fold: Fold) -> list[tuple[str, int, int, str, str]]:
    """Rows whose patient or customer is not known; nothing where all are."""
    if fold.train.group is None or fold.test.group is None:
        return []
    missing = [int(pd.isna(pd.Series(samples.group)).sum()) for samples in (fold.train, fold.test)]
    text = (
        "Each is taken for a group of its own. Where it belongs to a known group, that group is in training and "
        "in test: fill in the column, or drop such rows."
    )
    n = len(fold.train) + len(fold.test)
    return [("rows without a group", sum(missing), n, WARNING, text)] if any(missing) else []


def _other_spellings(fold: Fold) -> list[tuple[str, int, int, str, str]]:
    """Test rows whose group is in training with other capitals or blanks only; nothing where there are none."""
    if fold.train.group is None or fold.test.group is None:
        return []
    before, after = np.asarray(fold.train.group), np.asarray(fold.test.group)
    if before.dtype.kind in "iuf" and after.dtype.kind in "iuf":
        return []
    written = {str(group) for group in pd.Series(before).dropna().unique()}
    spelled = {_spelled(group) for group in written}
    places, groups = pd.factorize(after)
    # A missing group has place -1: it takes the False at the end.
    alike = [str(group) not in written and _spelled(group) in spelled for group in groups]
    n = int(np.array([*alike, False])[places].sum())
    column = fold.train.schema.group
    text = (
        "Groups that differ only in capitals or blanks ('p1', ' P1') are most likely one, and then it is in training "
        f"and in test. Write each group in one way{f' in column {column}' if column else ''}, then run again."
    )
    name = "test rows whose group is in training in another spelling"
    return [(name, n, len(after), WARNING, text)] if n else []


def _spelled(group: Any) -> str:
    """Return what two spellings of one name have in common."""
    return " ".join(str(group).split()).casefold()


def _twin_pictures(
    fold: Fold, before: NDArray[np.uint64] | None, after: NDArray[np.uint64] | None
) -> list[tuple[str, int, int, str, str]]:
    """Test pictures that a training row of another group has too; nothing for other inputs or without groups.

    One is enough for a warning: whoever is known under two names has all other films on both sides, too.
    """
    train, test = fold.train, fold.test
    if not isinstance(test.X, Images) or before is None or after is None or train.group is None or test.group is None:
        return []
    name = "test pictures that are in training under another group"
    shared = np.flatnonzero(np.isin(before, after))
    places: dict[int, list[int]] = {}
    for place in shared.tolist():
        places.setdefault(int(before[place]), []).append(place)
    pairs = []
    for row in np.flatnonzero(np.isin(after, before)).tolist():
        # Rows without a group are groups of their own.
        group = None if pd.isna(test.group[row]) else str(test.group[row])
        others = [place for place in places[int(after[row])] if group is None or str(train.group[place]) != group]
        if others:
            pairs.append(f"{test.row_id[row]} (test) is {train.row_id[others[0]]} (training)")
    if not pairs:
        return [(name, 0, len(test), OK, "No picture belongs to two groups.")]
    more = len(pairs) - NAMED
    text = (
        f"Row {'; row '.join(pairs[:NAMED])}{f'; and {more:,} more' if more > 0 else ''}. Either one patient "
        "(customer) has two names, and all rows of both may be on two sides, or a picture was filed wrongly: give both "
        "rows one group, or drop one."
    )
    return [(name, len(pairs), len(test), WARNING, text)]


def _by_file(fold: Fold) -> list[tuple[str, int, int, str, str]]:
    """Say that pictures were too many to compare by what the model sees; nothing where they were not."""
    if not isinstance(fold.test.X, Images) or fold.test.X.compares_pixels:
        return []
    text = (
        f"There are more than {COMPARE_PIXELS:,} pictures, so only copies of whole files were looked for. A picture "
        "that was saved again, with another date or text inside the file, was not recognised."
    )
    return [(BY_FILE, 0, len(fold.test), UNMEASURED, text)]


def _repeated(
    fold: Fold, before: NDArray[np.uint64] | None, after: NDArray[np.uint64] | None
) -> list[tuple[str, int, int, str, str]]:
    names = ("test rows whose features occur in training", "test rows whose features and label occur in training")
    n = len(fold.test)
    if before is None or after is None:
        return [(name, 0, n, UNMEASURED, "The inputs are read lazily; rows are not compared.") for name in names]
    found = np.isin(after, before)
    base, n_classes = np.uint64(1_000_003), np.uint64(len(fold.classes))
    labelled = [
        hashes * base + np.asarray(samples.y).astype(np.uint64) % n_classes
        for hashes, samples in ((before, fold.train), (after, fold.test))
    ]
    same = np.isin(labelled[1], labelled[0])
    text = "Repeated rows are easier than new ones: drop duplicates, or split by what they share."
    return [
        (name, int(hit.sum()), n, WARNING if hit.mean() >= REPEATED else FACT if hit.any() else OK, text)
        for name, hit in zip(names, (found, same), strict=True)
    ]


def _nearly_repeated(fold: Fold) -> list[tuple[str, int, int, str, str]]:
    """Texts that differ from a training text in a few words only; nothing for other inputs."""
    if not isinstance(fold.train.X, Texts) or not isinstance(fold.test.X, Texts):
        return []
    hit = Shingles([*fold.train.X, *fold.test.X]).repeats_of(len(fold.train), ALIKE)
    text = (
        f"They share {ALIKE:.0%} or more of their runs of three words with a training text. Clean with "
        "drop_near_duplicate_texts, or with group_near_duplicates and split by group."
    )
    verdict = WARNING if len(hit) and hit.mean() >= REPEATED else FACT if hit.any() else OK
    return [("test texts that nearly repeat a training text", int(hit.sum()), len(hit), verdict, text)]


def _fitted(fold: Fold) -> list[tuple[str, int, int, str, str]]:
    names = ("validation rows that a stage was fitted on", "test rows that a stage was fitted on")
    ids = getattr(fold.pipeline, "fitted_row_ids_", None)
    held_rows = getattr(fold.pipeline, "validation_rows_", None)
    if ids is None or held_rows is None:
        return [(name, 0, 0, UNMEASURED, "The pipeline does not say which rows it was fitted on.") for name in names]
    fitted = list(ids.values())
    # Most stages were fitted on the very same rows: look at each set of rows once.
    fitted = [
        one for place, one in enumerate(fitted) if not any(np.array_equal(one, other) for other in fitted[:place])
    ]
    held = np.asarray(fold.train.row_id)[held_rows]
    out = []
    for name, part in zip(names, (held, fold.test.row_id), strict=True):
        n = int(np.any([_among(part, one) for one in fitted], axis=0).sum()) if len(part) and fitted else 0
        text = "No stage saw them while it was fitted." if not n else "A stage learned from rows it is judged on."
        out.append((name, n, len(part), PROBLEM if n else OK, text))
    return out


def _ledger(fold: Fold) -> tuple[str, int, int, str, str]:
    name = "stages whose row counts do not add up"
    needed = {"stage", "verb", "n_fitted", "rows_in", "rows_out"}
    if not needed <= set(fold.ledger.columns):
        return name, 0, len(fold.ledger), UNMEASURED, "The ledger has no row counts."
    learning = fold.ledger[fold.ledger["verb"] != "clean"]
    n_held = len(getattr(fold.pipeline, "validation_rows_", ()))
    expected, wrong = len(fold.train) - n_held, []
    for row in learning.itertuples():
        seen = getattr(row, "n_test_rows_seen", 0) + getattr(row, "n_validation_rows_seen", 0)
        if row.rows_in != expected or row.n_fitted > row.rows_in or seen:
            wrong.append(str(row.stage))
        expected = row.rows_out
    text = f"Concerned: {', '.join(wrong)}." if wrong else "Every stage got the training rows, without those set aside."
    return name, len(wrong), len(learning), PROBLEM if wrong else OK, text
