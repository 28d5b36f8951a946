"""The networks that are compared at looking back have equally much to look back with."""

import dataclasses

import jax
import jax.numpy as jnp
import pytest

from experiments.tables.memory.lookback_distance import APART, LENGTH, PATHS, TABLE


@pytest.mark.slow
def test_all_networks_have_as_many_parameters_within_a_tenth():
    networks = {row: run for row, run in TABLE.rows.items() if not run.model.fitted}
    size = len(networks["LSTM"].task.train_tokenizer())
    counts = {}
    for row, run in networks.items():
        model = dataclasses.replace(run.model, vocab_size=size)
        shapes = jax.eval_shape(lambda model=model: model.init(jax.random.key(0), jnp.zeros((1, 4), int)))
        counts[row] = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert len(counts) == 9 and max(counts.values()) < 1.1 * min(counts.values()), counts


def test_the_longest_line_fits_a_window():
    for run in TABLE.rows.values():
        assert max(run.task.corpus.distances) + 3 <= LENGTH


def test_a_stack_has_as_many_layers_as_the_path_from_the_cue_is_long():
    """With one layer fewer the first of so many words would not be seen."""
    models = {row: TABLE.rows[row].model for row in PATHS}
    plain, dilated = models["convolution"], models["convolution, dilated"]
    local = models["restricted self-attention"]
    seen = {
        "convolution": lambda layers: layers * (plain.kernel - 1),
        "convolution, dilated": lambda layers: dilated.kernel**layers - 1,
        "restricted self-attention": lambda layers: layers * (local.window - 1),
    }
    for row, reach in seen.items():
        hops = PATHS[row]
        assert reach(hops) >= APART > reach(hops - 1) and models[row].num_layers >= hops
    for row in ("RNN", "LSTM"):
        assert PATHS[row] == APART and not models[row].attends
    for row in ("LSTM + attention", "GPT-2"):
        assert PATHS[row] == 1 and models[row].attends
    assert APART == max(TABLE.rows["LSTM"].task.corpus.distances) + 1
