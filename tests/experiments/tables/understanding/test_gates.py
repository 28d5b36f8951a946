"""Tables that compare architectures compare them at as many parameters, within 5 %."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.tables.translation import translation
from experiments.tables.understanding import gates

TRANSLATION = translation.TABLE.rows  # before another test puts a small table in its place


def parameters(run, vocabulary: int) -> int:
    """How many a run's model has."""
    model = run.model.with_sizes(vocabulary, len(run.task.labels) or 1)
    ids = jnp.ones((2, 4), jnp.int32)
    inputs = (ids,) if run.task.gives == "a stream of tokens" else (ids, ids)
    shapes = jax.eval_shape(model.init, jax.random.key(0), *inputs)["params"]
    return sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(shapes))


@pytest.mark.slow
@pytest.mark.parametrize("task", gates.TASKS)
def test_both_cells_have_as_many_parameters(task):
    rnn, lstm = (gates.TABLE.rows[f"{cell}: {task}"] for cell in ("RNN", "LSTM"))
    assert dataclasses.replace(rnn, model=lstm.model) == lstm
    vocabulary = len(lstm.task.train_tokenizer())
    assert parameters(rnn, vocabulary) == pytest.approx(parameters(lstm, vocabulary), rel=0.05)


def test_the_transformer_and_the_rnn_are_as_large_as_the_lstm_that_looks_back():
    rows = TRANSLATION
    lstm = parameters(rows["lstm-additive"], 746)
    for row in ("transformer", "rnn-additive"):
        assert parameters(rows[row], 746) == pytest.approx(lstm, rel=0.05)
