"""Each target follows its input, counts once in a pass, and comes again after a restart."""

import itertools

import numpy as np
import pytest

from data.batches.streams import Streams, Windows, strided
from data.ids import EOS, PAD


def text(size):
    """A stream whose ids say where they stand."""
    return np.arange(10, 10 + size, dtype=np.int32)


def counted(batches):
    """The targets that count, in the order of batches, rows and time."""
    return np.concatenate([batch["targets"][batch["weights"] > 0] for batch in batches])


def train_of(part, size, seed=0, **named):
    return part.over(text(size), text(7), seed, **named)[0]


def epoch(batches, count):
    return [next(batches) for _ in range(count)]


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def all_same(ones, others):
    return len(ones) == len(others) and all(map(same, ones, others))


PASSES = {
    "streams of 1": lambda ids, **named: Streams(1, 5).whole(ids, **named),
    "streams of 3": lambda ids, **named: Streams(3, 5).whole(ids, **named),
    "streams of 8": lambda ids, **named: Streams(8, 2).whole(ids, **named),
    "windows": lambda ids, **named: Windows(2, 5).over(text(5), ids, 0, **named)[1].once(),
    "strided": lambda ids, **named: strided(ids, 6, 2, 3, **named),
    "strided by one": lambda ids, **named: strided(ids, 4, 1, 5, **named),
}


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7, 30, 31, 44])
@pytest.mark.parametrize("one_pass", PASSES.values(), ids=PASSES)
def test_one_pass_counts_every_token_once_and_in_order(one_pass, size):
    batches = list(one_pass(text(size)))
    assert sorted(counted(batches)) == text(size).tolist()
    assert len({array.shape for batch in batches for array in (batch["inputs"], batch["weights"])}) == 1
    for batch in batches:
        kept = batch["weights"] > 0
        before = np.where(batch["targets"] == 10, EOS, batch["targets"] - 1)
        assert np.array_equal(batch["inputs"][kept], before[kept])
        padding = batch["targets"] == PAD
        assert not batch["inputs"][padding].any() and not batch["weights"][padding].any()


@pytest.mark.parametrize("one_pass", PASSES.values(), ids=PASSES)
def test_what_stands_before_the_text_can_be_said(one_pass):
    for batches in (one_pass(text(20), before=50256), one_pass(text(20), before=None)):
        first = next(batches)
        assert first["inputs"][0, 0] in (50256, PAD) and first["targets"][0, 0] == 10
    assert counted(one_pass(text(20), before=None)).min() == 11


@pytest.mark.parametrize("rows, length, size", [(3, 4, 40), (3, 4, 36), (1, 7, 20), (4, 10, 27), (5, 1, 26)])
def test_rows_go_on_from_chunk_to_chunk(rows, length, size):
    batches = train_of(Streams(rows, length), size)
    each = size // rows
    chunks = epoch(batches, -(-each // length))
    whole = {name: np.concatenate([chunk[name] for chunk in chunks], axis=1) for name in chunks[0]}
    assert np.array_equal(whole["targets"][:, :each], text(rows * each).reshape(rows, each))
    assert whole["inputs"][0, 0] == EOS
    assert np.array_equal(whole["inputs"][:, 1:each], whole["targets"][:, : each - 1])
    assert np.array_equal(whole["inputs"][1:, 0], whole["targets"][:-1, each - 1])
    assert (whole["weights"] == (np.arange(whole["weights"].shape[1]) < each)).all()
    assert [chunk["starts"].tolist() for chunk in chunks] == [
        [[float(n == 0)]] * rows for n in range(len(chunks))
    ]
    assert all_same(chunks, epoch(batches, len(chunks)))


@pytest.mark.parametrize("part", [Streams(3, 4), Windows(3, 4)], ids=repr)
def test_arrays_are_of_fixed_types_and_shapes(part):
    batches = train_of(part, 50)
    for batch in itertools.islice(batches, 9):
        assert {name: array.shape for name, array in batch.items() if name != "starts"} == dict.fromkeys(
            ("inputs", "targets", "weights"), (3, 4)
        )
        assert {array.dtype.name for array in batch.values()} == {"int32", "float32"}
        assert batch["inputs"].dtype == batch["targets"].dtype == np.int32


@pytest.mark.parametrize("part", [Streams(2, 4), Windows(2, 4)], ids=repr)
def test_micro_batches_are_the_rows_of_a_larger_batch(part):
    stacks = train_of(part, 70, accumulate=3)
    larger = train_of(type(part)(6, 4), 70)
    for stack, batch in zip(epoch(stacks, 5), epoch(larger, 5), strict=True):
        assert all(array.shape[:2] == (3, 2) for array in stack.values())
        assert same({name: array.reshape(6, -1) for name, array in stack.items()}, batch)
    train, valid = part.over(text(70), text(70), 0, accumulate=3)
    assert next(valid.once())["inputs"].shape == next(train)["inputs"].shape[1:]


@pytest.mark.parametrize("taken", [0, 1, 3, 4, 5, 11])  # an epoch of the streams is 4 batches
@pytest.mark.parametrize("part", [Streams(3, 4), Windows(3, 4)], ids=repr)
def test_a_restored_iterator_gives_the_very_next_batch(part, taken):
    batches, restored = train_of(part, 50, seed=5), train_of(part, 50, seed=5)
    epoch(batches, taken)
    restored.restore(batches.state())
    assert all_same(epoch(batches, 6), epoch(restored, 6))


@pytest.mark.parametrize("part", [Streams(3, 4), Windows(3, 4)], ids=repr)
def test_a_pass_over_a_split_leaves_the_iterator_where_it_is(part):
    batches, other = train_of(part, 50), train_of(part, 50)
    next(batches), next(other)
    list(batches.once())
    assert same(next(batches), next(other))


@pytest.mark.parametrize("rows, length, size", [(3, 4, 40), (3, 4, 36), (4, 10, 27)])
def test_padding_is_what_counting_finds(rows, length, size):
    batches = train_of(Streams(rows, length), size)
    chunks = epoch(batches, -(-(size // rows) // length))
    assert batches.padding() == pytest.approx(1 - np.mean([chunk["weights"] for chunk in chunks]))


def test_windows_are_drawn_from_everywhere_by_seed_and_number_alone():
    batches, again, other = (train_of(Windows(4, 6), 20, seed) for seed in (0, 0, 1))
    drawn, repeated = epoch(batches, 60), epoch(again, 60)
    assert all_same(drawn, repeated) and not all_same(drawn, epoch(other, 60))
    assert not same(drawn[0], drawn[1])
    for batch in drawn:
        assert (np.diff(batch["targets"], axis=1) == 1).all() and batch["weights"].all()
        assert (batch["inputs"] == np.where(batch["targets"] == 10, EOS, batch["targets"] - 1)).all()
    first = np.concatenate([batch["targets"][:, 0] for batch in drawn])
    assert set(first) == set(range(10, 10 + 20 - 6 + 1))


@pytest.mark.parametrize(
    "size, length, stride, rows", [(50, 8, 3, 4), (51, 8, 8, 2), (9, 8, 1, 3), (5, 8, 2, 2)]
)
def test_strided_windows_see_what_they_say(size, length, stride, rows):
    batches = list(strided(text(size), length, stride, rows))
    assert counted(batches).tolist() == text(size).tolist()
    for number, window in enumerate(
        (targets, weights)
        for batch in batches
        for targets, weights in zip(batch["targets"], batch["weights"], strict=True)
    ):
        targets, weights = window
        if not weights.any():
            continue
        assert weights.sum() <= (length if number == 0 else stride)
        assert (np.diff(targets[targets != PAD]) == 1).all()
        if number:
            assert np.flatnonzero(weights).min() >= length - stride
    assert len(batches) == -(-(1 + -(-max(size - length, 0) // stride)) // rows)


def test_a_mapped_stream_is_read_as_any_other(tmp_path):
    np.save(tmp_path / "ids.npy", text(40))
    mapped = np.load(tmp_path / "ids.npy", mmap_mode="r")
    for part in (Streams(3, 4), Windows(3, 4)):
        from_file, plain = (part.over(ids, ids, 0)[0] for ids in (mapped, text(40)))
        assert all_same(epoch(from_file, 5), epoch(plain, 5))
        assert all_same(list(from_file.once()), list(plain.once()))


def test_what_does_not_fit_is_said():
    with pytest.raises(
        ValueError, match="the text has 5 tokens, which do not fill 6 rows: lower batches.rows"
    ):
        Streams(3, 4).over(text(5), text(5), 0, accumulate=2)
    with pytest.raises(ValueError, match="5 tokens, which do not fill a window of 6: lower batches.length"):
        Windows(3, 6).over(text(5), text(5), 0)
    with pytest.raises(ValueError, match="stride is 5; give a number from 1 to the window's length, 4"):
        next(strided(text(9), 4, 5))
    with pytest.raises(ValueError, match="Streams.rows takes int, at least 1, not 0"):
        Streams(rows=0)
    with pytest.raises(ValueError, match="Windows.length takes int, at least 1, not -1"):
        Windows(length=-1)
