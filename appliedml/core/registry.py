"""Names to classes: the file name is the registry name is the YAML name.

A file ``stages/balance/smote.py`` holds the class ``Smote`` and is known as ``smote``. Nothing is imported until it is
asked for; files that begin with an underscore hold shared code. Other packages add theirs through entry points of the
group ``appliedml.<kind>``. scikit-learn's own stages are known under their names in snake case, from a fixed list, so
that a plan stays data.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from appliedml.core.names import snake_case
from appliedml.core.params import broken_rules
from appliedml.errors import Problem, StageError

ROOMS: dict[str, tuple[str, ...]] = {
    "sources": ("sources",),
    "stages": ("stages.clean", "stages.prepare", "stages.balance", "stages.augment", "models"),
    "builders": ("models.builders",),
    "splits": ("splits",),
    "audits": ("audits",),
    "sections": ("report.sections",),
    "engines": ("engines",),
}
# Rooms that hold more than registered things list the ones that count.
ONLY: dict[str, frozenset[str]] = {"models": frozenset({"keras_classifier"}), "engines": frozenset({"local", "ray"})}

FOREIGN: dict[str, str] = {
    "standard_scaler": "sklearn.preprocessing",
    "min_max_scaler": "sklearn.preprocessing",
    "robust_scaler": "sklearn.preprocessing",
    "quantile_transformer": "sklearn.preprocessing",
    "power_transformer": "sklearn.preprocessing",
    "polynomial_features": "sklearn.preprocessing",
    "k_bins_discretizer": "sklearn.preprocessing",
    "one_hot_encoder": "sklearn.preprocessing",
    "ordinal_encoder": "sklearn.preprocessing",
    "simple_imputer": "sklearn.impute",
    "knn_imputer": "sklearn.impute",
    "pca": "sklearn.decomposition",
    "truncated_svd": "sklearn.decomposition",
    "variance_threshold": "sklearn.feature_selection",
    "count_vectorizer": "sklearn.feature_extraction.text",
    "tfidf_vectorizer": "sklearn.feature_extraction.text",
    "logistic_regression": "sklearn.linear_model",
    "random_forest_classifier": "sklearn.ensemble",
    "extra_trees_classifier": "sklearn.ensemble",
    "hist_gradient_boosting_classifier": "sklearn.ensemble",
    "gaussian_nb": "sklearn.naive_bayes",
    "decision_tree_classifier": "sklearn.tree",
    "dummy_classifier": "sklearn.dummy",
}
FOREIGN_CLASSES = {
    "knn_imputer": "KNNImputer",
    "pca": "PCA",
    "truncated_svd": "TruncatedSVD",
    "gaussian_nb": "GaussianNB",
}


@cache
def names(kind: str) -> dict[str, str]:
    """Return the registered names of a kind and the module that holds each.

    Parameters
    ----------
    kind : str
        A key of ``ROOMS``: "stages", "audits", "builders" ...

    Returns
    -------
    dict of str to str
        Sorted by name. Nothing is imported.

    Raises
    ------
    StageError
        If two files of one kind have the same name.
    """
    root = Path(__file__).parents[1]
    found: dict[str, str] = {}
    for room in ROOMS[kind]:
        folder = root.joinpath(*room.split("."))
        for module in pkgutil.iter_modules([str(folder)]):
            wanted = not module.ispkg and not module.name.startswith("_")
            if not wanted or (room in ONLY and module.name not in ONLY[room]):
                continue
            if module.name in found:
                raise StageError(f"Two files of kind {kind!r} are named {module.name!r}: {found[module.name]}, {room}.")
            found[module.name] = f"appliedml.{room}.{module.name}"
    for entry in entry_points(group=f"appliedml.{kind}"):
        found.setdefault(entry.name, entry.value)
    return dict(sorted(found.items()))


def find(kind: str, name: str) -> type[Any]:
    """Return the class registered under a name.

    Parameters
    ----------
    kind : str
    name : str
        Registry name, in snake case.

    Returns
    -------
    type

    Raises
    ------
    StageError
        If nothing has that name; the message names what is close to it.

    Examples
    --------
    >>> find("stages", "standard_scaler").__name__
    'StandardScaler'
    """
    target = names(kind).get(name)
    if target is not None:
        module_name, _, class_name = target.partition(":")
        module = importlib.import_module(module_name)
        found: type[Any] = getattr(module, class_name or _class_name(module, name))
        return found
    if kind == "stages" and name in FOREIGN:
        module = importlib.import_module(FOREIGN[name])
        foreign: type[Any] = getattr(module, FOREIGN_CLASSES.get(name, _camel(name)))
        return foreign
    raise StageError(unknown_name(kind, name))


def unknown_name(kind: str, name: str) -> str:
    """Return the sentence for a name that is not registered.

    Parameters
    ----------
    kind, name : str

    Returns
    -------
    str

    Examples
    --------
    >>> unknown_name("stages", "standard_scalar")
    "'standard_scalar' is not a stage. Did you mean 'standard_scaler'?"
    """
    known = [*names(kind), *(FOREIGN if kind == "stages" else ())]
    singular = kind[:-1]
    article = "an" if singular[0] in "aeiou" else "a"
    close = get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(sorted(names(kind)))}."
    return f"{name!r} is not {article} {singular}.{hint}"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _class_name(module: Any, name: str) -> str:
    for attribute, value in vars(module).items():
        if isinstance(value, type) and value.__module__ == module.__name__ and snake_case(attribute) == name:
            return str(attribute)
    raise StageError(f"{module.__name__} must hold a class named {_camel(name)!r}, for its file is {name}.py.")


def default_parameters(cls: type[Any]) -> dict[str, Any]:
    """Return the constructor defaults of a class.

    Parameters
    ----------
    cls : type

    Returns
    -------
    dict of str to object
        Parameters without a default are left out.
    """
    return {
        name: parameter.default
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }


def split_entry(entry: Any) -> tuple[str, dict[str, Any]]:
    """Return name and parameters of one YAML entry.

    Parameters
    ----------
    entry : str or mapping with one key
        ``smote`` or ``{smote: {neighbors: 5}}``.

    Returns
    -------
    name : str
    parameters : dict

    Raises
    ------
    StageError
        If the entry has another form.

    Examples
    --------
    >>> split_entry({"smote": {"neighbors": 5}}), split_entry("smote")
    (('smote', {'neighbors': 5}), ('smote', {}))
    """
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, Mapping) and len(entry) == 1:
        ((name, parameters),) = entry.items()
        if parameters is None:
            parameters = {}
        if isinstance(name, str) and isinstance(parameters, Mapping) and all(isinstance(k, str) for k in parameters):
            return name, dict(parameters)
    raise StageError(
        f"must be a name, or one name with its parameters as in {{smote: {{neighbors: 5}}}}. It is {entry!r}."
    )


def problems_of(kind: str, entry: Any, where: str) -> list[Problem]:
    """Return everything wrong with one YAML entry, without building it.

    Parameters
    ----------
    kind : str
    entry : str or mapping
    where : str
        Path inside the plan.

    Returns
    -------
    list of Problem
    """
    try:
        name, parameters = split_entry(entry)
        cls = find(kind, name)
    except StageError as error:
        known = {*names(kind), *(FOREIGN if kind == "stages" else ())}
        if isinstance(entry, Mapping) and len(entry) == 1 and next(iter(entry)) not in known:
            return [Problem(where, unknown_name(kind, str(next(iter(entry)))))]
        return [Problem(where, str(error))]
    signature = inspect.signature(cls).parameters
    problems = []
    for key in parameters:
        if key not in signature:
            close = get_close_matches(key, list(signature), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(signature) or 'none'}."
            problems.append(Problem(where, f"{name} has no parameter {key!r}.{hint}"))
    for key, parameter in signature.items():
        needed = parameter.default is inspect.Parameter.empty and parameter.kind not in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        )
        if needed and key not in parameters:
            problems.append(Problem(where, f"{name} needs the parameter {key!r}."))
    rules = getattr(cls, "parameter_rules", {})
    problems += [Problem(where, text) for text in broken_rules(cls.__name__, rules, parameters)]
    if not problems and hasattr(cls, "problems_in"):
        problems += cls.problems_in(parameters, where)
    return problems


def build(kind: str, entry: Any) -> Any:
    """Build the object of one YAML entry.

    Parameters
    ----------
    kind : str
    entry : str or mapping

    Returns
    -------
    object

    Raises
    ------
    StageError
        If the entry is wrong; the message holds every problem.

    Examples
    --------
    >>> build("stages", {"standard_scaler": {"with_mean": False}})
    StandardScaler(with_mean=False)
    """
    problems = problems_of(kind, entry, "")
    if problems:
        raise StageError("\n".join(problem.what for problem in problems))
    name, parameters = split_entry(entry)
    return find(kind, name)(**parameters)


def entry_of(obj: Any) -> Any:
    """Return the YAML entry of an object: the inverse of :func:`build`.

    Parameters
    ----------
    obj : object
        A stage, split, audit or source with ``get_params``.

    Returns
    -------
    str or dict
        Parameters at their default are left out.

    Raises
    ------
    StageError
        If a plan cannot hold the object: its class has no registry name or a parameter is not a JSON value.
    """
    name = snake_case(type(obj).__name__)
    owners = [kind for kind in ROOMS if name in names(kind)]
    if not owners and name not in FOREIGN:
        raise StageError(
            f"{type(obj).__name__} has no registry name, so a plan file cannot hold it. "
            "Use it in Python, or register it through an entry point 'appliedml.stages'."
        )
    defaults = default_parameters(type(obj))
    # A class whose parameters may be objects says how a plan holds them.
    given = obj.plan_parameters() if hasattr(obj, "plan_parameters") else obj.get_params(deep=False)
    changed = {
        key: _json(value, f"{type(obj).__name__}.{key}")
        for key, value in given.items()
        if key not in defaults or not _same(value, defaults[key])
    }
    return {name: changed} if changed else name


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and bool(a == b))


def _json(value: Any, where: str) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple):
        return [_json(item, where) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _json(item, where) for key, item in value.items()}
    raise StageError(f"{where} is {type(value).__name__}, not a JSON value, so a plan file cannot hold it.")
