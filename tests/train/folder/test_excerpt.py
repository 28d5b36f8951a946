"""The excerpt of a run: what a table reads off it is what it reads off the run, and nothing else is there."""

import random

import pytest
from run_folder import keep_counts, replace_in_ledger, write_run

from experiments.report.columns import COSTS, Column, Significance
from experiments.report.table import Table, render
from train.folder import excerpt, outputs
from train.folder.ledger import complete_lines
from train.folder.record import collect, read
from train.metrics.bleu import matches

WORDS = "a b c d e f g h".split()
COST = {"kind": "cost", "parameters": 7, "seconds": 3.0, "commit": "abc", "device": "1 x cpu"}
BLEU = Column("BLEU", "test")


def finished(root, row, seed, points=100):
    """A run with curves, a text that was scored, its counts and its cost."""
    draw = random.Random(f"{row} {seed}")
    reference = [" ".join(random.Random(at).choices(WORDS, k=8)) for at in range(60)]
    said = [line if draw.random() < 0.5 else "a b" for line in reference]
    counts = matches(reference, said, reference)
    folder = root / "t" / row / str(seed)
    folder.mkdir(parents=True)
    outputs.keep(folder, "test", hypothesis=said, reference=reference)
    keep_counts(folder, counts, "BLEU")
    train = [{"kind": "train", "step": step, "loss": draw.random()} for step in range(1, points + 1)]
    valid = [{"kind": "valid", "step": step, "loss": draw.random()} for step in range(10, points + 1, 10)]
    result = {"kind": "result", "metric": "BLEU", "name": "test", "value": counts.score, "protocol": {}}
    digests = {"kind": "outputs", "digests": outputs.digests(folder)}
    return write_run(folder, *train, *valid, result, digests, COST, row=row, seed=seed, experiment="t")


@pytest.fixture
def both(tmp_path):
    for row in ("base", "other"):
        for seed in (0, 1):
            run = finished(tmp_path / "runs", row, seed)
            excerpt.write(run, tmp_path / "kept" / "t" / row / str(seed))
    return tmp_path / "runs", tmp_path / "kept"


def test_a_table_of_excerpts_is_that_of_the_runs(both):
    table = Table(
        "t",
        "T",
        {"BLEU": BLEU, "p": Significance(BLEU, samples=100), **COSTS},
        "base",
        {"base": None, "other": None},
    )
    of_runs, of_excerpts = (render(table, collect(folder, "t")) for folder in both)
    assert of_runs == of_excerpts and "0." in of_runs


def test_an_excerpt_has_neither_texts_nor_weights(both):
    _, kept = both
    names = {path.name for path in kept.rglob("*") if path.is_file()}
    assert names == {"run.json", "metrics.jsonl", "test.BLEU.counts"}


def test_the_same_run_gives_the_same_bytes_again(both, tmp_path):
    runs, kept = both
    excerpt.write(runs / "t" / "base" / "0", tmp_path / "again")
    for path in (tmp_path / "again").rglob("*"):
        first = kept / "t" / "base" / "0" / path.relative_to(tmp_path / "again")
        assert path.is_dir() or path.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("points", [1, 2, 15, 16, 17, 1000])
def test_curves_keep_their_ends_and_few_points(points, tmp_path):
    excerpt.write(run := finished(tmp_path / "runs", "r", 0, points), tmp_path / "kept")
    whole, few = read(run), read(tmp_path / "kept")
    assert len(few.train) == min(points, excerpt.POINTS)
    assert (few.train[0], few.train[-1]) == (whole.train[0], whole.train[-1])
    assert len(few.valid) == min(points // 10, excerpt.POINTS)
    assert set(map(str, few.train)) <= set(map(str, whole.train))
    assert few.results == whole.results and few.cost == whole.cost


def test_of_a_step_logged_twice_the_later_line_is_kept():
    lines = [{"kind": "train", "step": step, "loss": loss} for loss in (1.0, 2.0) for step in (1, 2)]
    assert excerpt.thinned(lines) == lines[2:]


def test_what_is_unfinished_or_damaged_has_no_excerpt(tmp_path):
    run = finished(tmp_path, "r", 0)
    path = outputs.counts_file(run, "BLEU", "test")
    path.write_text(path.read_text().replace("8", "9", 1))
    with pytest.raises(ValueError, match="changed since it was scored"):
        excerpt.write(run, tmp_path / "kept")
    begun = write_run(tmp_path / "t" / "begun" / "0", {"kind": "train", "step": 1, "loss": 1.0})
    with pytest.raises(ValueError, match="not finished"):
        excerpt.write(begun, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_record_changed_by_hand_is_told(both):
    _, kept = both
    folder = kept / "t" / "base" / "0"
    path = folder / "outputs" / "test.BLEU.counts"
    path.write_text(path.read_text().replace("8", "9", 1))
    with pytest.raises(ValueError, match="changed since it was scored"):
        read(folder)
    line = complete_lines(kept / "t" / "other" / "0" / "metrics.jsonl")[0]
    replace_in_ledger(kept / "t" / "other" / "0", str(line["loss"]), "9.5")
    assert read(kept / "t" / "other" / "0").train[0]["loss"] == 9.5  # sealed anew, as a run would be
