"""The ledger survives a kill in the middle of a line and forgets what a resumed run does again."""

import json

from train.folder.log import Log, complete_lines


def steps(path):
    return [line["step"] for line in complete_lines(path)]


def test_each_line_is_there_as_soon_as_it_is_written(tmp_path):
    log = Log(tmp_path, step=0)
    log.write("train", step=1, loss=0.5)
    log.write("result", metric="BLEU", value=12.5, protocol={"corpus": "Welt – größer"})
    assert complete_lines(tmp_path / "metrics.jsonl") == [
        {"kind": "train", "step": 1, "loss": 0.5},
        {"kind": "result", "metric": "BLEU", "value": 12.5, "protocol": {"corpus": "Welt – größer"}},
    ]
    log.close()


def test_there_is_no_line_before_the_first(tmp_path):
    assert complete_lines(tmp_path / "metrics.jsonl") == []


def test_a_half_written_last_line_is_no_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    whole = '{"kind": "train", "step": 1}\n{"kind": "train", "step": 2, "text": "ä"}\n'.encode()
    for cut in range(1, 40):
        path.write_bytes(whole[:-cut])
        assert steps(path) == ([1, 2] if cut == 1 else [1])


def test_reopening_goes_on_behind_a_half_written_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"kind": "train", "step": 1}\n{"kind": "tr')
    log = Log(tmp_path, step=1)
    log.write("train", step=2)
    log.close()
    assert steps(path) == [1, 2]
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_reopening_at_a_step_forgets_later_ones_and_earlier_results(tmp_path):
    log = Log(tmp_path, step=0)
    for step in range(1, 6):
        log.write("train", step=step, loss=1 / step)
        if step % 2 == 0:
            log.write("valid", step=step, loss=1.0)
    log.write("result", metric="BLEU", value=1.0)
    log.write("cost", steps=5)
    log.close()
    log = Log(tmp_path, step=3)
    log.write("train", step=4, loss=9.0)
    log.close()
    lines = complete_lines(tmp_path / "metrics.jsonl")
    assert [(line["kind"], line["step"]) for line in lines] == [
        ("train", 1),
        ("train", 2),
        ("valid", 2),
        ("train", 3),
        ("train", 4),
    ]
    assert lines[-1]["loss"] == 9.0 and lines[0]["loss"] == 1.0


def test_numbers_with_a_step_go_to_tensorboard(tmp_path):
    log = Log(tmp_path, step=0)
    log.write("train", step=1, loss=0.5)
    log.close()
    (events,) = (tmp_path / "tensorboard").iterdir()
    assert b"train/loss" in events.read_bytes()
