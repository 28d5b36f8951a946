"""The experiments there are: every file below this folder that assigns TABLE, found without importing it."""

import ast
import functools
import importlib
from pathlib import Path

from data.splits import known
from experiments.report.table import Table

FOLDER = Path(__file__).parent
MEASURED = {"bench": "speed", "complexity": "layer_cost"}  # {command: file of bench/}: they train nothing


@functools.cache
def files() -> dict[str, Path]:
    """{experiment: its file}."""
    found = {}
    for path in sorted(FOLDER.rglob("*.py"), key=lambda path: path.stem):
        tree = parsed(path)
        assigned = (target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets)
        names = [target.id for target in assigned if isinstance(target, ast.Name)]
        if "TABLE" in names:
            found[path.stem] = path
    return found


def questions() -> dict[str, str]:
    """{experiment: the question its docstring begins with}."""
    return {name: question(parsed(path)) for name, path in files().items()}


def measured() -> dict[str, str]:
    """{command: the question} of what is measured of the machine, by a command of its own."""
    bench = FOLDER.parent / "bench"
    return {command: question(parsed(bench / f"{name}.py")) for command, name in MEASURED.items()}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def question(tree: ast.Module) -> str:
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def table(name: str) -> Table:
    """The table of an experiment; ValueError with the nearest name for one that does not exist."""
    path = files()[known("experiment", name, tuple(files()))]
    module = ".".join(("experiments", "tables", *path.relative_to(FOLDER).with_suffix("").parts))
    return importlib.import_module(module).TABLE
