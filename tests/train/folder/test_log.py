"""The ledger survives a kill in the middle of a line and forgets what a resumed run does again."""

import pytest
from run_folder import write_run

from train.folder.ledger import complete_lines
from train.folder.log import Log

LINES = {"kind": "train", "step": 1, "loss": 2.0}, {"kind": "train", "step": 2, "loss": 1.0, "text": "ä"}


def steps(path):
    return [line["step"] for line in complete_lines(path)]


def test_each_line_is_there_as_soon_as_it_is_written(tmp_path):
    write_run(tmp_path)
    log = Log(tmp_path)
    log.write("train", step=1, loss=0.5)
    log.write("result", metric="BLEU", value=12.5, protocol={"corpus": "Welt – größer"})
    assert complete_lines(tmp_path / "metrics.jsonl") == [
        {"kind": "train", "step": 1, "loss": 0.5},
        {"kind": "result", "metric": "BLEU", "value": 12.5, "protocol": {"corpus": "Welt – größer"}},
    ]
    log.close()


def test_a_number_that_is_none_is_written_as_null(tmp_path):
    log = Log(write_run(tmp_path))
    log.write("result", metric="r", value=float("nan"))
    log.close()
    assert complete_lines(tmp_path / "metrics.jsonl")[0]["value"] is None


def test_there_is_no_line_before_the_first(tmp_path):
    assert complete_lines(tmp_path / "metrics.jsonl") == []


def test_a_half_written_last_line_is_no_line(tmp_path):
    path = write_run(tmp_path, *LINES) / "metrics.jsonl"
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines()[-1])):
        path.write_bytes(whole[:-cut])
        assert steps(path) == ([1, 2] if cut == 1 else [1])


@pytest.mark.parametrize("cut", [1, 2, 20])
def test_reopening_goes_on_behind_a_half_written_line(cut, tmp_path):
    log = Log(write_run(tmp_path))
    log.write("train", step=1, loss=1.0)
    position = log.mark()
    log.close()
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(path.read_bytes().removesuffix(b"\n") + (b"" if cut == 1 else b'\n{"kind": "tr'))
    log = Log(tmp_path, 1, position)
    log.write("train", step=2, loss=1.0)
    log.close()
    assert steps(path) == [1, 2]


def test_reopening_at_a_position_forgets_later_lines(tmp_path):
    log = Log(write_run(tmp_path))
    for step in range(1, 6):
        log.write("train", step=step, loss=1 / step)
        if step == 3:
            position = log.mark()
    log.write("result", metric="BLEU", value=1.0)
    log.write("cost", steps=5)
    log.close()
    log = Log(tmp_path, 3, position)
    log.write("train", step=4, loss=9.0)
    log.close()
    assert steps(tmp_path / "metrics.jsonl") == [1, 2, 3, 4]
    assert complete_lines(tmp_path / "metrics.jsonl")[-1]["loss"] == 9.0
    Log(tmp_path).close()
    assert complete_lines(tmp_path / "metrics.jsonl") == []


def test_lines_that_a_checkpoint_knows_and_that_are_gone_are_told_and_nothing_is_cut(tmp_path):
    log = Log(write_run(tmp_path))
    log.write("train", step=1, loss=1.0)
    log.write("train", step=2, loss=1.0)
    position = log.mark()
    log.close()
    path = tmp_path / "metrics.jsonl"
    whole = path.read_bytes()
    for there in (b"", whole.splitlines(keepends=True)[0], whole[:-3]):
        path.write_bytes(there)
        with pytest.raises(ValueError, match=r"metrics.jsonl: holds \d lines, but 2 were written"):
            Log(tmp_path, 2, position)
        assert path.read_bytes() == there


def test_numbers_with_a_step_go_to_tensorboard(tmp_path):
    log = Log(write_run(tmp_path))
    log.write("train", step=1, loss=0.5)
    log.close()
    (events,) = (tmp_path / "tensorboard").iterdir()
    assert b"train/loss" in events.read_bytes() and "tfevents" in events.name
