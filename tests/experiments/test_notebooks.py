"""Every notebook runs from the top on a run directory, and leaves its pictures there."""

import runpy
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "notebooks"


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.py")))
def test_a_notebook_runs_from_the_top(name, copied, monkeypatch):
    monkeypatch.setenv("LOOKBACK_RUN", str(copied))
    left = runpy.run_path(str(FOLDER / name))
    np.testing.assert_allclose(np.sum(left["weights"], axis=-1), 1, atol=1e-5)
    pictures = list((copied / "pictures").glob("*.png"))
    assert pictures and all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
