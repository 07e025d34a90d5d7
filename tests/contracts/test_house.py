"""The house rules that no linter knows: file size, a test beside every module, documented and declared parameters."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from appliedml.core.registry import ROOMS, find, names

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for path in (ROOT / "appliedml").rglob("*.py") if path.name != "__init__.py")
REGISTERED = [(kind, name) for kind in ROOMS if kind != "sections" for name in names(kind)]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_files_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_module_has_a_test_of_its_name(path):
    folder = ROOT / "tests" / path.relative_to(ROOT / "appliedml").parent
    shared = folder.name in ("splits", "clean", "balance") or folder == ROOT / "tests"
    own = folder / f"test_{path.stem}.py"
    room = [*folder.glob(f"test_{folder.name}.py"), *folder.glob("test_contract.py")] if shared else []
    assert own.is_file() or room, f"no {relative(own)}"


@pytest.mark.parametrize("path", [path for path in MODULES if not path.name.startswith("_")], ids=relative)
def test_every_public_function_and_class_has_a_docstring_with_its_parameters(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        text = ast.get_docstring(node)
        assert text, node.name
        arguments = [*node.args.args, *node.args.kwonlyargs] if isinstance(node, ast.FunctionDef) else []
        if arguments and path.name != "cli.py":
            assert "Parameters\n----" in text, f"{node.name} does not document its parameters"


@pytest.mark.parametrize(("kind", "name"), REGISTERED)
def test_every_parameter_of_a_registered_class_has_a_rule_and_is_documented(kind, name):
    cls = find(kind, name)
    parameters = set(inspect.signature(cls).parameters)
    assert parameters == set(getattr(cls, "parameter_rules", {})), cls.__name__
    # A parameter may be documented where it is inherited from.
    documented = "\n".join(filter(None, (inspect.getdoc(base) for base in cls.__mro__)))
    assert [one for one in parameters if one not in documented] == []


@pytest.mark.parametrize(("kind", "name"), REGISTERED)
def test_defaults_keep_their_own_rules(kind, name):
    cls = find(kind, name)
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.default is not inspect.Parameter.empty:
            assert cls.parameter_rules[parameter.name].accepts(parameter.default), parameter.name


def test_every_section_says_its_place():
    orders = []
    for name in names("sections"):
        section = find("sections", name)
        assert section.title
        assert isinstance(section.reads, tuple)
        orders.append(section.order)
    assert len(set(orders)) == len(orders)


def test_every_package_says_what_it_is_for():
    for path in (ROOT / "appliedml").rglob("__init__.py"):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        assert importlib.import_module(package).__doc__


def test_the_constraints_pin_versions_and_name_no_index():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert len(lines) > 50
    assert all("==" in line and "/" not in line and "@" not in line for line in lines)
