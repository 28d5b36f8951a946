"""The networks that are compared at looking back have equally much to look back with."""

import dataclasses

import jax
import jax.numpy as jnp

from experiments.tables.language.lookback_distance import LENGTH, TABLE


def test_all_networks_have_as_many_parameters_within_a_tenth():
    networks = {row: run for row, run in TABLE.rows.items() if not run.model.fitted}
    size = len(networks["LSTM"].task.train_tokenizer())
    counts = {}
    for row, run in networks.items():
        model = dataclasses.replace(run.model, vocab_size=size)
        shapes = jax.eval_shape(lambda model=model: model.init(jax.random.key(0), jnp.zeros((1, 4), int)))
        counts[row] = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert len(counts) == 7 and max(counts.values()) < 1.1 * min(counts.values()), counts


def test_the_longest_line_fits_a_window():
    for run in TABLE.rows.values():
        assert max(run.task.corpus.distances) + 3 <= LENGTH
