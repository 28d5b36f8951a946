"""Every notebook opens with claims, ends with an exercise, types no verdict, and runs from where it lies.

Run as a script each runs with no folder of runs, in a folder that cannot be written to; through Jupyter its
figures lie in the file.
"""

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.inline import notebooks
from experiments.report.claims import CONFIRMED, MIXED, REFUTED, UNDECIDED
from experiments.tables import catalogue

ROOT = Path(__file__).parents[2]
FILES = notebooks.files()
QUICK = "kernel_regression", "ngrams", "significance"  # in three seconds or so
NETWORKS = sorted(set(FILES) - set(QUICK))
CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)


def cells(path):
    """(kind, text) of each cell of a script, the text of Markdown without its comment signs."""
    _, *parts = CELL.split(path.read_text(encoding="utf-8"))
    for head, text in zip(parts[::2], parts[1::2], strict=True):
        marked = "[markdown]" in head
        yield ("markdown", re.sub(r"^# ?", "", text, flags=re.MULTILINE)) if marked else ("code", text)


@pytest.mark.parametrize("path", FILES.values(), ids=list(FILES))
def test_a_notebook_opens_with_claims_of_a_lecture(path):
    first = next(text for kind, text in cells(path) if kind == "code")
    asked = ast.parse(first).body[-1].value
    assert ast.unparse(asked.func) == "shown.claims" and asked.args
    assert {ast.literal_eval(name) for name in asked.args} <= set(catalogue.claims())


@pytest.mark.parametrize("path", FILES.values(), ids=list(FILES))
def test_a_notebook_begins_with_its_heading_and_no_cell_is_empty(path):
    texts = [text.strip() for _, text in cells(path)]
    assert texts[0].startswith(f"# {notebooks.title(path)}") and all(texts)


@pytest.mark.parametrize("path", FILES.values(), ids=list(FILES))
def test_a_notebook_ends_with_an_exercise_that_names_a_command(path):
    kind, last = list(cells(path))[-1]
    assert kind == "markdown" and "## Exercise\n" in last and "`lookback " in last


@pytest.mark.parametrize("path", FILES.values(), ids=list(FILES))
def test_a_notebook_types_no_verdict(path):
    words = re.findall(r"[a-z]+", path.read_text(encoding="utf-8").lower())
    assert not {CONFIRMED.lower(), REFUTED.lower(), UNDECIDED.lower()} & set(words)
    assert not re.search(rf"\b{MIXED}\b", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES.values(), ids=list(FILES))
def test_a_notebook_imports_no_pyplot_and_shows_figures(path):
    """A figure is the value of a cell: no state of pyplot, no file."""
    text = path.read_text(encoding="utf-8")
    assert "pyplot" not in text and "savefig" not in text
    ends = [ast.parse(cell).body[-1] for kind, cell in cells(path) if kind == "code"]
    shown = [ast.unparse(end.value) for end in ends if isinstance(end, ast.Expr)]
    assert any(one == "figure" or one.startswith(("plots.", "cell_text.", "sense_plots.")) for one in shown)


def test_readme_says_which_notebook_is_for_which_lecture():
    section = (ROOT / "README.md").read_text("utf-8").partition("\n## Notebooks\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_notebook_hides_no_module_of_pythons_own(name):
    """From its own folder, a script that is called as one of these would be imported in its place."""
    assert name not in sys.stdlib_module_names


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A folder that holds nothing and cannot be written to."""
    monkeypatch.delenv("LOOKBACK_RUN", raising=False)
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o555)
    yield tmp_path
    tmp_path.chmod(0o755)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_a_quick_notebook_runs_from_the_top(name, nowhere):
    assert runpy.run_path(str(FILES[name]))["figure"]._repr_png_().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_notebook_runs_from_the_top(name, nowhere, as_children):
    done = subprocess.run([sys.executable, str(FILES[name])], cwd=nowhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_notebook_is_executed_with_its_figures_inline(name, tmp_path, monkeypatch, as_children):
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.delenv("LOOKBACK_RUN", raising=False)
    monkeypatch.chdir(FILES[name].parent)
    notebooks.write(FILES[name], tmp_path / "a.ipynb", run=True)
    outputs = [
        output
        for cell in nbformat.read(tmp_path / "a.ipynb", as_version=4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    shown = [output.data for output in outputs if output.output_type == "execute_result"]
    assert any("image/png" in data for data in shown)
    assert any("lecture" in data.get("text/markdown", "") for data in shown)


@pytest.mark.slow
def test_a_notebook_takes_a_run_of_the_readers_own(copied, monkeypatch):
    monkeypatch.setenv("LOOKBACK_RUN", str(copied))
    left = runpy.run_path(str(FILES["attention"]))
    assert left["model"].trained.directory == copied
