"""Labelled examples in batches: each once an epoch, with its own targets where they belong."""

import itertools

import numpy as np
import pytest

from data.batches.examples import ExampleBatches, Layout, Padded, example_batch
from data.items.example import Example

LENGTHS = np.random.default_rng(0).integers(2, 40, 200)
CLASSES = [Example([4 + n, *[3] * (size - 1)], n % 3) for n, size in enumerate(LENGTHS)]
PARTS = Padded(tokens=128, shapes=4, multiple=2)


def epoch(batches):
    return [next(batches) for _ in range(len(batches.plan))]


def names(batch):
    """The examples of a batch, by the first id of each."""
    rows = batch["inputs"].reshape(-1, batch["inputs"].shape[-1])
    return [int(row[0]) - 4 for row in rows if row[0]]


@pytest.mark.parametrize("accumulate", [1, 3])
def test_every_example_comes_once_an_epoch_with_its_own_class(accumulate):
    batches, _ = PARTS.over(CLASSES, CLASSES[:9], seed=0, accumulate=accumulate)
    for _ in range(2):
        found = epoch(batches)
        assert sorted(itertools.chain.from_iterable(map(names, found))) == list(range(200))
        for batch in found:
            weighs = batch["weights"].reshape(-1) > 0
            targets = batch["targets"].reshape(-1)[weighs]
            np.testing.assert_array_equal(targets, np.array(names(batch)) % 3)
            real = (batch["inputs"] != 0).any(axis=-1).reshape(-1)
            np.testing.assert_array_equal(weighs, real)
            assert batch["inputs"].ndim == (2 if accumulate == 1 else 3)


def test_validation_comes_whole_and_in_the_shapes_of_training():
    train, valid = PARTS.over(CLASSES, CLASSES[:50], seed=0)
    found = list(valid.once())
    assert sorted(itertools.chain.from_iterable(map(names, found))) == list(range(50))
    assert {batch["inputs"].shape for batch in found} <= {batch["inputs"].shape for batch in epoch(train)}


def test_shapes_are_few_and_hold_about_so_many_tokens():
    shapes = PARTS.fit(CLASSES)
    assert len(shapes) == 4 and shapes[-1].width == max(LENGTHS)
    assert all(shape.rows % 2 == 0 and shape.rows * shape.width <= 128 for shape in shapes)


def test_shapes_pad_as_little_as_any_of_so_many():
    """Against all choices of two more widths beside the longest."""
    lengths = np.array([2, 2, 2, 5, 5, 9, 9, 9, 9, 20])
    examples = [Example([1] * size, 0) for size in lengths]
    best = min(
        sum(min(width for width in (*chosen, 20) if width >= size) for size in lengths)
        for chosen in itertools.combinations([2, 5, 9], 2)
    )
    widths = [shape.width for shape in Padded(shapes=3).fit(examples)]
    assert sum(min(width for width in widths if width >= size) for size in lengths) == best


def test_padding_is_the_share_of_places_that_hold_nothing():
    batches, _ = PARTS.over(CLASSES, CLASSES[:9], seed=0)
    places = [batch["inputs"] for batch in epoch(batches)]
    empty = sum((place == 0).sum() for place in places) / sum(place.size for place in places)
    assert batches.padding() == pytest.approx(empty)


@pytest.mark.parametrize("consumed", [0, 1, 7])
def test_an_iterator_goes_on_from_its_state(consumed):
    one, _ = PARTS.over(CLASSES, CLASSES[:9], seed=3)
    for _ in range(consumed):
        next(one)
    other, _ = PARTS.over(CLASSES, CLASSES[:9], seed=3)
    other.restore(one.state())
    for _ in range(len(one.plan)):
        left, right = next(one), next(other)
        assert all(np.array_equal(left[name], right[name]) for name in left)


def test_orders_differ_between_epochs_and_seeds():
    orders = [
        [names(batch) for batch in epoch(batches)]
        for batches in (PARTS.over(CLASSES, CLASSES[:9], seed=seed)[0] for seed in (0, 1))
    ]
    again, _ = PARTS.over(CLASSES, CLASSES[:9], seed=0)
    first = [names(batch) for batch in epoch(again)]
    assert first == orders[0] != orders[1] and [names(batch) for batch in epoch(again)] != first


def test_a_batch_by_hand():
    """Two texts of one row more than there are: segments, letters, a score that does not count."""
    examples = [
        Example([1, 7, 2], 2.5, [0, 0, 1], [[5], [6, 7], [8]]),
        Example([1, 2], 4.0, [0, 1], [[5], [8]], weights=0.0),
    ]
    batch = example_batch(examples, Layout.of(examples), rows=3, width=4)
    assert batch["inputs"].tolist() == [[1, 7, 2, 0], [1, 2, 0, 0], [0] * 4]
    assert batch["segments"].tolist() == [[0, 0, 1, 0], [0, 1, 0, 0], [0] * 4]
    assert batch["targets"].tolist() == [2.5, 4.0, 0.0] and batch["targets"].dtype == np.float32
    assert batch["weights"].tolist() == [1.0, 0.0, 0.0]
    nothing = [0, 0]
    assert batch["characters"].tolist() == [
        [[5, 0], [6, 7], [8, 0], nothing],
        [[5, 0], [8, 0], nothing, nothing],
        [nothing] * 4,
    ]


def test_tags_are_as_wide_as_inputs_and_spans_are_two():
    tags = [
        Example([1, 9, 9, 2], [0, 4, 5, 0], weights=[0, 1, 1, 0]),
        Example([1, 2], [0, 0], weights=[0, 0]),
    ]
    batch = example_batch(tags, Layout.of(tags), rows=2, width=5)
    assert batch["targets"].tolist() == [[0, 4, 5, 0, 0], [0] * 5] and batch["targets"].dtype == np.int32
    assert batch["weights"].tolist() == [[0, 1, 1, 0, 0], [0] * 5]
    spans = [Example([1, 9, 9, 2], [1, 2]), Example([1, 9, 2], [1, 1])]
    batch = example_batch(spans, Layout.of(spans), rows=3, width=4)
    assert batch["targets"].tolist() == [[1, 2], [1, 1], [0, 0]]
    assert batch["weights"].tolist() == [[1, 1], [1, 1], [0, 0]]


@pytest.mark.parametrize(
    "targets, complaint", [([0, [1, 2]], "one kind"), ([[1, 2], [1, 2, 3]], "neither one for each input")]
)
def test_targets_of_two_kinds_are_refused(targets, complaint):
    with pytest.raises(ValueError, match=complaint):
        Layout.of([Example([1, 5, 6, 2], target) for target in targets])


def test_an_example_that_is_too_long_for_all_shapes_cannot_be():
    batches = ExampleBatches(CLASSES, Layout.of(CLASSES), PARTS.fit(CLASSES), seed=0)
    assert all(shape.width >= max(LENGTHS[members]) for shape, members in batches.plan)
