"""Averaged and concatenated heads are compared at equal parameters."""

import dataclasses

import jax
import jax.numpy as jnp

from experiments.tables.language.heads import HEADS, PTB_VOCABULARY, TABLE, VOCABULARY
from experiments.tables.language.perplexity import PTB_SMALL


def parameters(model, vocabulary):
    model = dataclasses.replace(model, vocab_size=vocabulary)
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))
    return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def test_all_rows_have_as_many_parameters_within_a_hundredth():
    for table, vocabulary in ((TABLE, VOCABULARY), (TABLE.real, PTB_VOCABULARY)):
        counts = {row: parameters(run.model, vocabulary) for row, run in table.rows.items()}
        assert len(counts) == 3 * len(HEADS) + 4
        assert max(counts.values()) < 1.015 * min(counts.values()), counts


def test_one_head_has_as_many_parameters_as_the_lstm_it_is_compared_with():
    head = parameters(TABLE.real.rows["1 head averaged without values"].model, PTB_VOCABULARY)
    assert abs(head / parameters(PTB_SMALL.model, PTB_VOCABULARY) - 1) < 0.05
