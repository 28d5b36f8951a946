"""Averaged and concatenated heads are compared at equal parameters."""

import dataclasses

import jax
import jax.numpy as jnp

from experiments.tables.language.heads import HEADS, TABLE, VOCABULARY


def test_all_rows_have_as_many_parameters_within_a_hundredth():
    counts = {}
    for row, run in TABLE.rows.items():
        model = dataclasses.replace(run.model, vocab_size=VOCABULARY)
        shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))
        counts[row] = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert len(counts) == 3 * len(HEADS) and max(counts.values()) < 1.015 * min(counts.values()), counts
