"""The price of looking at aligned words by numpy, token by token; pairs without any cost nothing."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.pairs import Buckets
from data.corpora.marked.rewritten import Rewritten
from data.tasks.aligned_translation import AlignedTranslation
from data.tokenizers.levels import WhitespaceWords
from models.attention.scores import Dot, Uniform
from models.translation.seq2seq import Seq2Seq
from train.objectives.deceptive_attention import DeceptiveTranslation
from train.objectives.histories import Exponential
from train.objectives.next_token import NextTargetToken
from train.run import Run

MODEL = Seq2Seq(12, embed_dim=6, features=6, score=Dot(), dropout=0.0)
BATCH = {
    "source": jnp.array([[5, 6, 7, 2], [8, 9, 2, 0], [5, 2, 0, 0], [0, 0, 0, 0]]),
    "inputs": jnp.array([[1, 6, 5], [1, 9, 0], [1, 7, 0], [0, 0, 0]]),
    "targets": jnp.array([[6, 5, 2], [9, 2, 0], [7, 2, 0], [0, 0, 0]]),
    "weights": jnp.array([[1.0, 1, 1], [1, 1, 0], [1, 1, 0], [0, 0, 0]]),
}
# The first pair: word 0 belongs to two source words, word 1 to one, the end to none; the third pair has none.
LINKS = [(0, 0, 1), (0, 0, 2), (0, 1, 0), (1, 0, 1)]
MARKS = np.zeros((4, 3, 4), np.float32)
for place in LINKS:
    MARKS[place] = 1
BATCH["marks"] = jnp.array(MARKS)
KEY, STEP = jax.random.key(1), jnp.int32(0)


@pytest.fixture(scope="module")
def params():
    """Far from 0, so that looks differ."""
    shapes = jax.eval_shape(lambda: DeceptiveTranslation().init(MODEL, KEY, BATCH))
    draw = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.array(1.5 * draw.normal(size=leaf.shape), jnp.float32), shapes)


def test_the_price_is_minus_log_of_what_the_mean_over_aligned_tokens_leaves(params):
    @jax.jit
    def told(params):
        kinds = NextTargetToken(smoothing=0.0), DeceptiveTranslation(smoothing=0.0, penalty=0.3)
        weights = MODEL.apply({"params": params}, BATCH["source"], BATCH["inputs"], method="attention")
        return [kind.evaluate(MODEL, params, BATCH) for kind in kinds], weights

    ((plain, (count, _)), (priced, (same, carry))), weights = told(params)
    weights = np.asarray(weights[:, 0, 0], float)
    first = (weights[0, 0, 1] + weights[0, 0, 2] + weights[0, 1, 0]) / 2  # of two aligned tokens
    second = weights[1, 0, 1]
    assert 0.01 < first < 0.99 and 0.01 < second < 0.99
    # Counted as often as the pairs have target tokens: three and two.
    due = float(plain) - 0.3 * (3 * np.log(1 - first) + 2 * np.log(1 - second))
    assert priced == pytest.approx(due, rel=1e-4) and same == count == 7 and carry == ()


@pytest.mark.slow
def test_without_a_penalty_it_is_the_loss_and_with_one_gradients_are_finite_where_all_is_marked(params):
    loss = lambda kind, batch: lambda params: kind(MODEL, params, batch, KEY, STEP)[0]
    kinds = DeceptiveTranslation(penalty=0.0), NextTargetToken()
    one, other = (jax.jit(jax.value_and_grad(loss(kind, BATCH)))(params) for kind in kinds)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), one, other)
    marked = BATCH | {"marks": jnp.ones_like(BATCH["marks"])}
    value, gradient = jax.jit(jax.value_and_grad(loss(DeceptiveTranslation(), marked)))(params)
    assert jnp.isfinite(value) and all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_uniform_attention_is_even_over_what_is_no_padding():
    model = dataclasses.replace(MODEL, score=Uniform())
    variables = jax.eval_shape(lambda: model.init(KEY, BATCH["source"], BATCH["inputs"]))
    params = jax.tree.map(lambda leaf: jnp.ones(leaf.shape), variables["params"])
    look = lambda params: model.apply(
        {"params": params}, BATCH["source"], BATCH["inputs"], method="attention"
    )
    weights = jax.jit(look)(params)
    real = np.asarray(BATCH["source"][:3] > 0, float)
    np.testing.assert_allclose(weights[:3, 0, 0, 0], real / real.sum(axis=1, keepdims=True), rtol=1e-6)


RUN = Run(
    model=Seq2Seq(score=Dot()),
    task=AlignedTranslation(Rewritten(), "given", "rewritten", WhitespaceWords()),
    objective=DeceptiveTranslation(),
    batches=Buckets(),
)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model": Seq2Seq(score=None)}, "objective=DeceptiveTranslation is of attention: set model.score"),
        ({"objective": DeceptiveTranslation(history=Exponential(0.9))}, "reads given words"),
    ],
    ids=["no attention", "own words"],
)
def test_what_cannot_be_priced_is_told_in_one_line(changes, message):
    RUN.require()
    with pytest.raises(ValueError, match=message) as error:
        dataclasses.replace(RUN, **changes).require()
    assert "\n" not in str(error.value)
