"""Where a claim compares two architectures, they have as many parameters, within a twentieth."""

import dataclasses

import jax
import jax.numpy as jnp
import pytest

from experiments.tables import catalogue
from experiments.tables.language.depth import BLOCKS, blocks

COMPARED = {
    "depth": (("1 layer", *map(blocks, BLOCKS)), 1000),
    "data_demand": (("RNN, all", "LSTM, all"), 1000),
    "data_demand-ptb": (("RNN, all", "LSTM, all"), 10_001),
    "perplexity": (("LSTM + attention", "LSTM, as large as with attention"), 1000),
    "perplexity: of one layer": (("LSTM, 1 layer", "LSTMN, 1 layer"), 1000),
    "perplexity-ptb": (("LSTM + attention", "LSTM, by Adam"), 10_001),
    "recency": (("RNN", "LSTM", "GPT-2"), 1000),
}


@pytest.mark.parametrize("name", COMPARED)
def test_rows_that_are_compared_are_of_one_size(name):
    rows, vocabulary = COMPARED[name]
    counts = {}
    for row in rows:
        model = dataclasses.replace(
            catalogue.table(name.partition(":")[0]).rows[row].model, vocab_size=vocabulary
        )
        shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))
        counts[row] = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert max(counts.values()) < 1.05 * min(counts.values()), counts
