"""The price of looking at marked words by numpy, of one head and of several; what is empty costs nothing."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.examples import Padded
from data.corpora.polarity import Polarity
from data.tasks.marked_classification import MarkedClassification
from models.encoders.bert import BERT
from models.encoders.words import BagOfWords
from models.heads.classifier import Classifier
from models.heads.pooling import Attentive, First, Mean
from train.objectives.deceptive_attention import DeceptiveAttention
from train.objectives.supervised import Label
from train.run import Run

INPUTS = jnp.array([[1, 5, 6, 2], [1, 7, 2, 0], [0, 0, 0, 0], [1, 8, 8, 2]])
MARKS = jnp.array([[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
BATCH = {
    "inputs": INPUTS,
    "marks": MARKS,
    "targets": jnp.array([1, 0, 0, 1]),
    "weights": jnp.array([1.0, 1.0, 0.0, 1.0]),
}
STEP, KEY = jnp.int32(0), jax.random.key(1)
BAG = Classifier(20, BagOfWords(embed_dim=6), pooling=Attentive(features=4), classes=2)
TINY = Classifier(
    20, BERT(features=8, num_heads=2, num_layers=1, context=8, dropout=0.0), pooling=First(), classes=2
)


def drawn(model, scale):
    """Parameters far from 0, so that heads look at different words."""
    shapes = jax.eval_shape(lambda: DeceptiveAttention().init(model, KEY, BATCH))
    draw = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.array(scale * draw.normal(size=leaf.shape), jnp.float32), shapes)


def masses(weights):
    """[B, N]: what each head has on marked words."""
    return (np.asarray(weights, float) * np.asarray(MARKS)[:, None]).sum(axis=-1)


def look(model, params):
    """Where the heads of a model look [B, N, T]."""
    return model.apply({"params": params}, INPUTS, method="looked", mutable=["intermediates"])[0][1]


@pytest.mark.parametrize("model, scale", [(BAG, 3.0), (TINY, 0.7)], ids=["pooling", "encoder"])
def test_the_price_is_minus_log_of_what_is_left(model, scale):
    mean, largest = (DeceptiveAttention(penalty=0.3, heads=heads) for heads in ("mean", "max"))

    @jax.jit
    def told(params):
        sums = [objective.evaluate(model, params, BATCH) for objective in (Label(), mean, largest)]
        return sums, look(model, params)

    ((plain, (count, _)), *priced), weights = told(drawn(model, scale))
    found = masses(weights)
    assert (found[:2] > 1e-4).all() and not found[2:].any()
    of_heads = np.log(1 - found).mean(axis=1), np.log(1 - found.max(axis=1))
    for (total, (same, carry)), logs in zip(priced, of_heads, strict=True):
        assert total == pytest.approx(float(plain) - 0.3 * logs[[0, 1, 3]].sum(), rel=1e-4)
        assert same == count == 3 and carry == ()
    if model is TINY:
        assert of_heads[0].sum() > of_heads[1].sum()


def test_without_a_penalty_it_is_the_loss_of_the_task():
    params = drawn(BAG, 3.0)
    loss = lambda objective: lambda params: objective(BAG, params, BATCH, KEY, STEP)[0]
    kinds = (DeceptiveAttention(penalty=0.0), Label())
    one, other = (jax.jit(jax.value_and_grad(loss(kind)))(params) for kind in kinds)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7), one, other)


def test_a_text_that_is_all_marked_and_an_empty_row_have_finite_gradients():
    params = jax.tree.map(lambda leaf: 100.0 * leaf, drawn(BAG, 3.0))
    batch = BATCH | {"marks": (INPUTS != 0).astype(jnp.int32)}
    price = lambda params: DeceptiveAttention()(BAG, params, batch, KEY, STEP)[0]
    value, gradient = jax.jit(jax.value_and_grad(price))(params)
    assert jnp.isfinite(value) and all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


@pytest.mark.slow
def test_the_price_moves_attention_off_marked_words():
    params = drawn(BAG, 3.0)
    price = lambda params: DeceptiveAttention(penalty=1.0)(BAG, params, BATCH, KEY, STEP)[0]
    plain = lambda params: Label()(BAG, params, BATCH, KEY, STEP)[0]
    step = jax.jit(
        lambda params: jax.tree.map(
            lambda p, g, h: p - 0.05 * (g - h), params, jax.grad(price)(params), jax.grad(plain)(params)
        )
    )
    before = masses(look(BAG, params))[:2].mean()
    for _ in range(40):
        params = step(params)
    assert masses(look(BAG, params))[:2].mean() < before / 2


RUN = Run(
    model=Classifier(encoder=BagOfWords(), pooling=Attentive()),
    task=MarkedClassification(Polarity()),
    objective=DeceptiveAttention(),
    batches=Padded(),
)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"model": Classifier(pooling=Mean())}, "the model looks nowhere: set model.pooling=Attentive()"),
        (
            {"objective": DeceptiveAttention(Label(mistakes=True))},
            "objective.of counts mistakes in validation",
        ),
    ],
    ids=str,
)
def test_what_it_cannot_be_added_to_is_told_in_one_line(changes, message):
    RUN.require()
    with pytest.raises(ValueError, match=message) as error:
        dataclasses.replace(RUN, **changes).require()
    assert "\n" not in str(error.value)
