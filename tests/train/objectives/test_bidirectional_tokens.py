"""Which state predicts which word in either direction, and what a run's perplexities are made of."""

import dataclasses
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from data.batches.examples import Layout, Padded, example_batch
from data.corpora.text import GeneratedText
from data.tasks.bidirectional import BidirectionalText
from data.world.world import World
from models.encoders.elmo import ELMo
from models.heads.bilm import BiLM
from train.evaluators.language.bidirectional_perplexity import BidirectionalPerplexity
from train.objectives.bidirectional_tokens import BidirectionalTokens
from train.objectives.next_token import NextToken
from train.run import Run, Trained

V = 7
LOGITS = 3 * np.random.default_rng(0).normal(size=(2, 2, 5, V)).astype(np.float32)
INPUTS = np.array([[1, 4, 5, 6, 2], [1, 3, 2, 0, 0]])
BATCH = {"inputs": INPUTS, "targets": INPUTS, "weights": (INPUTS != 0).astype(np.float32)}


class Fixed(nn.Module):
    """A model whose logits are given; in training they are noisy."""

    @nn.compact
    def states(self, inputs, segments=None, characters=None, train=False):
        noise = jax.random.normal(self.make_rng("dropout"), (V,)) if train else jnp.zeros(V)
        return self.param("logits", lambda _: jnp.asarray(LOGITS)) + noise

    def logits(self, states):
        return states

    __call__ = states


def by_hand(batch) -> tuple[list[float], list[int]]:
    """(sum of losses, count) forward and backward: position t predicts t + 1, and t - 1."""
    logs = scipy.special.log_softmax(LOGITS.astype(float), axis=-1)
    sums, counts = [0.0, 0.0], [0, 0]
    for row, inputs in enumerate(batch["inputs"]):
        length = int((inputs != 0).sum())
        for side, at, said in (
            *((0, t, t + 1) for t in range(length - 1)),
            *((1, t, t - 1) for t in range(1, length)),
        ):
            weight = batch["weights"][row, said]
            sums[side] -= weight * logs[side, row, at, batch["targets"][row, said]]
            counts[side] += int(weight)
    return sums, counts


@pytest.mark.parametrize("tokens", [1024, 4])
def test_each_direction_predicts_the_neighbour_it_has_not_seen(tokens):
    weights = BATCH["weights"].copy()
    weights[0, 2] = 0.0
    for batch in (BATCH, BATCH | {"weights": weights}):
        objective, params = BidirectionalTokens(tokens=tokens), {"logits": LOGITS}
        sums, counts = by_hand(batch)
        for side, (loss, count) in enumerate(objective.sides(Fixed(), params, batch)):
            np.testing.assert_allclose([loss, count], [sums[side], counts[side]], rtol=1e-5)
        loss, (count, carry) = objective.evaluate(Fixed(), params, batch)
        np.testing.assert_allclose([loss, count], [sum(sums), sum(counts)], rtol=1e-5)
        assert carry == ()


def test_training_differs_by_dropout_and_smoothing_only():
    draw, params = (jax.random.key(1), jnp.int32(0)), {"logits": LOGITS}
    loss, (count, _) = BidirectionalTokens()(Fixed(), params, BATCH, *draw)
    other, _ = BidirectionalTokens(smoothing=0.1)(Fixed(), params, BATCH, *draw)
    plain, (plain_count, _) = BidirectionalTokens(smoothing=0.1).evaluate(Fixed(), params, BATCH)
    assert float(count) == float(plain_count) == 12.0
    assert len({float(loss), float(other), float(plain)}) == 3
    np.testing.assert_allclose(plain, sum(by_hand(BATCH)[0]), rtol=1e-5)


RUN = Run(
    model=BiLM(
        encoder=ELMo(features=4, cells=5, filters=((1, 3),), character_dim=2, longest=12, dropout=0.0)
    ),
    task=BidirectionalText((GeneratedText(World(train=30, valid=9, test=9)),), longest=9, width=12),
    objective=BidirectionalTokens(),
    batches=Padded(tokens=64, shapes=2),
)


@functools.cache
def trained() -> Trained:
    tokenizer = RUN.task.train_tokenizer()
    model = dataclasses.replace(RUN.model, vocab_size=len(tokenizer))
    examples = RUN.task.encoded("train", tokenizer)
    batch = next(RUN.batches.over(examples, examples, 0)[0])
    params = jax.jit(lambda batch: RUN.objective.init(model, jax.random.key(0), batch))(batch)
    return Trained(RUN, model, params, tokenizer, "random", directory=None)


def test_perplexities_are_those_of_all_words_of_the_split():
    found = {result.metric: result for result in BidirectionalPerplexity("test")(trained())}
    examples = RUN.task.encoded("test", trained().tokenizer)
    batch = example_batch(examples, Layout.of(examples), len(examples), 9)
    given = jnp.asarray(batch["inputs"]), None, jnp.asarray(batch["characters"])
    logs = jax.nn.log_softmax(jax.jit(trained().model.apply)({"params": trained().params}, *given))
    losses = []
    for row, example in enumerate(examples):
        ids, places = example.inputs, np.arange(len(example.inputs) - 1)
        losses.append((-logs[0, row, places, ids[1:]], -logs[1, row, places + 1, ids[:-1]]))
    forward, backward = (np.concatenate(side) for side in zip(*losses, strict=True))
    for metric, expected in (
        ("forward perplexity", forward),
        ("backward perplexity", backward),
        ("perplexity", np.concatenate([forward, backward])),
    ):
        np.testing.assert_allclose(found[metric].value, np.exp(expected.mean()), rtol=1e-4)
        assert found[metric].protocol["signature"] == f"{len(expected):,} words predicted"


def test_perplexities_of_a_model_of_one_direction_are_refused():
    other = dataclasses.replace(RUN, objective=NextToken(), evaluators=(BidirectionalPerplexity(),))
    with pytest.raises(ValueError, match=r"NextToken .* set objective=BidirectionalTokens\(\)"):
        other.require()
    with pytest.raises(ValueError, match="objective=NextToken is no BidirectionalTokens"):
        BidirectionalPerplexity().require(other)
    BidirectionalPerplexity().require(RUN)
