"""`lookback notebook`: the list, the file, and what is said where something is wrong."""

import json
import sys

import pytest

from experiments.inline import notebooks


def test_without_a_name_they_are_listed_with_their_titles(lookback):
    code, out, _ = lookback("notebook")
    assert code == 0
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert lines == {name: notebooks.title(path) for name, path in notebooks.files().items()}


def test_a_notebook_is_written_as_jupyter_reads_it(lookback, tmp_path):
    pytest.importorskip("jupytext")
    out = tmp_path / "mine.ipynb"
    assert lookback("notebook", "kernel_regression", "--out", out)[:2] == (0, f"{out}\n")
    written = json.loads(out.read_text(encoding="utf-8"))
    kinds = {cell["cell_type"] for cell in written["cells"]}
    assert kinds == {"markdown", "code"} and written["metadata"]["kernelspec"]["name"] == "python3"
    assert "".join(written["cells"][0]["source"]).startswith("# Attention is kernel regression")


@pytest.mark.parametrize(
    "words, said",
    [
        (["attentoin"], "did you mean 'attention'"),
        (["attention", "--out", "a.txt"], "ends in .ipynb"),
        (["attention", "--out", "no/a.ipynb"], "there is no folder no"),
        (["--execute"], "which notebook?"),
    ],
)
def test_a_mistake_is_one_line(lookback, words, said):
    code, _, err = lookback("notebook", *words)
    assert code == 2 and said in err and len(err.splitlines()) == 1


def test_a_missing_library_is_named_with_what_to_install(lookback, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    code, _, err = lookback("notebook", "ngrams", "--out", tmp_path / "a.ipynb")
    assert code == 2 and err == "lookback: notebooks need jupytext: pip install -e '.[notebook]'\n"


@pytest.mark.slow
def test_a_cell_that_fails_is_told_by_its_error(tmp_path):
    pytest.importorskip("nbclient")
    script = tmp_path / "broken.py"
    script.write_text("# %%\nraise RuntimeError('no such luck\\nand more of it')\n")
    with pytest.raises(ValueError, match="^notebook broken: a cell ended with RuntimeError: no such luck$"):
        notebooks.write(script, tmp_path / "a.ipynb", run=True)
