"""The doubly stochastic term by hand, its gradient's way, and that an evaluation has none of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.tables.translation import captioning as table
from models.attention.scores import Additive
from models.layers.annotations import ConvolutionalAnnotator
from models.translation.captioner import Captioner
from train.objectives.covered_places import DoublyStochastic, uncovered
from train.objectives.histories import InverseSigmoid
from train.objectives.next_token import NextTargetToken

MODEL = Captioner(
    vocab_size=11,
    embed_dim=4,
    features=6,
    score=Additive(5),
    dropout=0.0,
    annotator=ConvolutionalAnnotator(channels=(3, 4), features=5),
)
DRAW = np.random.default_rng(0)
BATCH = {
    "source": jnp.asarray(DRAW.integers(0, 256, (3, 8, 8, 3)), jnp.uint8),
    "inputs": jnp.array([[1, 4, 5], [1, 7, 0], [0, 0, 0]]),
    "targets": jnp.array([[4, 5, 2], [7, 2, 0], [0, 0, 0]]),
    "weights": jnp.array([[1.0, 1, 1], [1, 1, 0], [0, 0, 0]]),
}


def test_the_term_is_that_of_the_equation_over_real_words_and_rows():
    weights = jnp.array([[[0.5, 0.5], [1.0, 0.0]], [[0.25, 0.75], [0.9, 0.1]], [[0.5, 0.5], [0.5, 0.5]]])
    real = jnp.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    # (1 - 1.5)^2 + (1 - .5)^2; (1 - .25)^2 + (1 - .75)^2; an empty row
    np.testing.assert_allclose(uncovered(weights, real), [0.5, 0.625, 0.0], rtol=1e-6)


def test_an_update_adds_the_term_of_its_own_looks_and_an_evaluation_does_not():
    params = jax.jit(MODEL.init)(jax.random.key(0), BATCH["source"], BATCH["inputs"])["params"]
    plain, ours = NextTargetToken(smoothing=0.0), DoublyStochastic(smoothing=0.0, coefficient=0.3)

    @jax.jit
    def losses(params):
        update = (jax.random.key(1), jnp.int32(0))
        both = [objective(MODEL, params, BATCH, *update) for objective in (plain, ours)]
        weights = MODEL.apply({"params": params}, BATCH["source"], BATCH["inputs"], method="attention")
        term = uncovered(weights[:, 0, 0], BATCH["weights"]).sum()
        return both, term, ours.evaluate(MODEL, params, BATCH), plain.evaluate(MODEL, params, BATCH)

    (first, second), term, evaluated, expected = losses(params)
    np.testing.assert_allclose(second[0] - first[0], 0.3 * term, rtol=1e-4)
    assert second[1][0] == first[1][0] == 5 and evaluated[0] == expected[0]


def test_what_does_not_look_or_reads_its_own_words_is_refused():
    DoublyStochastic().require(table.SOFT)
    with pytest.raises(ValueError, match="objective=DoublyStochastic is of attention: set model.score"):
        DoublyStochastic().require(table.NONE)
    with pytest.raises(ValueError, match="reads given words"):
        DoublyStochastic(history=InverseSigmoid()).require(table.SOFT)
