"""Long lines fit the chunks, networks are of one size, and gradients are of trainings that there are."""

import dataclasses

import jax
import jax.numpy as jnp

from experiments.tables.memory import vanishing_gradients
from experiments.tables.memory.long_lookback import FAR, LENGTH, REACH, RECALLED, TABLE, gradient

VOCABULARY = 66  # words of recall, and ids of no word


def test_half_of_the_longest_lines_are_whole_in_a_chunk():
    assert max(FAR.distances) == max(REACH.distances) == 512
    longest = max(FAR.distances) + 4  # cue, the word that asks, the answer and the end of the line
    assert (LENGTH - longest) / LENGTH > 0.49
    for run in RECALLED.values():
        assert run.batches.length == LENGTH and run.task.corpus == FAR


def test_networks_have_as_many_parameters_within_a_twentieth():
    counts = {}
    for row, run in RECALLED.items():
        model = dataclasses.replace(run.model, vocab_size=VOCABULARY)
        shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))
        counts[row] = sum(leaf.size for leaf in jax.tree.leaves(shapes))
    assert max(counts.values()) < 1.05 * min(counts.values()), counts


def test_what_looks_back_can_see_the_farthest_cue():
    assert RECALLED["LSTM + attention"].model.window > 513 and RECALLED["GPT-2"].model.context > 513


def test_gradients_are_of_runs_that_differ_from_those_trained_in_evaluators_alone():
    for row, run in vanishing_gradients.TABLE.rows.items():
        own = TABLE.rows[gradient(row)]
        assert own != run and dataclasses.replace(own, evaluators=run.evaluators) == run
