"""The invariants of the house: no circle, small rooms, one word for one thing, docstrings, bounds."""

import ast
import collections
import dataclasses
import typing
from pathlib import Path

import pytest

import data.fields
import models.fields
from train.parts import is_ours, known_parts

ROOT = Path(__file__).parents[1]
OURS = ("data", "models", "train", "experiments")
FILES = [path.relative_to(ROOT) for top in OURS for path in sorted((ROOT / top).rglob("*.py"))]
FILES = [path for path in FILES if "notebooks" not in path.parts]  # which begin with a cell
MODULES = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}
TREES = {path: ast.parse((ROOT / path).read_text(encoding="utf-8")) for path in FILES}


def imports_of(path: Path) -> set[Path]:
    """The files of ours that a file imports anywhere in it, TYPE_CHECKING and functions included."""
    names = set()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    found = {MODULES[name] for name in names if name in MODULES}
    return {other for other in found if other != path and other.name != "__init__.py"}


IMPORTS = {path: imports_of(path) for path in FILES}


def circles(arrows: dict) -> list[set]:
    """The sets of nodes, two or more, that reach each other  -- Tarjan 1972."""
    order, low, stack, found = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in arrows.get(node, ()):
            if other not in order:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == order[node]:
            group = set()
            while node not in group:
                group.add(stack.pop())
            if len(group) > 1:
                found.append(group)

    for node in list(arrows):
        if node not in order:
            visit(node)
    return found


def test_a_circle_would_be_seen():
    assert circles({1: {2}, 2: {3}, 3: {2}, 4: {1}}) == [{2, 3}]


def test_no_files_import_each_other_in_a_circle():
    assert not circles(IMPORTS)


def test_no_folders_import_each_other_in_a_circle():
    arrows = collections.defaultdict(set)
    for path, others in IMPORTS.items():
        arrows[path.parent] |= {other.parent for other in others} - {path.parent}
    assert not circles(arrows)


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[0] != "experiments"], ids=str)
def test_a_file_imports_few_others(path):
    assert len(IMPORTS[path]) <= 15


def test_a_folder_holds_few_files_and_a_name_stands_once_in_a_top_folder():
    files = [path for path in FILES if path.name != "__init__.py"]
    assert max(collections.Counter(path.parent for path in files).values()) <= 16
    # A command's file is named after the word a user types, which may be a table's too.
    named = [path for path in files if path.parts[:2] != ("experiments", "commands")]
    twice = [
        name for name, count in collections.Counter((p.parts[0], p.stem) for p in named).items() if count > 1
    ]
    assert not twice


def public_definitions(path: Path):
    """(name, node) of each public class and function of a file, and of each public method."""
    for node in TREES[path].body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


@pytest.mark.parametrize("path", FILES, ids=str)
def test_all_that_is_public_says_what_it_is(path):
    assert ast.get_docstring(TREES[path])
    assert not [name for name, node in public_definitions(path) if not ast.get_docstring(node)]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_nobody_asks_what_a_part_can_do_by_trying(path):
    """Capabilities are methods and attributes of roles; what is asked about is the platform alone."""
    allowed = {
        "data/fields.py": 4,  # how an annotation is made, and a base class without __post_init__
        "models/fields.py": 4,
        "train/devices.py": 2,  # what this operating system offers
        "experiments/bench/work.py": 1,
    }
    asked = [
        node
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id == "hasattr" or (node.func.id == "getattr" and len(node.args) == 3))
    ]
    assert len(asked) <= allowed.get(str(path), 0), [ast.unparse(node) for node in asked]


def test_bounds_are_the_same_on_both_sides_of_the_wall():
    sources = [Path(module.__file__).read_text(encoding="utf-8") for module in (data.fields, models.fields)]
    assert sources[0] == sources[1]


NUMERIC = {int, float}


def unbounded(annotation) -> bool:
    """Whether an annotation takes a number without saying which."""
    if typing.get_origin(annotation) is typing.Annotated:
        return False
    return annotation in NUMERIC or any(unbounded(inner) for inner in typing.get_args(annotation))


@pytest.mark.parametrize("name", sorted(name for name, kind in known_parts().items() if is_ours(kind)))
def test_every_number_that_a_user_sets_has_bounds(name):
    part = known_parts()[name]
    assert dataclasses.is_dataclass(part)
    assert not [field for field, kind in data.fields.annotations(part).items() if unbounded(kind)]


@pytest.mark.parametrize("name", sorted(name for name, kind in known_parts().items() if is_ours(kind)))
def test_a_field_has_its_one_name(name):
    """Of models: the other names that there were for the same number are gone."""
    part = known_parts()[name]
    if part.__module__.startswith("models."):
        old = {"depth", "layers", "heads", "hidden_dim", "kinds", "encoder_layers", "decoder_layers"}
        numbers = {field for field, kind in data.fields.annotations(part).items() if not takes_parts(kind)}
        assert not old & numbers


def takes_parts(annotation) -> bool:
    """Whether an annotation takes parts."""
    if isinstance(annotation, type):
        return issubclass(annotation, models.fields.Part)
    return any(takes_parts(inner) for inner in typing.get_args(annotation))
