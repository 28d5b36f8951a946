"""Tied embeddings against their formulas, and words that become unknown in training."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.encoders.words import BagOfWords, Convolutions, WordLSTM
from models.ids import UNK
from models.layers.embedding import Embed, WordEmbed


def test_logits_are_the_table_the_ids_look_up():
    embed = Embed(vocab_size=500, features=16)
    variables = embed.init(jax.random.key(0), jnp.zeros(1, jnp.int32))
    table, ids = variables["params"]["table"], jnp.array([[3, 499], [0, 3]])
    x = embed.apply(variables, ids)
    np.testing.assert_array_equal(x, np.asarray(table)[np.array(ids)])
    logits = embed.apply(variables, x, method="attend")
    np.testing.assert_allclose(logits, np.asarray(x, np.float64) @ np.asarray(table, np.float64).T, atol=1e-5)
    assert abs(float(table.std()) * 4 - 1) < 4 / (2 * table.size) ** 0.5


def test_rare_words_are_read_as_unknown_half_of_the_time_and_only_in_training():
    ids, drop = jnp.tile(jnp.arange(100), (300, 1)), {"dropout": jax.random.key(0)}
    words = WordEmbed(100, 1, unknown=0.5, rare=0.4)
    told = {"params": {"table": jnp.arange(100.0)[:, None]}}
    assert jnp.array_equal(words.apply(told, ids)[..., 0], ids)
    share = jnp.mean(words.apply(told, ids, train=True, rngs=drop)[..., 0] == UNK, axis=0)
    assert jnp.all(share[:60] == (jnp.arange(60) == UNK))
    assert jnp.all((share[60:] > 0.35) & (share[60:] < 0.65))
    everything = WordEmbed(100, 1, unknown=1.0)
    assert everything.apply(told, ids, train=True, rngs=drop)[0, :, 0].tolist() == [0, 1, 2] + [UNK] * 97


@pytest.mark.parametrize(
    "encoder", [BagOfWords(9, 4), Convolutions(9, 4, maps=2), WordLSTM(9, 4, 3, rare=1.0)]
)
def test_encoders_of_words_read_some_as_unknown_if_asked_to(encoder):
    ids = jnp.array([[1, 5, 6, 7, 2]])
    unknown = dataclasses.replace(encoder, unknown=1.0)
    params, drop = unknown.init(jax.random.key(0), ids), {"dropout": jax.random.key(0)}
    states = unknown.apply(params, ids, train=True, rngs=drop)
    assert jnp.allclose(states, encoder.apply(params, jnp.array([[1, 3, 3, 3, 2]])), atol=1e-6)
    assert jnp.any(states != unknown.apply(params, ids))
