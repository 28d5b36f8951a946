"""Every pair once an epoch, in an order that (seed, epoch) fix, in a few shapes with little padding."""

import itertools

import numpy as np
import pytest

from data.batches.batch import smallest_corners
from data.batches.pairs import Buckets, PairBatches, Shape, half_perimeters, lengths, pair_batch
from data.ids import BOS, EOS, PAD


def some_pairs(count=300, seed=0, longest=40):
    """Pairs of correlated lengths; the first token of each names it."""
    rng = np.random.default_rng(seed)
    source = rng.integers(1, longest, count)
    target = np.clip(source + rng.integers(-5, 9, count), 1, None)
    sides = (
        [[4 + number, *[9] * (n - 1), EOS] for number, n in enumerate(side)] for side in (source, target)
    )
    return list(zip(*sides, strict=True))


PAIRS = some_pairs()
SHAPES = Buckets(tokens=128, shapes=5, multiple=2).fit(PAIRS)
AWKWARD = {
    "correlated": PAIRS,
    "anti-correlated": [([5] * n, [5] * (61 - n)) for n in range(1, 61)] * 3,
    "unrelated": [
        ([5] * a, [5] * b) for a, b in np.random.default_rng(1).integers(1, 70, (200, 2))
    ],
    "single": [([5, EOS], [6, 7, EOS])],
    "equal": [([5, EOS], [6, EOS])] * 37,
    "one giant": [([5, EOS], [6, EOS])] * 20 + [([5] * 300, [6] * 2)],
}  # fmt: skip


def names(batch):
    first = batch["source"].reshape(-1, batch["source"].shape[-1])[:, 0]
    return [int(name) for name in first if name != PAD]


def epoch(batches):
    return [next(batches) for _ in range(len(batches.plan))]


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def all_same(ones, others):
    return len(ones) == len(others) and all(map(same, ones, others))


@pytest.mark.parametrize("accumulate", [1, 3])
def test_every_pair_comes_once_an_epoch(accumulate):
    batches = PairBatches(PAIRS, SHAPES, seed=0, accumulate=accumulate)
    for _ in range(2):
        assert sorted(itertools.chain.from_iterable(map(names, epoch(batches)))) == list(range(4, 304))
    assert sorted(itertools.chain.from_iterable(map(names, batches.once()))) == list(range(4, 304))


@pytest.mark.parametrize("pairs", AWKWARD.values(), ids=AWKWARD)
@pytest.mark.parametrize("shapes", [1, 3, 8])
def test_no_pair_is_left_out_and_only_one_batch_is_short(pairs, shapes):
    batches = PairBatches(pairs, Buckets(tokens=200, shapes=shapes, multiple=4).fit(pairs), seed=1)
    found = list(batches.once())
    assert sum(batch["weights"].sum() for batch in found) == sum(len(target) for _, target in pairs)
    assert sum((batch["source"] != PAD).sum() for batch in found) == sum(len(source) for source, _ in pairs)
    assert sum((batch["source"][:, 0] == PAD).any() for batch in found) <= 1
    assert len({batch["source"].shape + batch["targets"].shape for batch in found}) <= shapes


def test_the_order_is_a_function_of_seed_and_epoch():
    first, again, other = (PairBatches(PAIRS, SHAPES, seed) for seed in (0, 0, 1))
    one, two = epoch(first), epoch(first)
    assert all_same(one, epoch(again))
    assert not all_same(one, two)
    assert not all_same(one, epoch(other))
    again.restore({"epoch": 1, "index": 0})
    assert all_same(two, epoch(again))


@pytest.mark.parametrize("taken", ["none", "some", "all but one", "all", "more"])
def test_a_restored_iterator_gives_the_very_next_batch(taken):
    batches, restored = PairBatches(PAIRS, SHAPES, seed=3), PairBatches(PAIRS, SHAPES, seed=3)
    length = len(batches.plan)
    for _ in range(
        {"none": 0, "some": 5, "all but one": length - 1, "all": length, "more": length + 2}[taken]
    ):
        next(batches)
    restored.restore(batches.state())
    assert all(same(next(batches), next(restored)) for _ in range(length + 2))


def test_one_pass_over_a_split_leaves_the_iterator_where_it_is():
    batches, other = PairBatches(PAIRS, SHAPES, seed=3), PairBatches(PAIRS, SHAPES, seed=3)
    next(batches), next(other)
    list(batches.once())
    assert same(next(batches), next(other))


def test_rows_divide_and_hold_about_as_many_tokens_as_asked_for():
    for multiple in (1, 2, 8):
        for shape in Buckets(tokens=256, shapes=5, multiple=multiple).fit(PAIRS):
            longest = max(shape.source, shape.target)
            assert shape.rows % multiple == 0
            assert shape.rows == multiple or 256 - multiple * longest < shape.rows * longest <= 256


def test_padding_is_what_counting_finds():
    batches = PairBatches(PAIRS, SHAPES, seed=0, accumulate=2)
    found = list(batches.once())
    real = sum((batch[side] != PAD).sum() for batch in found for side in ("source", "targets"))
    room = sum(batch[side].size for batch in found for side in ("source", "targets"))
    assert batches.padding() == pytest.approx(1 - real / room)


def test_inputs_targets_and_weights_fit_together():
    pairs = [([7, 8, EOS], [5, 6, EOS]), ([7, EOS], [5, EOS])]
    batch = {name: array[0] for name, array in pair_batch(pairs, Shape(4, 3, 5)).items()}
    assert batch["source"].tolist() == [[7, 8, EOS], [7, EOS, PAD], [PAD] * 3, [PAD] * 3]
    assert batch["inputs"].tolist() == [[BOS, 5, 6, 0, 0], [BOS, 5, 0, 0, 0], [0] * 5, [0] * 5]
    assert batch["targets"].tolist() == [[5, 6, EOS, 0, 0], [5, EOS, 0, 0, 0], [0] * 5, [0] * 5]
    assert np.array_equal(batch["weights"], batch["targets"] != PAD)
    assert {array.dtype.name for array in batch.values()} == {"int32", "float32"}


def test_accumulation_stacks_micro_batches_of_one_shape():
    stacked = next(PairBatches(PAIRS, SHAPES, seed=0, accumulate=3))
    rows, width = stacked["source"].shape[1:]
    assert stacked["source"].shape[0] == 3 and any((s.rows, s.source) == (rows, width) for s in SHAPES)


@pytest.mark.parametrize("pairs", AWKWARD.values(), ids=AWKWARD)
@pytest.mark.parametrize("count", [1, 2, 8])
def test_corners_hold_every_pair_and_one_another(pairs, count):
    sizes = lengths(pairs)
    corners = smallest_corners(sizes, count)
    assert 1 <= len(corners) <= count
    assert (sizes[:, None] <= corners[None]).all(axis=-1).any(axis=1).all()
    assert (np.diff(corners, axis=0) >= 0).all()


def test_corners_pad_less_than_quantiles_do():
    rng = np.random.default_rng(0)
    source = rng.lognormal(2.6, 0.4, 3000)  # as text is: many lines of middling length, a few of great length
    sizes = np.stack([source, source * rng.lognormal(0.1, 0.15, 3000)], axis=1).astype(int) + 1
    quantiles = np.quantile(sizes, np.linspace(0, 1, 7)[1:], axis=0).astype(int)
    quantiles[-1] = sizes.max(axis=0)
    naive = half_perimeters(sizes, quantiles).min(axis=1).sum()
    found = half_perimeters(sizes, smallest_corners(sizes, 6)).min(axis=1).sum()
    assert found < 0.9 * naive


def test_no_chain_of_rectangles_pads_less():
    """Against every chain of three nested rectangles over a small grid."""
    rng = np.random.default_rng(5)
    sizes = np.clip(rng.poisson(4, (60, 1)) + rng.integers(-1, 2, (60, 2)), 1, 7)

    def padded(corners):
        return half_perimeters(sizes, np.array(corners)).min(axis=1).sum()

    grid = [(s, t) for s in range(1, 8) for t in range(1, 8)]
    last = tuple(sizes.max(axis=0))
    least = min(
        padded([one, two, last])
        for one in grid
        for two in grid
        if one[0] <= two[0] <= last[0] and one[1] <= two[1] <= last[1]
    )
    assert padded(smallest_corners(sizes, 3)) == least
