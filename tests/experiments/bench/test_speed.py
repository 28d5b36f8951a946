"""What the benchmark measures: shapes that all contenders take, operations, sentences, peers without jax."""

import ast
import math
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.bench import generated_sentences as sentences
from experiments.bench import speed, worker
from train import devices

ROOT = Path(__file__).parents[3]
EVERY = [*speed.lines("cpu"), *speed.lines("gpu")]


def parameters(function):
    """The names a contender's function takes, read without importing it; None for any."""
    module, _, name = function.partition(":")
    tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    names = [argument.arg for argument in found.args.args]
    return None if found.args.kwarg else names, len(names) - len(found.args.defaults)


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.name)
def test_every_contender_takes_the_options_of_its_line(each):
    assert each.contenders[0].name == "lookback"
    assert {bar.peer for bar in each.bars} <= {contender.name for contender in each.contenders} | {None}
    for contender in each.contenders:
        taken, required = parameters(contender.function)
        for variant in contender.variants:
            given = set(each.options) | set(variant.options)
            assert taken is None or set(taken[:required]) <= given <= set(taken), contender


def test_names_are_unique_and_choose():
    for platform in ("cpu", "gpu"):
        names = [each.name for each in speed.lines(platform)]
        assert len(set(names)) == len(names)
    found = speed.chosen(speed.lines("cpu"), ["beam", "attention-full-both-512"])
    assert [each.name for each in found] == ["attention-full-both-512", "beam"]
    with pytest.raises(ValueError, match="did you mean 'attention'"):
        speed.chosen(speed.lines("cpu"), ["atention"])


def test_smoke_is_a_smaller_line_of_every_group():
    small = speed.smoked(speed.lines("cpu"))
    assert [each.group for each in small] == list(dict.fromkeys(each.group for each in speed.lines("cpu")))
    full = {each.name: each for each in speed.lines("cpu")}
    for each in small:
        assert each.options.keys() == full[each.name].options.keys() and not each.bars
        assert all(len(contender.variants) == 1 for contender in each.contenders)
        assert math.prod(value for value in each.options.values() if type(value) is int) < 1e9


def test_the_operations_of_gpt_are_those_of_its_training_step():
    from experiments.bench.ours.training import running_text
    from models.language.gpt2 import GPT2
    from train.flops import count
    from train.objectives.next_token import NextToken

    shape = {"batch": 2, "vocabulary": 300, "context": 256, "features": 384, "heads": 6, "layers": 2}
    model, objective = GPT2(300, 256, 384, 6, 2, dropout=0.0), NextToken()
    batch = jax.tree.map(jnp.asarray, running_text(2, 256, 300))
    params = jax.eval_shape(lambda key: objective.init(model, key, batch), jax.random.key(0))
    loss = lambda params, key: objective(model, params, batch, key, 0)[0]
    counted = count(jax.grad(loss), params, jax.random.key(0))
    assert 0.95 < counted / speed.gpt_flops(**shape) < 1.25


def test_the_operations_of_attention_are_its_products():
    shape = {"batch": 2, "heads": 3, "length": 64, "size": 16}
    full = 2 * 3 * 2 * (2 * 64 * 64 * 16)  # q k' and a v, of six heads
    assert speed.attention_flops(**shape, causal=False, backward=False) == full
    assert speed.attention_flops(**shape, causal=True, backward=False) == full / 2
    assert speed.attention_flops(**shape, causal=False, backward=True) == 3.5 * full


def test_the_sentences_are_all_there_and_end_in_eos():
    blocks = sentences.batches(500, 8000)
    assert sum(len(block) for block in blocks) == 500
    for block, again in zip(blocks, sentences.batches(500, 8000), strict=True):
        np.testing.assert_array_equal(block, again)
        ends = (block == sentences.EOS).argmax(axis=1)
        np.testing.assert_array_equal(block != sentences.PAD, np.arange(block.shape[1]) <= ends[:, None])
        assert block.size <= sentences.TOKENS and block.shape[1] in sentences.WIDTHS and block.max() < 8000


def test_a_pair_teaches_each_target_from_those_before_it():
    source, inputs, targets = sentences.pairs(8, 16, 100)
    assert source.shape == inputs.shape == targets.shape == (8, 16)
    real = targets != sentences.PAD
    assert (inputs[:, 0] == sentences.BOS).all() and real.sum(1).min() >= 12
    np.testing.assert_array_equal(inputs[:, 1:][real[:, 1:]], targets[:, :-1][real[:, 1:]])
    np.testing.assert_array_equal(inputs != sentences.PAD, real)


def test_peers_need_no_jax():
    """Nor anything that an environment of PyTorch's lacks: an interpreter of its own may run them."""
    bench = ROOT / "experiments" / "bench"
    peers = sorted((bench / "peers").glob("*.py"))
    shared = [
        bench / f"{name}.py" for name in ("work", "worker", "generated_sentences", "running_text", "__init__")
    ]
    own = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (*peers, *shared)}
    own |= {"experiments.bench", "experiments.bench.peers"}
    allowed = own | {"torch", "transformers", "ctranslate2", "gensim", "numpy"} | sys.stdlib_module_names
    assert len(peers) > 5
    for path in [*peers, *shared]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name in allowed or name.partition(".")[0] in allowed, f"{path}: {name}"


@pytest.mark.slow
@pytest.mark.parametrize("each", speed.smoked(speed.lines("cpu")), ids=lambda each: each.group)
def test_ours_runs_at_the_smallest_size(each, monkeypatch):
    monkeypatch.setattr(devices, "setup", lambda: None)  # the tests' own devices are set up already
    for contender in (contender for contender in each.contenders if contender.ours):
        state = {}
        order = {"prepare": contender.function, "options": each.options, "mallopt": ()}
        assert worker.answer(order, state)["bytes"] is not None
        assert worker.answer({"repeats": 1}, state)["seconds"] > 0
