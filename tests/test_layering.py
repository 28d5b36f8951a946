"""`data` and `models` never meet, `train` joins, `experiments` is on top; files stay small and well named."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"data", "models", "train", "experiments"}
ALLOWED = {
    "data": {"data"},
    "models": {"models"},
    "train": {"data", "models", "train"},
    "experiments": OURS,
}
MODELS_STAND_ON = {"jax", "flax", "numpy", "jaxtyping"} | sys.stdlib_module_names
NEVER_IN_DATA = {"jax", "jaxlib", "flax", "optax", "orbax"}
FILES = sorted(path for folder in (*OURS, "tests") for path in (ROOT / folder).rglob("*.py"))
SOURCES = [path for path in FILES if path.relative_to(ROOT).parts[0] in OURS]


def name(path):
    return str(path.relative_to(ROOT))


def imported(source):
    """The packages that a text imports anywhere in it, functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level or node.module.partition(".")[0]


def trespasses(folder, source):
    """The packages that a file in `folder` imports and may not."""
    packages = set(imported(source))
    wrong = (packages & OURS) - ALLOWED[folder] | {package for package in packages if package[0] == "."}
    wrong |= packages & NEVER_IN_DATA if folder == "data" else set()
    wrong |= packages - OURS - MODELS_STAND_ON if folder == "models" else set()
    return wrong


def test_there_is_something_to_check():
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == OURS and len(SOURCES) > 30


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_go_down_only(path):
    assert not trespasses(path.relative_to(ROOT).parts[0], path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "folder, source, wrong",
    [
        ("data", "import jax.numpy as jnp", {"jax"}),
        ("data", "def f():\n    from models.attention import Dot", {"models"}),
        ("models", "import optax, flax.linen as nn", {"optax"}),
        ("models", "from data.vocabulary import PAD", {"data"}),
        ("train", "from experiments import table", {"experiments"}),
        ("train", "from . import loop", {"."}),
        ("experiments", "import jax\nfrom train import loop", set()),
    ],
)
def test_a_trespass_would_be_seen(folder, source, wrong):
    assert trespasses(folder, source) == wrong


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_is_a_drawer_for_everything_or_endless(path):
    assert path.stem not in {"utils", "common", "misc", "helpers"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, "split it by noun"
