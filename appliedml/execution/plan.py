"""``Plan``: everything a run needs to know, frozen. The Python form and the YAML form are equal objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from appliedml.compose.pipeline import Pipeline
from appliedml.core.display import card
from appliedml.core.fingerprint import canonical_json
from appliedml.core.registry import build, entry_of, problems_of
from appliedml.core.schema import Schema
from appliedml.errors import PlanError, Problem
from appliedml.execution.plan_problems import (
    PLAN_VERSION,
    object_problems,
    plan_problems,
    source_entry,
)
from appliedml.store.plain_yaml import load_yaml

_PIPELINE_SETTINGS = ("validation", "validation_from", "calibration", "threshold")


@dataclass(frozen=True, eq=False)
class Plan:
    """A whole run, as data.

    Parameters
    ----------
    name : str
        Short name; part of the run's folder.
    pipeline : Pipeline
        Stages and classifier; its ``random_state`` is derived from ``seed``.
    data : source, optional
        Where the rows come from. Not needed where :meth:`run` is given samples.
    schema : Schema, optional
        What the columns mean. Sources that make rows know their own.
    clean : sequence of clean stages
    split : split
        Default: ``GroupKFold`` where the schema, or the source's own, names a group, else ``KFold``.
    audits : sequence of audits
    seed : int
        Root of every seed.
    policy : str or mapping, optional
        Gates: a YAML file beside the plan, or its content.
    context : str, optional
        A YAML file beside the plan with what people state (purpose, owner, ...).
    folder : Path, optional
        Where relative paths start; the folder of the YAML file. Not part of the plan's identity.

    Raises
    ------
    PlanError
        With every problem at once.
    """

    name: str
    pipeline: Pipeline
    data: Any = None
    schema: Schema | None = None
    clean: Sequence[Any] = ()
    split: Any = None
    audits: Sequence[Any] = ()
    seed: int = 0
    policy: str | Mapping[str, Any] | None = None
    context: str | None = None
    folder: Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Fill the default split and refuse a wrong plan with all its problems."""
        object.__setattr__(self, "clean", tuple(self.clean))
        object.__setattr__(self, "audits", tuple(self.audits))
        if self.split is None:
            schema = self.schema if self.schema is not None else getattr(self.data, "default_schema", None)
            grouped = schema is not None and schema.group is not None
            object.__setattr__(self, "split", build("splits", "group_kfold" if grouped else "kfold"))
        problems = object_problems(self)
        if problems:
            raise PlanError(problems, f"the plan {self.name!r}")

    # -- data form -----------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON data: what its YAML file holds.

        Returns
        -------
        dict

        Raises
        ------
        StageError
            If a stage has no registry name or a parameter is not a JSON value.
        """
        out: dict[str, Any] = {"version": PLAN_VERSION, "name": self.name, "seed": self.seed}
        if self.data is not None:
            out["data"] = source_entry(entry_of(self.data))
        if self.schema is not None:
            out["schema"] = self.schema.to_dict()
        if self.clean:
            out["clean"] = [entry_of(stage) for stage in self.clean]
        out["split"] = entry_of(self.split)
        out["pipeline"] = [entry_of(stage) for stage in self.pipeline.steps]
        defaults = Pipeline([self.pipeline.steps[-1]])
        for name in _PIPELINE_SETTINGS:
            if getattr(self.pipeline, name) != getattr(defaults, name):
                out[name] = getattr(self.pipeline, name)
        if self.audits:
            out["audits"] = [entry_of(audit) for audit in self.audits]
        for name in ("policy", "context"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        return out

    def to_yaml(self) -> str:
        """Return the plan as YAML text.

        Returns
        -------
        str
        """
        return str(yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True))

    @classmethod
    def from_dict(cls, data: Any, folder: Path | None = None, source: str = "the plan") -> Plan:
        """Build a plan from JSON data.

        Parameters
        ----------
        data : mapping
        folder : Path, optional
            Where relative paths start.
        source : str
            The file, for the messages.

        Returns
        -------
        Plan

        Raises
        ------
        PlanError
            With every problem at once.
        """
        problems = plan_problems(data, folder)
        if problems:
            raise PlanError(problems, source)
        settings = {name: data[name] for name in _PIPELINE_SETTINGS if name in data}
        try:
            return cls(
                name=data["name"],
                pipeline=Pipeline([build("stages", entry) for entry in data["pipeline"]], **settings),
                data=build("sources", source_entry(data["data"])) if data.get("data") is not None else None,
                schema=Schema(**data["schema"]) if data.get("schema") is not None else None,
                clean=[build("stages", entry) for entry in data.get("clean") or ()],
                split=build("splits", data["split"]) if data.get("split") is not None else None,
                audits=[build("audits", entry) for entry in data.get("audits") or ()],
                seed=data.get("seed", 0),
                policy=data.get("policy"),
                context=data.get("context"),
                folder=folder,
            )
        except PlanError as error:
            raise PlanError(error.problems, source) from error

    @classmethod
    def from_yaml(cls, path: str | Path) -> Plan:
        """Read a plan from a YAML file.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        Plan

        Raises
        ------
        PlanError
            If the file is missing or not YAML, or with every problem of the plan at once.
        """
        path = Path(path)
        return cls.from_dict(read_plan_file(path), path.resolve().parent, str(path))

    def with_data(
        self,
        path: str | Path,
        *,
        metadata: str | Path | None = None,
        text: str | None = None,
        target: str | None = None,
    ) -> Plan:
        """Return the plan on other data.

        Parameters
        ----------
        path : str or Path
            A table (CSV, Parquet), a table of texts (JSON lines too), a folder of pictures, or an ``.npz`` file of
            pictures; relative to the working directory.
        metadata : str or Path, optional
            The table that describes the pictures of a folder.
        text : str, optional
            Column of the texts.
        target : str, optional
            Column to predict. If it is another than the plan's, no other column is named: no sensitive feature, no
            group.

        Returns
        -------
        Plan
        """
        from appliedml.execution.other_data import with_other_data

        return with_other_data(self, path, metadata=metadata, text=text, target=target)

    def with_split(self, name: str) -> Plan:
        """Return the plan with another split, by registry name, with its default settings and the same number of folds.

        Parameters
        ----------
        name : str
            ``kfold``, ``group_kfold``, ``time_kfold`` or ``holdout``. In time order the validation rows of each fold
            are its latest training rows.

        Returns
        -------
        Plan

        Raises
        ------
        PlanError
            If there is no such split, or the schema lacks what it needs.
        """
        problems = problems_of("splits", name, "split")
        if problems:
            raise PlanError(problems, f"the plan {self.name!r}")
        split = build("splits", name)
        if hasattr(split, "folds") and hasattr(self.split, "folds"):
            split.set_params(folds=self.split.folds)
        pipeline = self.pipeline.clone_unfitted()
        pipeline.validation_from = "latest" if name == "time_kfold" and pipeline.validation else "random"
        return replace(self, split=split, pipeline=pipeline)

    # -- running -------------------------------------------------------------------------------------------------

    def run(self, samples: Any = None, out: str | Path = "reports", engine: Any = None, progress: Any = None) -> Any:
        """Run the plan.

        Parameters
        ----------
        samples : Samples, optional
            Rows to use instead of the plan's own data.
        out : str or Path
            Folder in which the run's folder is made.
        engine : engine, optional
            Where the folds run. Default: this process.
        progress : callable, optional
            Called as ``progress(step, n_done, n_total)`` with a sentence and counts.

        Returns
        -------
        Run

        Raises
        ------
        AppliedMLError
            If the data cannot be used or the run cannot be written; nothing half-written is left.
        """
        from appliedml.execution.run_plan import run_plan

        return run_plan(self, samples, Path(out), engine, progress)

    def __eq__(self, other: object) -> bool:
        """Plans are equal if their data forms are."""
        if not isinstance(other, Plan):
            return NotImplemented
        return canonical_json(self.to_dict()) == canonical_json(other.to_dict())

    def __hash__(self) -> int:
        """Hash of the data form."""
        return hash(canonical_json(self.to_dict()))

    def _repr_html_(self) -> str:
        """Card for notebooks: the plan as YAML."""
        rows = [
            (str(key), yaml.safe_dump(value, default_flow_style=True, width=10_000).strip().removesuffix("\n..."))
            for key, value in self.to_dict().items()
        ]
        return card(f"Plan {self.name}", rows, "Save it with plan.to_yaml(); run it with plan.run().")


def read_plan_file(path: Path) -> Any:
    """Read a YAML plan as data.

    Parameters
    ----------
    path : Path

    Returns
    -------
    object

    Raises
    ------
    PlanError
        If the file is missing, a folder, not text or not YAML.
    """
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = sorted(item.name for item in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        hint = f" Plans there: {', '.join(near[:8])}." if near else ""
        raise PlanError([Problem("file", f"does not exist.{hint}")], str(path)) from None
    except IsADirectoryError:
        raise PlanError([Problem("file", "is a folder. Give a YAML file.")], str(path)) from None
    except UnicodeDecodeError:
        raise PlanError([Problem("file", "is not UTF-8 text. Give a YAML file.")], str(path)) from None
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f"line {place.line + 1}" if place is not None else "file"
        what = getattr(error, "problem", None) or str(error)
        raise PlanError([Problem(where, f"is not YAML: {what}.")], str(path)) from None
