"""Losses of gold targets against the training objective, and of a decoder left alone against stepping it."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.pairs import Buckets, Shape, pair_batch
from data.corpora.parallel import Generated
from data.tasks.target_alone import TargetAlone
from data.tasks.translation import Translation
from data.tokenizers.levels import Words
from data.world.world import World
from models.attention.scores import Dot
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer
from train.evaluators.translation.target_loss import HistoryGap, TargetLoss
from train.objectives.next_token import NextTargetToken
from train.run import Run, Trained

WORLD = World(vocabulary=0.1, depth=0, distance=0, train=60, valid=8, test=12)
TASK = Translation(Generated(WORLD), tokenizer=Words(least=1))
RUN = Run(
    model=Seq2Seq(embed_dim=8, features=8, score=Dot()),
    task=TASK,
    objective=NextTargetToken(smoothing=0.1),
    batches=Buckets(tokens=128, shapes=2),
    evaluators=(HistoryGap(tokens=64),),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Random weights, large enough that words are told apart."""
    tokenizer = TASK.train_tokenizer()
    model = RUN.model.with_sizes(len(tokenizer), 1)
    words = jnp.ones((1, 2), jnp.int32)
    params = model.init(jax.random.key(0), words, words)["params"]
    params = jax.tree.map(lambda leaf: 4 * leaf, params)
    return Trained(RUN, model, params, tokenizer, "random", tmp_path_factory.mktemp("run"))


def test_the_loss_is_what_validation_measures_and_the_own_history_is_the_decoders(trained):
    found = {result.metric: result for result in HistoryGap(tokens=64)(trained)}
    assert list(found) == ["loss", "own-history loss", "history gap"]
    (alone,) = TargetLoss()(trained)
    assert alone.value == pytest.approx(found["loss"].value, rel=1e-5)

    pairs = TASK.encoded("test", trained.tokenizer)
    gold, own, count = 0.0, 0.0, 0
    for source, target in pairs:
        batch = pair_batch([(source, target)], Shape(1, 20, 20))
        batch = {name: jnp.asarray(array[0]) for name, array in batch.items()}
        total, (number, _) = RUN.objective.sums(trained.model, trained.params, batch, (), None)
        gold, count = gold + float(total), count + int(number)
        own += stepped(trained, batch["source"], target)
    assert found["loss"].value == pytest.approx(gold / count, rel=1e-4)
    assert found["own-history loss"].value == pytest.approx(own / count, rel=1e-4)
    assert found["history gap"].value == pytest.approx((own - gold) / count, abs=1e-4)
    assert found["history gap"].counts.rows.shape == (len(pairs), 2)


def stepped(trained, source, target) -> float:
    """The sum of -log p(target), each step reading the likeliest word of the step before."""
    apply = lambda *arguments, **how: trained.model.apply({"params": trained.params}, *arguments, **how)
    memory = apply(jnp.asarray(source), method="encode")
    carry, token, total = apply(memory, 20, method="start"), jnp.array([1]), 0.0
    for gold in target:
        logits, carry = apply(memory, carry, token, method="step")
        total -= float(jax.nn.log_softmax(logits)[0, gold])
        token = jnp.argmax(logits, axis=-1)
    return total


def test_a_model_that_reads_no_words_of_its_own_is_refused():
    run = dataclasses.replace(RUN, model=Transformer(features=8, mlp_dim=8, num_heads=2))
    with pytest.raises(ValueError, match="HistoryGap: model=Transformer reads no words of its own"):
        HistoryGap().require(run)
    TargetLoss().require(run)


def test_a_target_alone_is_the_same_target_with_nothing_to_read():
    tokenizer = TASK.train_tokenizer()
    alone = TargetAlone(TASK.corpus, tokenizer=TASK.tokenizer)
    assert alone.train_tokenizer().serialised == tokenizer.serialised
    pairs, of_both = alone.encoded("valid", tokenizer), TASK.encoded("valid", tokenizer)
    assert [source for source, _ in pairs] == [[2]] * len(pairs)
    assert [target for _, target in pairs] == [target for _, target in of_both]
    assert alone.protocol("valid").endswith("nothing to read")
    assert math.isfinite(np.mean([len(target) for _, target in pairs]))
