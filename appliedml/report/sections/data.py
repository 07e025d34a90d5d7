"""Section "Data": where the rows went, what is in them, by class and group, and how test differs from training."""

from __future__ import annotations

from typing import Any

import pandas as pd

from appliedml.core.artifact import ALL_FOLDS, Artifact
from appliedml.core.small_counts import FEW, count_text
from appliedml.report import figures
from appliedml.report.blocks import Block, Column, Flow, Subheading, Table, Text
from appliedml.report.sections._data_parts import group_flow, sensitive_parts
from appliedml.report.sections._input_measures import measure_blocks
from appliedml.report.sections._small_counts import NOT_SHOWN, SMALL, hidden, left_out
from appliedml.report.values import percent
from appliedml.store.run import Run

MAX_ROWS = 40
_GROUPED = "The rows of these data come in groups, and rows of one group are alike, not independent."
_TOO_NARROW = (
    "'PSI by chance' and the intervals of the two-sample AUROC count every row by itself, so they do not hold here: "
    "both are too narrow. An index above 'by chance', or an interval that leaves 0.5 out, is then no proof of a shift."
)


class Data:
    """Rows, columns, classes, groups, proxies, duplicates and shift."""

    title = "Data"
    order = 20
    reads = ("flow", "data_profile")

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        found: list[Block] = []
        if "flow" in run:
            found += [*_flow(run["flow"]), *group_flow(run)]
        if "data_profile" in run and run["data_profile"].tables:
            found += _profile(run["data_profile"], _groups_rows(run), _sets_aside(run), sensitive_parts(run))
        return found


def _flow(flow: Artifact) -> list[Block]:
    steps, splits, by_group = flow.tables["steps"], flow.tables["splits"], flow.tables["by_group"]
    boxes: list[tuple[str, tuple[str, ...]]] = []
    for row in steps.to_dict("records"):
        if row["step"] == "read":
            skipped = (f"{row['dropped']:,} of {row['rows_in']:,} skipped",) if row["dropped"] else ()
            boxes.append(("Read", (f"{row['rows_out']:,} rows", *skipped)))
            continue
        lines = [f"{row['dropped']:,} dropped" if row["dropped"] else "none dropped"]
        if row["changed"]:
            lines.append(f"{row['changed']:,} changed")
        boxes.append((_words(row["step"]), tuple(lines)))
    used = int(steps["rows_out"].iloc[-1])
    read = int(steps["rows_in"].iloc[0])
    boxes.append(("Used", (f"{used:,} rows",)))
    n_folds = int(splits["fold"].nunique())
    parts = [
        f"{_words(part).lower()} {_span(splits.loc[splits['part'] == part, 'rows'])}"
        for part in ("train", "validation", "test")
        if splits.loc[splits["part"] == part, "rows"].sum()
    ]
    boxes.append((f"{n_folds} folds" if n_folds > 1 else "1 split", tuple(parts)))
    alt = f"{read:,} rows were read, {read - used:,} dropped and {used:,} used, in {n_folds} folds."
    found: list[Block] = [Text(alt), Flow("From the rows read to the folds", alt, tuple(boxes))]
    noted = steps[(steps["step"] != "read") | (steps["notes"] != "")]
    if len(noted):
        columns = (
            Column("step", "Step"),
            Column("rows_in", "Rows in", "int"),
            Column("dropped", "Dropped", "int"),
            Column("changed", "Changed", "int"),
            Column("notes", "What was done"),
        )
        found.append(Table("What reading and cleaning did", noted.assign(step=noted["step"].map(_words)), columns))
    touched = by_group[(by_group["dropped"] > 0) | (by_group["changed"] > 0)] if len(by_group) else by_group
    if len(touched):
        # A step that touched one level of a feature is shown for all its levels: the comparison is the point.
        keys = set(zip(touched["step"], touched["feature"], strict=True))
        shown = by_group[[key in keys for key in zip(by_group["step"], by_group["feature"], strict=True)]].copy()
        shares = ("dropped_share", "changed_share")
        for name in ("dropped", "changed"):
            shown[f"{name}_share"] = shown[name] / shown["rows_in"].where(shown["rows_in"] > 0)
        whole = steps.drop_duplicates("step").set_index("step")
        for name, of in (("dropped", shares[:1]), ("changed", shares[1:]), ("rows_in", shares)):
            totals = {
                (step, feature): int(whole.at[step, name])
                for step, feature in set(zip(shown["step"], shown["feature"], strict=True))
                if step in whole.index
            }
            shown[name] = shown[name].map(count_text)
            shown = left_out(shown, name, [("step", "feature")], of, totals)
        shown["step"] = shown["step"].map(_words)
        by = (
            Column("step", "Step"),
            Column("feature", "Sensitive feature"),
            Column("level", "Group"),
            Column("rows_in", "Rows in"),
            Column("dropped", "Dropped"),
            Column("dropped_share", "Share dropped", "percent"),
            Column("changed", "Changed"),
            Column("changed_share", "Share changed", "percent"),
        )
        caption = "Whose rows cleaning dropped or changed"
        found.append(Table(caption, shown, by, note=SMALL, collapsed=len(shown) > MAX_ROWS))
    return found


def _groups_rows(run: Run) -> bool:
    """Whether several rows may belong together: the schema names a group, or cleaning made groups."""
    cleaning = {entry if isinstance(entry, str) else next(iter(entry)) for entry in run.plan.get("clean", ())}
    return bool((run.info.get("schema") or {}).get("group")) or "group_near_duplicates" in cleaning


def _sets_aside(run: Run) -> bool:
    """Whether the folds set training rows aside for validation."""
    if "flow" not in run:
        return False
    splits = run["flow"].tables["splits"]
    return bool(splits.loc[splits["part"] == "validation", "rows"].sum())


def _profile(profile: Artifact, grouped: bool, held: bool, by_part: list[Block]) -> list[Block]:
    tables = profile.tables
    found: list[Block] = [Subheading("Classes")]
    found += _classes(tables["classes"], held)
    if len(tables["groups"]):
        found.append(Subheading("Sensitive groups"))
        found += [*_groups(tables["groups"], tables["classes"], tables["characteristics"]), *by_part]
    found += measure_blocks(profile)
    if len(tables["columns"]):
        found.append(Subheading("Columns and missing values"))
        found += _columns(tables["columns"], tables["missing"])
    found += _duplicates(tables["duplicates"])
    if len(tables["proxies"]):
        found += _proxies(tables["proxies"], grouped)
    found += _shift(tables["shift"], tables["shift_overall"], grouped, held)
    return found


def _classes(classes: pd.DataFrame, held: bool) -> list[Block]:
    named = {"train": "train and validation together"} if held else {}
    overall = classes[classes["by"] == "overall"].copy()
    overall["where"] = [
        "all rows used" if fold == ALL_FOLDS else f"fold {fold}, {named.get(part, _words(part).lower())}"
        for fold, part in zip(overall["fold"], overall["part"], strict=True)
    ]
    columns = (
        Column("where", "Rows"), Column("class", "Class"), Column("rows", "Rows of the class"),
        Column("share", "Share", "percent"),
    )  # fmt: skip
    whole, folds = overall[overall["fold"] == ALL_FOLDS], overall[overall["fold"] != ALL_FOLDS]
    # The classes of a part, the parts of a fold and the test rows of all folds add up to totals shown elsewhere.
    whole = left_out(whole, "rows", [("fold",)], ["share"])
    folds = left_out(folds, "rows", [("fold", "part"), ("fold", "class"), ("part", "class")], ["share"])
    note = SMALL if hidden(whole["rows"]).any() else ""
    return [
        Table("Class balance", whole, columns[1:], note=note),
        Table("Class balance per fold", folds, columns, note=SMALL, collapsed=True),
    ]


def _groups(groups: pd.DataFrame, classes: pd.DataFrame, characteristics: pd.DataFrame) -> list[Block]:
    labels = classes["class"].unique()
    interest = labels[-1] if len(labels) == 2 else None
    n_rows = _total(classes[(classes["by"] == "overall") & (classes["fold"] == ALL_FOLDS)]["rows"])
    names = groups["sensitive"].unique()
    shown = left_out(groups, "rows", [("sensitive",)], ["share"], {(name,): n_rows for name in names} if n_rows else {})
    columns = [
        Column("sensitive", "Sensitive feature"), Column("level", "Group"), Column("rows", "Rows"),
        Column("share", "Share of rows", "percent"),
    ]  # fmt: skip
    if interest is not None:
        shown = shown.merge(_outcomes(classes, str(interest)), on=["sensitive", "level"], how="left")
        shown["rate"] = shown["rate"].where(~hidden(shown["rows"]))
        columns += [Column("positives", f"Class {interest}"), Column("rate", f"Share of class {interest}", "percent")]
    found: list[Block] = [Table("Rows and outcome by sensitive group", shown, tuple(columns), note=SMALL)]
    by_feature = characteristics.groupby("sensitive", sort=False)
    return [*found, *(_pivot(str(name), part) for name, part in by_feature)]


def _total(counts: pd.Series[Any]) -> int:
    """Sum of counts as text; 0 where one of them is not shown."""
    return 0 if hidden(counts).any() else int(counts.str.replace(",", "").astype(int).sum())


def _outcomes(classes: pd.DataFrame, interest: str) -> pd.DataFrame:
    """Return the rows of the class of interest by group: no count of either class follows from them."""
    by_group = classes[classes["by"] != "overall"]
    few_others = by_group[(by_group["class"] != interest) & hidden(by_group["rows"])]
    others = set(zip(few_others["by"], few_others["level"], strict=True))
    found = by_group.loc[by_group["class"] == interest, ["by", "level", "rows", "share"]]
    found = found.set_axis(["sensitive", "level", "positives", "rate"], axis=1)
    away = [key in others for key in zip(found["sensitive"], found["level"], strict=True)]
    found["positives"] = found["positives"].mask(
        pd.Series(away, index=found.index) & ~hidden(found["positives"]), NOT_SHOWN
    )
    return left_out(found, "positives", [("sensitive",)], ["rate"])


def _pivot(name: str, part: pd.DataFrame) -> Table:
    """Return the characteristics with one column a group, as in the first table of a medical paper."""
    sizes = part.drop_duplicates("level").assign(feature=name)
    n_rows = left_out(sizes, "group_rows", [("feature",)]).set_index("level")["group_rows"]
    categories = part[part["category"] != ""]
    # Shares of one group add up to all of it, and those of one category to its share of all rows.
    shares = left_out(categories, "shown", [("level", "column"), ("column", "category")])["shown"]
    part = part.assign(shown=part["shown"].where(part["category"] == "", shares.reindex(part.index)))
    keys = part[["column", "category"]].drop_duplicates(ignore_index=True)
    wide = keys.copy()
    columns = [Column("column", "Feature"), Column("category", "Category")]
    for number, (level, rows) in enumerate(part.groupby("level", sort=False)):
        shown = rows.set_index(["column", "category"])["shown"]
        wide[f"group {number}"] = shown.reindex(pd.MultiIndex.from_frame(keys)).to_numpy()
        columns.append(Column(f"group {number}", f"{level} (n = {n_rows[level]})"))
    note = f"Numbers: median (middle half). Categories: share of the group's rows. {SMALL}"
    return Table(f"Characteristics by {name}", wide, tuple(columns), note=note, collapsed=True)


def _columns(columns: pd.DataFrame, missing: pd.DataFrame) -> list[Block]:
    shown = (
        Column("column", "Column"), Column("type", "Type"), Column("n_missing", "Missing"),
        Column("missing_share", "Share missing", "percent"), Column("distinct", "Distinct", "int"),
        Column("shown", "Values"),
    )  # fmt: skip
    few_missing = columns["n_missing"].between(1, 4)
    table = columns.assign(
        n_missing=["<5" if hidden else f"{n:,}" for hidden, n in zip(few_missing, columns["n_missing"], strict=True)],
        missing_share=columns["missing_share"].where(~few_missing),
    )
    collapsed = len(columns) > MAX_ROWS
    note = f"Counts of 1 to 4 are shown as {FEW}." if few_missing.any() else ""
    found: list[Block] = [Table("Columns given to the pipeline", table, shown, note=note, collapsed=collapsed)]
    if not len(missing):
        return [*found, Text("No value is missing in any of these columns.")]
    overall = missing[missing["by"] == "overall"]
    few = [str(name) for name in overall.loc[overall["missing_share"].isna(), "column"]]
    worst = overall.dropna(subset=["missing_share"]).nlargest(20, "missing_share", keep="first")
    if few:
        found.append(Text(f"Missing in 1 to 4 rows: {', '.join(few)}."))
    if len(worst):
        top, n_shown = worst.iloc[0], len(overall) - len(few)
        found.append(
            figures.bar_chart(
                title="Missing values by column",
                alt=f"{n_shown} {'column has' if n_shown == 1 else 'columns have'} missing values in 5 rows or more; "
                f"most has {top['column']} ({percent(top['missing_share'])}).",
                data=worst[["column", "missing_share"]],
                label="column",
                value="missing_share",
                x_title="Share of rows missing",
                columns=(Column("column", "Column"), Column("missing_share", "Share missing", "percent")),
            )
        )
    by = (
        Column("column", "Column"), Column("by", "By"), Column("level", "Group"), Column("rows", "Rows"),
        Column("n_missing", "Missing"), Column("missing_share", "Share missing", "percent"),
    )  # fmt: skip
    by_group = missing[missing["by"] != "overall"]
    totals = {
        (column, name): int(n)
        for column, n in zip(columns["column"], columns["n_missing"], strict=True)
        for name in by_group["by"].unique()
    }
    by_group = left_out(by_group, "n_missing", [("column", "by")], ["missing_share"], totals)
    by_group = left_out(by_group, "rows", [("column", "by")], ["missing_share"])
    return [*found, Table("Missing values by class and group", by_group, by, note=SMALL, collapsed=True)]


def _duplicates(duplicates: pd.DataFrame) -> list[Block]:
    if not len(duplicates):
        return [Text("Duplicate rows were not looked for: the inputs are read lazily.", small=True)]
    whole = duplicates[duplicates["fold"] == ALL_FOLDS].iloc[0]
    across = duplicates[duplicates["fold"] != ALL_FOLDS]
    sentence = (
        f"{whole['n_duplicates']:,} of {whole['rows']:,} rows used repeat the features of an earlier row; "
        f"{across['n_duplicates'].sum():,} of {across['rows'].sum():,} test rows have a training row with the same "
        "features."
    )
    return [Subheading("Duplicates"), Text(sentence)]


def _proxies(proxies: pd.DataFrame, grouped: bool) -> list[Block]:
    together = proxies[proxies["column"] == "(all features)"].copy()
    found: list[Block] = [
        Subheading("Proxies of sensitive features"),
        Text(
            "How well each sensitive feature can be guessed from the features on rows that were not used to learn the "
            "guess; 0.5 is chance. A model can treat groups differently through such features without seeing the group."
        ),
        *([Text(f"{_GROUPED} The intervals below are then too narrow.")] if grouped else []),
    ]
    if len(together):
        together["label"] = together["sensitive"] + ": " + together["level"]
        best = together.loc[together["level_auroc"].idxmax()]
        found.append(
            figures.interval_chart(
                title="Guessing the sensitive feature from all features",
                alt=f"Best guessed: {best['label']}, AUROC {best['level_auroc']:.2f}.",
                data=together[["label", "level_auroc", "low", "high"]],
                label="label",
                value="level_auroc",
                low="low",
                high="high",
                x_title="AUROC of the best-guessed group against the rest, 95 % interval",
                reference=0.5,
                columns=(
                    Column("label", "Feature: group"),
                    Column("level_auroc", "AUROC", "interval", ("low", "high")),
                ),
            )
        )
    single = proxies[proxies["column"] != "(all features)"].sort_values(
        ["sensitive", "auroc", "column"], ascending=[True, False, True]
    )
    columns = (
        Column("sensitive", "Sensitive feature"), Column("column", "Feature"), Column("auroc", "Mean AUROC", "number"),
        Column("level", "Best-guessed group"), Column("level_auroc", "Its AUROC", "interval", ("low", "high")),
        Column("association", "Cramer's V", "number"),
    )  # fmt: skip
    top = single.groupby("sensitive", sort=False).head(10)
    caption = "Single features that tell most about a sensitive feature"
    return [*found, Table(caption, top, columns, collapsed=True)]


def _shift(shift: pd.DataFrame, overall: pd.DataFrame, grouped: bool, held: bool) -> list[Block]:
    if not len(shift):
        return []
    found: list[Block] = [
        Subheading("Shift between training and test rows"),
        Text(
            "Folds drawn at random differ by chance only. Where folds are ordered in time, a shift is what the model "
            "will meet in use. PSI: population stability index; 'by chance' is the value that equal populations exceed "
            "once in a thousand comparisons, if rows are independent of each other."
        ),
        *(
            [Text("Training rows are here all rows of a fold but the test rows: those set aside for validation too.")]
            if held
            else []
        ),
        *([Text(f"{_GROUPED} {_TOO_NARROW}")] if grouped else []),
    ]
    if len(overall):
        data = overall.assign(label=[f"fold {fold}" for fold in overall["fold"]])
        worst = data.loc[data["auroc"].idxmax()]
        found.append(
            figures.interval_chart(
                title="Telling test rows from training rows",
                alt=f"The largest AUROC is {worst['auroc']:.2f}, in {worst['label']}; 0.5 is no difference.",
                data=data[["label", "auroc", "low", "high"]],
                label="label",
                value="auroc",
                low="low",
                high="high",
                x_title="AUROC of a two-sample classifier, 95 % interval",
                reference=0.5,
                columns=(Column("label", "Fold"), Column("auroc", "AUROC", "interval", ("low", "high"))),
            )
        )
    worst_rows = shift.loc[shift.groupby("column", sort=True)["psi"].idxmax()]
    worst_rows = worst_rows.sort_values(["psi", "column"], ascending=[False, True]).head(MAX_ROWS)
    columns = (
        Column("column", "Column"), Column("fold", "Fold", "int"), Column("psi", "PSI", "number"),
        Column("psi_by_chance", "PSI by chance", "number"), Column("ks", "KS distance", "number"),
        Column("total_variation", "Total variation", "number"),
    )  # fmt: skip
    return [*found, Table("Largest shift of every column over the folds", worst_rows, columns, collapsed=True)]


def _words(name: object) -> str:
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _span(values: pd.Series[int]) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,} rows" if low == high else f"{low:,} to {high:,} rows"
