"""The experiments there are: every file of this folder that assigns TABLE, found without importing it."""

import ast
import importlib
from pathlib import Path

from data.catalogue import known
from experiments.table import Table


def questions() -> dict[str, str]:
    """{experiment: the question its docstring begins with}."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
        if "TABLE" in names:
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def table(name: str) -> Table:
    """The table of an experiment; ValueError with the nearest name for one that does not exist."""
    return importlib.import_module(f"experiments.{known('experiment', name, tuple(questions()))}").TABLE
