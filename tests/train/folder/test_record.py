"""A run read back from its folder: every reader passes over what was killed and names what is damaged."""

import json
import subprocess
import sys

import pytest
from run_folder import write_run

from train.folder import ledger, manifest, outputs
from train.folder.ledger import complete_lines, entries, is_done
from train.folder.log import Log, Position
from train.folder.record import collect, only_training, read

STEP = {"kind": "train", "step": 1, "loss": 2.0}
COST = {"kind": "cost", "parameters": 5}


def write(runs, row, seed, *lines, tail=b""):
    return write_run(runs / "t" / row / str(seed), *lines, tail=tail, row=row, seed=seed)


def scored(value, **fields):
    return {"kind": "result", "metric": "BLEU", "name": "test", "value": value, "protocol": {}} | fields


@pytest.mark.parametrize("tail", [b'{"kind": "train", "st', b"{", '{"kind": "cost", "a": "ä'.encode()[:-1]])
def test_a_half_written_last_line_is_passed_over_by_all(tmp_path, tail):
    folder = write(tmp_path, "a", 0, STEP, tail=tail)
    assert [line["step"] for line in read(folder).train] == [1]
    assert complete_lines(folder / "metrics.jsonl") == [STEP] and not is_done(folder)
    Log(folder, 1, Position(1, list(entries(folder / "metrics.jsonl"))[0].seal)).close()
    assert (folder / "metrics.jsonl").read_bytes().endswith(b"}\n")
    assert complete_lines(folder / "metrics.jsonl") == [STEP]


@pytest.mark.parametrize(
    "line, told",
    [
        (b'{"kind": "tr', "line 2: not JSON"),
        (b"\xff", "line 2: not JSON"),
        (b"[" * 100_000, "line 2: not JSON"),
        (b"5", "line 2: no object with a kind"),
        (b'{"step": 1}', "line 2: no object with a kind"),
        (b'{"kind": "train", "step": 2, "loss": 1e5000}', "line 2: not JSON .*1e5000 is no finite number"),
        (b'{"kind": "train", "step": 2, "loss": NaN}', "line 2: not JSON .*NaN is no finite number"),
        (b'{"kind": "train", "step": 2, "loss": 1.0}', "line 2: changed since it was written"),
        (b"", "line 2: not JSON"),
    ],
)
def test_a_broken_line_within_is_named_by_all_and_nothing_is_lost(tmp_path, line, told):
    folder = write(tmp_path, "a", 0, STEP, tail=line + b"\n" + json.dumps(COST).encode() + b"\n")
    before = (folder / "metrics.jsonl").read_bytes()
    for reader in (read, is_done, lambda folder: Log(folder, 1, Position(1, "0" * 16))):
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
    for line in ({"kind": "valid", "loss": 1.0}, {"kind": "train", "step": 1}, STEP | {"loss": True}):
        with pytest.raises(ValueError, match="metrics.jsonl, line 2: no step with a loss"):
            read(write(tmp_path, "a", 0, STEP, line))


@pytest.mark.parametrize(
    "old, new",
    [
        (b"72.3", b"92.3"),
        (b"72.3", b"-72.3"),
        (b'"value": 72.3', b'"value": 72.3, "value": 92.3'),
        (b'"step": 2', b'"step": 3'),
        (b"\n", b"\n\n"),
        (b'"seal": "', b'"seal":"'),
    ],
)
def test_what_is_changed_by_hand_is_told_by_file_and_line(old, new, tmp_path):
    folder = write(tmp_path, "a", 0, STEP, STEP | {"step": 2}, scored(72.3), COST)
    path = folder / "metrics.jsonl"
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    for reader in (read, is_done):
        with pytest.raises(ValueError, match=r"metrics.jsonl, line [1234]: .*; put the file back, or remove"):
            reader(folder)


def test_a_line_that_is_lost_or_out_of_its_place_is_told(tmp_path):
    folder = write(tmp_path, "a", 0, STEP, STEP | {"step": 2}, scored(72.3), COST)
    path = folder / "metrics.jsonl"
    one, two, three, four = path.read_text().splitlines(keepends=True)
    for lines in (
        (one, three, four),
        (two, three, four),
        (one, one, two, three, four),
        (two, one, three, four),
    ):
        path.write_text("".join(lines))
        with pytest.raises(ValueError, match="line [12]: changed since it was written, or lines before it"):
            read(folder)


def test_the_ledger_of_another_run_is_told(tmp_path):
    one, other = (write(tmp_path, "a", seed, scored(1.0), COST) for seed in (0, 1))
    (one / "metrics.jsonl").write_bytes((other / "metrics.jsonl").read_bytes())
    with pytest.raises(ValueError, match="line 1: changed"):
        read(one)


def test_a_byte_flipped_anywhere_in_a_finished_run_is_told_or_changes_nothing(tmp_path):
    folder = write(tmp_path, "a", 0, STEP, scored(72.3), COST)
    before = read(folder)
    for name in ("metrics.jsonl", "run.json"):
        whole = (folder / name).read_bytes()
        for place in range(len(whole)):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << (place % 7)
            (folder / name).write_bytes(flipped)
            try:
                assert read(folder) == before
            except ValueError as error:
                assert str(folder / name) in str(error) and len(str(error).replace(str(folder), "")) < 300
        (folder / name).write_bytes(whole)


@pytest.mark.parametrize("change", [{"seed": 1}, {"row": "b"}, {"run": {"steps": 3}}, {"seal": "0" * 16}])
def test_a_run_json_edited_by_hand_is_told(change, tmp_path):
    folder = write(tmp_path, "a", 0, COST)
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match="run.json: changed since it was written; put it back, or delete it"):
        read(folder)
    path.write_text(json.dumps(manifest.read(write(tmp_path, "a", 0, COST))))  # other spaces
    assert read(folder).seed == 0


def test_outputs_are_those_that_were_scored(tmp_path):
    folder = write(tmp_path, "a", 0)
    outputs.keep(folder, "test", hypothesis=["one", "two"])
    ledger.write(folder, [{"kind": "outputs", "digests": outputs.digests(folder)}, COST])
    path = folder / "outputs" / "test.hypothesis"
    assert read(folder).output("test", "hypothesis") == ["one", "two"]
    path.write_text("one\n2\n")
    with pytest.raises(ValueError, match="test.hypothesis: changed since it was scored"):
        read(folder)
    path.unlink()
    with pytest.raises(ValueError, match="test.hypothesis: missing"):
        read(folder)


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
