"""The rise of a loss without a head, against the objective on parameters whose rows are zeroed by hand."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import small

from data.batches.masked import MaskedPairs
from data.batches.pairs import Buckets
from data.batches.streams import Windows
from data.world.world import World
from experiments.tables.language import heads
from experiments.tables.representations import head_ablation as table
from experiments.tables.representations.word_senses import BOTH_WAYS
from train.evaluators.heads.head_ablation import HeadAblation, named
from train.parts import override
from train.run import Trained

ROWS = table.TABLE.rows
BATCHES = {"BERT": MaskedPairs(4), "GPT-2": Windows(4, 8), "Transformer": Buckets(128, 1)}
# {row: the path of its first layer of heads}, and what all of them are called
FIRST = {
    "BERT": ("encoder", "blocks_0", "attention"),
    "GPT-2": ("blocks_0", "attention"),
    "Transformer": ("encoder_0", "attention"),
}
LAYERS = {
    "BERT": ["1", "2"],
    "GPT-2": ["1", "2"],
    "Transformer": ["1", "self 1", "self 2", "source 1", "source 2"],
}


@functools.cache
def trained(row: str) -> Trained:
    """Of a small world, with weights from N(0, 0.25), so that every head says something."""
    world = World(train=60, valid=4, test=12, depth=0)
    run = dataclasses.replace(ROWS[row], batches=BATCHES[row])
    corpus = dataclasses.replace(run.task.corpus, world=world)
    run = dataclasses.replace(run, task=dataclasses.replace(run.task, corpus=corpus))
    if row != "Transformer":
        run = override(run, ["task.tokenizer.size=150"])
    if row == "BERT":
        run = override(run, ["task.length=12"])
    tokenizer = run.task.train_tokenizer()
    model = dataclasses.replace(small(run.model), vocab_size=len(tokenizer))
    done = Trained(run, model, {}, tokenizer, "made up", None)
    draw, example = np.random.default_rng(3), batches(done)[0]
    init = functools.partial(run.objective.init, model, jax.random.key(0))
    shapes = jax.eval_shape(init, example)
    return dataclasses.replace(
        done, params=jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) / 2), shapes)
    )


def batches(done: Trained) -> list:
    items = done.task.encoded("test", done.tokenizer)
    return list(done.run.batches.over(items, items, 0, before=done.tokenizer.eos)[1].once())


@functools.cache
def evaluated(row: str):
    """The objective's sums, compiled once."""
    done = trained(row)
    return jax.jit(lambda params, batch: done.run.objective.evaluate(done.model, params, batch))


def loss(row: str, params) -> float:
    found = [evaluated(row)(params, batch) for batch in batches(trained(row))]
    return sum(float(total) for total, _ in found) / sum(float(count) for _, (count, _) in found)


def within(tree: dict, path: tuple, change) -> dict:
    """The tree with what is at a path changed."""
    first, *rest = path
    return tree | {first: within(tree[first], tuple(rest), change) if rest else change(tree[first])}


def told(done: Trained) -> dict:
    return {(one.metric, one.name): one for one in HeadAblation()(done)}


@pytest.mark.parametrize("row", ROWS)
def test_a_head_left_out_is_one_whose_rows_of_the_output_projection_are_zero(row):
    done = trained(row)
    found, at = told(done), (*FIRST[row], "out", "kernel")
    whole = found["loss with all heads", "test"].value
    assert whole == loss(row, done.params)
    second = loss(row, within(done.params, at, lambda kernel: kernel.at[1].set(0)))
    assert found["without head", "1-2"].value == pytest.approx(100 * (second / whole - 1), abs=1e-3)
    none = loss(row, within(done.params, at, jnp.zeros_like))
    assert found["missed together", "layer 1"].value == pytest.approx(100 * (none / whole - 1), abs=1e-3)
    every = {name: one.value for (metric, name), one in found.items() if metric == "without head"}
    assert [*every] == [f"{layer}-{head}" for layer in LAYERS[row] for head in (1, 2)]
    assert len({*every.values()}) == len(every) and 0 not in every.values()
    assert found["most missed", "layer 1"].value == max(every["1-1"], every["1-2"])
    assert found["least missed", "layer 1"].value == min(every["1-1"], every["1-2"])
    assert found["heads missed", "test"].value == 100 * np.mean([value >= 1 for value in every.values()])


@pytest.mark.parametrize("row", ROWS)
def test_heads_that_write_nothing_are_not_missed(row):
    done = trained(row)
    blank = lambda path, leaf: leaf * 0 if "['out']['kernel']" in jax.tree_util.keystr(path) else leaf
    found = told(dataclasses.replace(done, params=jax.tree_util.tree_map_with_path(blank, done.params)))
    rises = [one.value for (metric, _), one in found.items() if metric.startswith(("without", "missed"))]
    assert rises and not any(rises) and found["heads missed", "test"].value == 0


def test_attentions_of_a_layer_have_kinds_and_numbers_of_their_own():
    paths = ["blocks_0/attention", "looks", "decoder_0/source_attention", "decoder_0/self_attention"]
    paths += ["decoder_1/source_attention", "blocks_1/attention"]
    assert named(dict.fromkeys(paths, 2)) == {
        "blocks_0/attention": ("", 1),
        "looks": ("", 2),
        "blocks_1/attention": ("", 3),
        "decoder_0/self_attention": ("self", 1),
        "decoder_0/source_attention": ("source", 1),
        "decoder_1/source_attention": ("source", 2),
    }


def test_a_model_without_heads_that_write_by_themselves_is_refused():
    with pytest.raises(ValueError, match="HeadAblation leaves heads of attention out, and ELMo has none"):
        HeadAblation().require(BOTH_WAYS)
    rows = heads.TABLE.rows
    HeadAblation().require(rows["4 heads averaged"])
    HeadAblation().require(rows["4 heads concatenated without values"])
    with pytest.raises(ValueError, match="SelfAttentionLM has none that writes by itself"):
        HeadAblation().require(rows["4 heads averaged without values"])
    for run in ROWS.values():
        HeadAblation().require(run)
