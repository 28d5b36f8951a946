"""What stands beside the reader without attention differs from it in the encoder alone, at one size."""

import dataclasses

import jax
import jax.numpy as jnp
import pytest

from experiments.tables.understanding import questions

TABLES = {"questions": (questions.TABLE, 518), "questions-squad": (questions.TABLE.real, 20_000)}


@pytest.mark.parametrize("name", TABLES)
def test_readers_with_and_without_attention_have_as_many_parameters(name):
    table, vocabulary = TABLES[name]
    plain, counts = table.rows["BiLSTM"], []
    for row in ("BiLSTM", questions.ASKING, questions.FLOW):
        run = table.rows[row]
        model = dataclasses.replace(run.model, encoder=plain.model.encoder)
        assert dataclasses.replace(run, model=model) == plain
        model = run.model.with_sizes(vocabulary, 1)
        shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.ones((1, 4), jnp.int32))
        counts.append(sum(leaf.size for leaf in jax.tree.leaves(shapes)))
    assert max(counts) < 1.05 * min(counts), counts
