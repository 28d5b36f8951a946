"""The span finder against numpy, and padding that no answer can be in."""

import jax
import jax.numpy as jnp
import numpy as np

from models.encoders.words import BagOfWords, WordLSTM
from models.heads.span import SpanFinder
from train.objectives.supervised import Label

INPUTS = jnp.array([[1, 5, 6, 2, 7, 8, 2], [1, 5, 2, 9, 2, 0, 0]])


def drawn(model):
    return model.init(jax.random.key(0), INPUTS)


def test_logits_are_products_with_each_state():
    model = SpanFinder(vocab_size=12, encoder=BagOfWords(embed_dim=6))
    params = drawn(model)
    logits = model.apply(params, INPUTS)
    table = np.asarray(jax.tree.leaves(params["params"]["encoder"])[0])
    output = params["params"]["output"]
    expected = table[np.asarray(INPUTS)] @ np.asarray(output["kernel"]) + np.asarray(output["bias"])
    real = np.asarray(INPUTS) != 0
    assert logits.shape == (2, 2, 7)
    np.testing.assert_allclose(np.swapaxes(logits, 1, 2)[real], expected[real], rtol=1e-5, atol=1e-6)


def test_padding_has_no_probability_and_no_gradient():
    model = SpanFinder(vocab_size=12, encoder=WordLSTM(embed_dim=6, features=4))
    params = drawn(model)["params"]
    batch = {"inputs": INPUTS, "targets": jnp.array([[4, 5], [3, 3]]), "weights": jnp.ones((2, 2))}
    longer = batch | {"inputs": jnp.pad(INPUTS, [(0, 0), (0, 3)])}
    shares = jax.nn.softmax(model.apply({"params": params}, INPUTS), axis=-1)
    assert np.all(np.asarray(shares)[1, :, 5:] == 0)
    loss = lambda params, batch: Label().evaluate(model, params, batch)[0]
    one, other = (jax.jit(jax.value_and_grad(loss))(params, each) for each in (batch, longer))
    np.testing.assert_allclose(one[0], other[0], rtol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), one[1], other[1])
    assert np.isfinite(one[0])
