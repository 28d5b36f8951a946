"""One update, however a batch is cut over micro-batches and devices. With SGD: Adam hides a wrong scale."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from data.batches.pairs import Shape, pair_batch
from models.attention.scores import Additive
from models.layers.dropout import Dropout
from models.translation.seq2seq import Seq2Seq
from train.objectives.next_token import NextTargetToken, NextToken
from train.optimizers import Adam, Constant, Sgd
from train.parallel import Jit, Pmap
from train.step import init_state

ROOT = Path(__file__).parents[2]
OBJECTIVE = NextTargetToken(smoothing=0.1)
SGD = Sgd(Constant(0.5))


@pytest.fixture(autouse=True, scope="module")
def quick_to_compile():
    """What runs for a millisecond is not worth a second of optimisation."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


class Bag(nn.Module):
    """Each input token beside the mean of the source, through one hidden layer: all that a step needs."""

    dropout: float = 0.0

    def setup(self):
        self.words, self.around = nn.Embed(12, 8), nn.Embed(12, 8)
        self.norm, self.hidden, self.out = nn.LayerNorm(), nn.Dense(16), nn.Dense(12)
        self.drop = Dropout(self.dropout)

    def states(self, source, inputs, train=False):
        x = self.words(inputs) + self.around(source).mean(1, keepdims=True)
        return self.drop(nn.relu(self.hidden(self.norm(x))), train)

    def logits(self, states):
        return self.out(states)

    def __call__(self, source, inputs, train=False):
        return self.logits(self.states(source, inputs, train))


STILL = dict(model=Bag(dropout=0.5), scale=np.float32(0.0))  # masks differ, parameters stay as they are


def some_batch(rows, accumulate=1):
    """Pairs of unequal lengths: no two micro-batches and no two devices get as many tokens."""
    rng = np.random.default_rng(0)
    side = lambda longest: [*rng.integers(4, 12, rng.integers(1, longest)), 2]
    stacked = pair_batch(
        [(side(5), side(6)) for _ in range(rows)], Shape(rows // accumulate, 5, 6), accumulate
    )
    return stacked if accumulate > 1 else {name: array[0] for name, array in stacked.items()}


BATCH = some_batch(8)


@functools.cache
def start(model, optimizer):
    return jax.jit(lambda: init_state(model, OBJECTIVE, optimizer, 0, BATCH))


@functools.cache
def compiled(layout, count, model, optimizer):
    return layout.compile(model, OBJECTIVE, optimizer, start(model, optimizer)(), jax.devices()[:count])


def fresh(layout, count, model=Bag(), optimizer=SGD):
    state = start(model, optimizer)()
    return jax.device_put(state, layout.state_sharding(state, jax.devices()[:count]))


def updated(layout, count, batch=BATCH, model=Bag(), optimizer=SGD, steps=3, **changed):
    """(state, measures of each step) after `steps` updates on the first `count` devices."""
    devices, history = jax.devices()[:count], []
    state = fresh(layout, count, model, optimizer).replace(**changed)
    update = compiled(layout, count, model, optimizer)
    for _ in range(steps):
        state, _, measures = update(state, (), layout.put(batch, devices))
        history.append(jax.tree.map(float, measures))
    return state, history


def assert_same(one, other, tolerance=1e-6):
    (state, history), (others, other_history) = one, other
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=tolerance),
        *(jax.device_get(tree.params) for tree in (state, others)),
    )
    for measures, found in zip(history, other_history, strict=True):
        assert measures == pytest.approx(found, rel=2e-6)


@pytest.fixture(scope="module")
def alone():
    return updated(Jit(), 1)


@pytest.mark.parametrize("layout", [Jit(), Jit(fsdp=2, least=0), Jit(tensor=2, least=0), Pmap()], ids=repr)
def test_two_devices_make_the_update_of_one(layout, alone):
    assert_same(updated(layout, 2), alone)


@pytest.mark.parametrize("layout, count", [(Jit(), 1), (Jit(), 2), (Pmap(), 2)], ids=repr)
def test_micro_batches_make_the_update_of_the_whole(layout, count, alone):
    stacked = some_batch(8, accumulate=2)
    assert len({float(weights.sum()) for weights in stacked["weights"]}) == 2
    assert_same(updated(layout, count, stacked), alone)


@pytest.mark.parametrize("layout", [Jit(), Pmap()], ids=repr)
def test_rows_that_do_not_divide_are_filled_with_empty_ones(layout):
    batch = {name: array[:5] for name, array in BATCH.items()}
    assert layout.put(batch)["source"].size == 6 * 5
    assert_same(updated(layout, 2, batch), updated(Jit(), 1, batch))


def test_empty_rows_change_nothing(alone):
    batch = {name: np.pad(array, [(0, 4), (0, 0)]) for name, array in BATCH.items()}
    assert_same(updated(Jit(), 1, batch), alone)


@pytest.mark.parametrize("layout", [Jit(), Jit(fsdp=2, least=0), Pmap()], ids=repr)
def test_dropout_does_not_know_how_many_devices_there_are(layout, alone):
    one = updated(Jit(), 1, model=Bag(dropout=0.5))
    assert_same(one, updated(layout, 2, model=Bag(dropout=0.5)))
    assert one[1][0]["loss"] != pytest.approx(alone[1][0]["loss"], rel=1e-3)


def test_gradients_of_a_recurrent_network_are_summed_after_its_loops():
    model = Seq2Seq(vocab_size=12, embed_dim=4, features=4, score=Additive(4))
    state = jax.jit(lambda batch: init_state(model, OBJECTIVE, SGD, 0, batch))(BATCH)
    update = Jit().compile(model, OBJECTIVE, SGD, state, jax.devices()[:2])
    program = update.lower(state, (), Jit().put(BATCH)).compile().as_text()
    loops, entry = program.split("\nENTRY ")
    assert " while(" in program and " all-reduce(" in entry
    assert " all-reduce(" not in loops


def test_validation_sums_over_devices_what_training_does():
    params = jax.device_get(start(Bag(), SGD)().params)
    total, (count, _) = OBJECTIVE.evaluate(Bag(), params, BATCH)
    for layout in (Jit(), Jit(fsdp=2, least=0), Pmap()):
        validate = layout.validation(Bag(), OBJECTIVE)
        found = validate(params, Jit().put(BATCH), ())
        assert float(found[0]) == pytest.approx(float(total), rel=1e-6)
        assert float(found[1]) == float(count) == BATCH["weights"].sum()


def test_measures_are_what_they_say():
    before = jax.device_get(start(Bag(), SGD)().params)
    total, (count, _) = OBJECTIVE(Bag(), before, BATCH, jax.random.key(9), 0)
    after, (measures,) = updated(Jit(), 1, steps=1, scale=np.float32(0.5))
    moved = jax.tree.map(lambda a, b: (a - b) / 0.25, before, jax.device_get(after.params))
    assert measures["tokens"] == float(count) == BATCH["weights"].sum()
    assert measures["loss"] == pytest.approx(float(total / count), rel=1e-6)
    assert measures["learning_rate"] == 0.25
    assert measures["gradient_norm"] == pytest.approx(float(optax.tree.norm(moved)), rel=1e-5)
    assert int(after.step) == 1 and float(after.scale) == 0.5


def test_the_gradient_norm_is_that_before_clipping(alone):
    clipped = updated(Jit(), 1, optimizer=Sgd(Constant(0.5), clip=1e-6), steps=2)[1]
    assert clipped[0]["gradient_norm"] == pytest.approx(alone[1][0]["gradient_norm"])
    assert clipped[0]["loss"] == pytest.approx(clipped[1]["loss"], abs=1e-5)


@pytest.mark.parametrize("layout", [Jit(), Pmap()], ids=repr)
def test_keys_are_folded_from_seed_and_step(layout):
    losses = [measures["loss"] for measures in updated(layout, 2, **STILL)[1]]
    assert len(set(losses)) == 3
    assert updated(layout, 2, steps=1, step=np.int32(2), **STILL)[1][0]["loss"] == losses[2]
    other = updated(layout, 2, steps=1, key=jax.random.key(1), **STILL)[1]
    assert other[0]["loss"] not in losses


@pytest.mark.parametrize("join", [np.stack, np.concatenate])
def test_each_micro_batch_and_each_device_of_pmap_draws_its_own_mask(join):
    half = {name: array[:4] for name, array in BATCH.items()}
    twice = {name: join([array, array]) for name, array in half.items()}
    count = 2 if join is np.concatenate else 1
    one, two = (updated(Pmap(), n, batch, steps=1, **STILL)[1][0] for n, batch in ((1, half), (count, twice)))
    assert two["tokens"] == 2 * one["tokens"]
    assert two["loss"] != pytest.approx(one["loss"], rel=1e-4)


@pytest.mark.parametrize("layout", [Jit(), Pmap()], ids=repr)
def test_a_step_compiled_ahead_of_time_donates_an_unstacked_state(layout):
    state, batch = fresh(layout, 2), layout.put(BATCH)
    carry = layout.put_rows({"h": np.arange(8, dtype=np.float32)}, 0)
    shapes = jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), state)
    update = layout.compile(Bag(), OBJECTIVE, SGD, state).lower(state, carry, batch).compile()
    assert update.cost_analysis()["flops"] > 0
    for _ in range(2):
        given = state
        state, carry, _ = update(given, carry, batch)
        assert all(leaf.is_deleted() for leaf in jax.tree.leaves(given.params))
        assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), state) == shapes
        assert np.ravel(carry["h"]).tolist() == list(range(8))
    assert int(state.step) == 2


class Counter(nn.Module):
    """A state that sums the tokens read so far, and logits that show it: all that a carry needs."""

    def setup(self):
        self.out = nn.Dense(12)

    def start(self, batch, length):
        return {"sum": jnp.full((batch, 1), 0.5)}

    def read(self, carry, inputs, train=False):
        sums = carry["sum"] + jnp.cumsum(inputs / 10.0, axis=1)
        return sums[..., None], {"sum": sums[:, -1:]}

    def logits(self, states):
        return self.out(states)

    def __call__(self, inputs):
        return self.logits(self.read(self.start(len(inputs), 0), inputs)[0])


def stream_batches(rows, chunks, length=3):
    """Chunks of one long row each; the rows begin again where every second epoch of `chunks` does."""
    tokens = np.random.default_rng(1).integers(4, 12, (rows, chunks * length + 1))
    for index in range(chunks):
        at = slice(index * length, (index + 1) * length)
        yield {
            "inputs": tokens[:, :-1][:, at],
            "targets": tokens[:, 1:][:, at],
            "weights": np.ones((rows, length), np.float32),
            "starts": np.full((rows, 1), index == 0, np.float32),
        }


CARRIED = NextToken(carried=True)


def carried(layout, count, batches, rows_axis=0):
    """The loss of each batch and the last carry, going from chunk to chunk without learning."""
    model, devices = Counter(), jax.devices()[:count]
    first = jax.tree.map(lambda x: x[0], batches[0]) if rows_axis else batches[0]
    state = jax.jit(lambda: init_state(model, CARRIED, SGD, 0, first))().replace(scale=np.float32(0.0))
    blank = CARRIED.blank(model, first)
    blank = jax.tree.map(lambda x: np.stack([x] * len(batches[0]["inputs"])), blank) if rows_axis else blank
    carry, losses = layout.put_rows(blank, rows_axis, devices), []
    state = jax.device_put(state, layout.state_sharding(state, devices))
    placed = layout.put(batches[0], devices)
    update = layout.compile(model, CARRIED, SGD, state, devices, rows_axis)
    update = update.lower(
        state, carry, placed
    ).compile()  # as the loop does: what comes out must fit in again
    for batch in batches:
        state, carry, measures = update(state, carry, layout.put(batch, devices))
        losses.append(float(measures["loss"]))
    rows = batches[0]["inputs"].shape[rows_axis]
    return losses, np.asarray(layout.whole(carry, rows_axis, rows)["sum"])


@pytest.mark.parametrize("layout, count", [(Jit(), 1), (Jit(), 2), (Pmap(), 2)], ids=repr)
def test_a_carry_passes_from_chunk_to_chunk_and_begins_anew_where_the_batch_says_so(layout, count):
    batches = [*stream_batches(4, 3), *stream_batches(4, 3)]
    losses, total = carried(layout, count, batches)
    np.testing.assert_allclose(losses[:3], losses[3:], rtol=1e-6)
    read = np.concatenate([batch["inputs"] for batch in batches[:3]], axis=1)
    np.testing.assert_allclose(total, 0.5 + read.sum(axis=1, keepdims=True) / 10, rtol=1e-6)
    assert len(set(losses[:3])) == 3


@pytest.mark.parametrize("layout, count", [(Jit(), 1), (Jit(), 2), (Pmap(), 2)], ids=repr)
def test_each_micro_batch_has_a_carry_of_its_own(layout, count):
    batches = list(stream_batches(8, 3))
    stacked = [jax.tree.map(lambda x: x.reshape(2, 4, -1), batch) for batch in batches]
    (whole, totals), (parts, each) = carried(Jit(), 1, batches), carried(layout, count, stacked, rows_axis=1)
    np.testing.assert_allclose(whole, parts, rtol=1e-6)
    np.testing.assert_allclose(totals.reshape(2, 4, 1), each, rtol=1e-6)


def test_fsdp_splits_parameters_and_optimizer_state():
    state = fresh(Jit(fsdp=2, least=0), 2, optimizer=Adam())
    held = lambda tree: sum(leaf.addressable_shards[0].data.size for leaf in jax.tree.leaves(tree))
    for tree in (state.params, state.optimizer):
        matrices = [leaf for leaf in jax.tree.leaves(tree) if leaf.ndim > 1]
        assert held(matrices) == sum(leaf.size for leaf in matrices) // 2


@pytest.mark.parametrize("layout", [Jit(fsdp=3), Jit(tensor=3), Jit(fsdp=2, tensor=2)], ids=repr)
def test_devices_that_do_not_divide_are_an_error(layout):
    with pytest.raises(ValueError, match=r"parallel: 2 devices do not divide into fsdp=\d x tensor=\d"):
        layout.put(BATCH)


FOUR = """
import importlib.util, json, sys
import jax
spec = importlib.util.spec_from_file_location("steps", sys.argv[1])
steps = importlib.util.module_from_spec(spec)
spec.loader.exec_module(steps)
from models.translation.transformer import Transformer
from train.parallel import Jit, Pmap

CASES = [
    (steps.Bag(), [(Jit(), 3), (Jit(fsdp=2, least=0), 4), (Pmap(), 4)]),
    (Transformer(12, 8, 8, 2, 1, 1, dropout=0.0), [(Jit(fsdp=2, tensor=2, least=0), 4)]),
]
for model, layouts in CASES:
    one, history = steps.updated(Jit(), 1, model=model, steps=2)
    for layout, count in layouts:
        other, others = steps.updated(layout, count, model=model, steps=2)
        trees = (jax.device_get(state.params) for state in (one, other))
        apart = jax.tree.leaves(jax.tree.map(lambda a, b: float(abs(a - b).max()), *trees))
        losses = [abs(a["loss"] - b["loss"]) for a, b in zip(history, others, strict=True)]
        print(json.dumps([f"{type(model).__name__}, {layout} on {count}", max(apart + losses)]))
"""


def test_four_devices_in_every_layout_make_the_update_of_one():
    fixed = {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": "4", "XLA_FLAGS": ""}
    fixed["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "true"
    command = [sys.executable, "-c", FOUR, __file__]
    done = subprocess.run(command, env=os.environ | fixed, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = dict(map(json.loads, done.stdout.splitlines()))
    assert len(found) == 4
    assert {name: apart for name, apart in found.items() if not apart < 2e-6} == {}
