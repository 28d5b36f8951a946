"""How a network lies over devices, and what they send each other for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from data.batches.examples import whole_batch
from data.batches.pairs import whole_pairs
from data.items.example import Example
from experiments.plan.hlo import Program
from experiments.plan.step import lies
from models.attention.scores import Additive
from models.encoders.words import BagOfWords
from models.heads.classifier import Classifier
from models.language.gpt2 import GPT2
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer
from train.objectives.next_token import NextTargetToken, NextToken
from train.objectives.supervised import Label
from train.optimizers import Constant, Sgd
from train.parallel import Jit
from train.step import init_state

OBJECTIVE, SGD = NextTargetToken(smoothing=0.1), Sgd(Constant(0.5))
BATCH = whole_pairs([([4, 5, 6, 2], [7, 8, 2]), ([5, 2], [9, 10, 11, 2])] * 2)


@pytest.mark.parametrize("dtype, fetched", [("float32", 4), ("bfloat16", 2)])
def test_fsdp_sends_weights_and_their_gradients_and_nothing_of_a_batch(dtype, fetched):
    """Each weight is fetched once, its gradient summed once in float32, in no loop, whatever the batch."""
    model = GPT2(64, 32, 16, 2, 2, dtype=dtype)
    layout, objective, devices = Jit(fsdp=2, least=256), NextToken(tokens=64), jax.devices()[:2]
    texts = {"inputs": np.ones((8, 32), np.int32), "targets": np.ones((8, 32), np.int32)}
    texts["weights"] = np.ones((8, 32), np.float32)
    state = jax.eval_shape(lambda batch: init_state(model, objective, SGD, 0, batch), texts)
    step = layout.compile(model, objective, SGD, state, devices)
    state = jax.tree.map(lies, state, layout.state_sharding(state, devices))
    sent = Program(step.lower(state, (), layout.put(texts, devices)).compile().as_text()).collectives
    leaves = jax.tree.leaves_with_path(state.params)
    split = sum(leaf.size for path, leaf in leaves if "fsdp" in layout.spec(path, leaf))
    total = lambda *kinds: sum(one.bytes * one.times for one in sent if one.kind in kinds)
    assert not any(one.looped for one in sent)
    assert split and total("all-gather") in (fetched * split, 4 * split)  # a CPU may widen what it sends
    rest = sum(leaf.size for leaf in jax.tree.leaves(state.params)) - split
    assert total("all-reduce", "reduce-scatter") <= 4 * (split + rest + 64)  # and a few scalars


NARROW = (
    (Seq2Seq(12, features=8, embed_dim=8, score=Additive(8), dtype="bfloat16"), OBJECTIVE, BATCH),
    (
        Classifier(12, classes=3, mlp_dim=8, encoder=BagOfWords(embed_dim=8, dtype="bfloat16")),
        Label(),
        whole_batch([Example([4 + row, 5, 2], row % 3) for row in range(4)]),
    ),
)


@pytest.mark.parametrize("model, objective, batch", NARROW, ids=["score", "head"])
def test_in_bfloat16_nothing_is_rounded_by_fsdp_that_is_not_without_it(model, objective, batch):
    """Scores and what stands on an encoder compute in float32 in a network of bfloat16 too."""
    devices = jax.devices()[:2]
    params = jax.jit(lambda batch: objective.init(model, jax.random.key(0), batch))(batch)

    def loss(layout):
        lies = jax.device_put(params, layout.state_sharding(params, devices))
        validate = layout.validation(model, objective, devices)
        return float(validate(lies, layout.put(batch, devices), objective.blank(model, batch))[0])

    assert loss(Jit(fsdp=2, least=0)) == pytest.approx(loss(Jit()), rel=1e-7)


def test_heads_and_the_width_of_the_feed_forward_network_are_split_over_tensor():
    state = jax.eval_shape(
        lambda batch: init_state(Transformer(12, 8, 16, 2, 1, 1), OBJECTIVE, SGD, 0, batch), BATCH
    )
    split = {
        jax.tree_util.keystr(path, simple=True, separator="/"): Jit(tensor=2, least=0).spec(path, leaf)
        for path, leaf in jax.tree.leaves_with_path(state.params)
    }
    inside = {"query": P(None, "tensor", None), "key_value": P(None, None, "tensor", None)}
    inside |= {"out": P("tensor", None, None), "widen": P(None, "tensor"), "narrow": P("tensor", None)}
    for layer, spec in inside.items():
        assert {found for name, found in split.items() if name.endswith(f"/{layer}/kernel")} == {spec}


def test_small_leaves_stay_whole():
    leaf = jax.ShapeDtypeStruct((256, 256), np.float32)
    assert Jit(fsdp=2).spec((), leaf) == P("fsdp", None)
    assert Jit(fsdp=2, least=2**16 + 1).spec((), leaf) == P(None, None)


@pytest.mark.slow
def test_every_family_learns_on_eight_devices_what_it_learns_on_one():
    fixed = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "", "JAX_DISABLE_MOST_OPTIMIZATIONS": "true"}
    command = [sys.executable, str(Path(__file__).with_name("layouts.py"))]
    done = subprocess.run(command, env=os.environ | fixed, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {(row, layout): apart for row, layout, apart in map(json.loads, done.stdout.splitlines())}
    assert len({row for row, _ in found}) >= 8 and len(found) >= 16
    assert {which: apart for which, apart in found.items() if not apart < 1e-6} == {}
