"""One more run beside those that are there: the band, and what cannot be compared."""

import numpy as np
import pytest
from run_folder import write_run

from experiments.evidence.reproduction import DIFFERS, REPRODUCED, UNKNOWN, band, compared
from experiments.report.columns import Column
from experiments.report.table import Table
from train.folder.record import read

TABLE = Table("t", "T", {"BLEU": Column("BLEU", "test")}, "a", {"a": None})


def run(root, seed, value, **protocol):
    result = {"kind": "result", "metric": "BLEU", "name": "test", "value": value, "protocol": protocol}
    return read(write_run(root / "t" / "a" / str(seed), result, row="a", seed=seed))


def said(root, values, value, corpus="w"):
    committed = [run(root / "kept", seed, one, corpus="w") for seed, one in enumerate(values)]
    (found,) = compared(TABLE, run(root / "new", 0, value, corpus=corpus), committed)
    return found


def test_one_more_draw_falls_into_the_band_nineteen_times_in_twenty():
    draw = np.random.default_rng(0)
    inside = [low <= one <= high for *few, one in draw.normal(size=(4000, 4)) for low, high in [band(few)]]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize(
    "values, value, word",
    [
        ((10.0, 11.0, 12.0), 15.9, REPRODUCED),  # 11 ± 4.303 * 1 * sqrt(4 / 3)
        ((10.0, 11.0, 12.0), 16.1, DIFFERS),
        ((10.0, 11.0, 12.0), 5.9, DIFFERS),
        ((30.0, 30.0, 30.0), 30.01, REPRODUCED),
        ((30.0, 30.0, 30.0), 30.1, DIFFERS),
    ],
)
def test_inside_it_is_reproduced(values, value, word, tmp_path):
    assert said(tmp_path, values, value).word == word


def test_of_one_seed_or_of_another_corpus_nothing_can_be_said(tmp_path):
    assert said(tmp_path, (10.0,), 10.0).word == UNKNOWN
    other = said(tmp_path, (10.0, 11.0, 12.0), 11.0, corpus="v")
    assert (other.word, other.why) == (UNKNOWN, "another corpus")
