"""A run read back from its folder: every reader passes over what was killed and names what is damaged."""

import json
import subprocess
import sys

import pytest

from train.folder.log import Log
from train.folder.manifest import FORMAT
from train.folder.record import collect, complete_lines, is_done, only_training, read

STEP = {"kind": "train", "step": 1, "loss": 2.0}
COST = {"kind": "cost", "parameters": 5}


def write(runs, row, seed, *lines, tail=b""):
    folder = runs / "t" / row / str(seed)
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"format": FORMAT, "run": {}, "row": row, "seed": seed}))
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metrics.jsonl").write_bytes(text.encode() + tail)
    return folder


def scored(value, **fields):
    return {"kind": "result", "metric": "BLEU", "name": "test", "value": value, "protocol": {}} | fields


@pytest.mark.parametrize("tail", [b'{"kind": "train", "st', b"{", '{"kind": "cost", "a": "ä'.encode()[:-1]])
def test_a_half_written_last_line_is_passed_over_by_all(tmp_path, tail):
    folder = write(tmp_path, "a", 0, STEP, tail=tail)
    assert [line["step"] for line in read(folder).train] == [1]
    assert complete_lines(folder / "metrics.jsonl") == [STEP] and not is_done(folder)
    Log(folder, 1).close()
    assert (folder / "metrics.jsonl").read_text() == json.dumps(STEP) + "\n"


@pytest.mark.parametrize(
    "line, told",
    [
        (b'{"kind": "tr', "line 2: not JSON"),
        (b"\xff", "line 2: not JSON"),
        (b"[" * 100_000, "line 2: not JSON"),
        (b"5", "line 2: no object with a kind"),
        (b'{"step": 1}', "line 2: no object with a kind"),
    ],
)
def test_a_broken_line_within_is_named_by_all_and_nothing_is_lost(tmp_path, line, told):
    folder = write(tmp_path, "a", 0, STEP, tail=line + b"\n" + json.dumps(COST).encode() + b"\n")
    before = (folder / "metrics.jsonl").read_bytes()
    for reader in (read, is_done, lambda folder: Log(folder, 1)):
        with pytest.raises(ValueError, match=f"metrics.jsonl, {told}") as error:
            reader(folder)
        assert "\n" not in str(error.value)
    assert (folder / "metrics.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "fields",
    [{"value": True}, {"value": "7"}, {"name": None}, {"metric": 3}, {"protocol": 1}, {"options": []}],
    ids=str,
)
def test_a_result_of_the_wrong_kind_is_named(tmp_path, fields):
    with pytest.raises(ValueError, match="metrics.jsonl, line 2: no result with metric, name"):
        read(write(tmp_path, "a", 0, STEP, scored(1.0) | fields))


def test_a_curve_has_steps(tmp_path):
    with pytest.raises(ValueError, match="metrics.jsonl, line 2: no step"):
        read(write(tmp_path, "a", 0, STEP, {"kind": "valid", "loss": 1.0}))


def test_a_result_is_its_value_its_protocol_and_its_options(tmp_path):
    lines = scored(None, protocol={"corpus": "c"}), scored(2, metric="chrF", options={"tokenize": "none"})
    results = read(write(tmp_path, "a", 0, *lines)).results
    assert results["BLEU", "test"].protocol == {"corpus": "c"} and results["BLEU", "test"].options == {}
    assert str(results["BLEU", "test"].value) == "nan"  # which JSON has no number for
    assert results["chrF", "test"][0::2] == (2.0, {"tokenize": "none"})


def test_a_resumed_run_counts_each_step_and_score_once(tmp_path):
    steps = [STEP | {"step": s, "loss": loss} for s, loss in ((1, 3.0), (2, 2.0), (2, 1.9), (3, 1.0))]
    folder = write(tmp_path, "a", 0, *steps, scored(10.0), scored(11.0), COST)
    record = read(folder)
    assert [line["loss"] for line in record.train] == [3.0, 1.9, 1.0] and record.cost == COST
    assert record.results["BLEU", "test"].value == 11.0 and record.output("test", "source") is None
    assert is_done(folder)


@pytest.mark.parametrize(
    "run, told",
    [
        ({}, ()),
        ({"model": {"dropout": 0.0, "heads": 2}, "objective": {"smoothing": 0.0}}, ()),
        ({"model": {"encoder": {"cell": {"weight_dropout": 0.5}}}, "objective": None}, ("dropout",)),
        ({"model": {"part": "NGram", "smoothing": {"part": "KneserNey"}}, "objective": None}, ()),
        (
            {"objective": {"smoothing": 0.1, "mistakes": True}},
            ("label smoothing 0.1", "cross-entropy, not mistakes"),
        ),
        ({"objective": {"history": {"part": "FreeRunning"}}}, ("histories by FreeRunning",)),
        ({"objective": {"history": {"part": "TeacherForcing"}}}, ()),
    ],
)
def test_what_only_the_training_loss_has_is_known_by_the_fields_of_the_run(run, told):
    assert only_training(run) == told


def test_outputs_keep_their_line_count(tmp_path):
    folder = write(tmp_path, "a", 0)
    (folder / "outputs").mkdir()
    (folder / "outputs" / "test.hypothesis").write_text("one\u2028still one\n\n\n")
    assert read(folder).output("test", "hypothesis") == ["one\u2028still one", "", ""]


def test_a_run_without_metrics_is_a_run_without_results(tmp_path):
    (write(tmp_path, "a", 0) / "metrics.jsonl").unlink()
    (tmp_path / "t" / "a" / "7").mkdir()
    (record,) = collect(tmp_path, "t")["a"]
    assert record.results == {} and record.train == () and (record.row, record.seed) == ("a", 0)


def test_seeds_are_in_order_of_number(tmp_path):
    for seed in (10, 2, 0):
        write(tmp_path, "a", seed)
    assert [record.seed for record in collect(tmp_path, "t")["a"]] == [0, 2, 10]
    assert collect(tmp_path, "none") == {}


@pytest.mark.parametrize(
    "text, told",
    [('{"format": 1}', "format 1"), ("{", "not JSON"), ("[]", "format None"), (None, "no such file")],
)
def test_a_run_of_another_version_is_one_clear_line(tmp_path, text, told):
    path = write(tmp_path, "a", 0) / "run.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(ValueError, match=told) as error:
        read(path.parent)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_reading_loads_no_jax():
    code = "import sys, train.folder.record; assert not {'jax', 'numpy', 'flax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
