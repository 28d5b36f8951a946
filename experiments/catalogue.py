"""The experiments there are: every file of this folder that assigns TABLE, found without importing it."""

import ast
import functools
import importlib
from pathlib import Path

from data.catalogue import known
from experiments.table import Table

FOLDER = Path(__file__).parent
MEASURED = {"bench": "speed", "complexity": "complexity"}  # {command: file}: they train nothing


@functools.cache
def questions() -> dict[str, str]:
    """{experiment: the question its docstring begins with}."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        tree = parsed(path)
        assigned = (target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets)
        names = [target.id for target in assigned if isinstance(target, ast.Name)]
        if "TABLE" in names:
            found[path.stem] = question(tree)
    return found


def measured() -> dict[str, str]:
    """{command: the question} of what is measured of the machine, by a command of its own."""
    return {command: question(parsed(FOLDER / f"{name}.py")) for command, name in MEASURED.items()}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def question(tree: ast.Module) -> str:
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def table(name: str) -> Table:
    """The table of an experiment; ValueError with the nearest name for one that does not exist."""
    return importlib.import_module(f"experiments.{known('experiment', name, tuple(questions()))}").TABLE
