"""Experiments are the registry: what is true of every row of every table, without training one."""

import dataclasses

import jax
import jax.numpy as jnp
import pytest

from experiments import catalogue
from experiments.readme import tables
from models.decoding import Search
from train.parts import from_tree, override, to_tree

ROWS = {f"{name}/{row}": run for name, table in tables().items() for row, run in table.rows.items()}
MODELS = list(dict.fromkeys(dataclasses.replace(run.model, vocab_size=20) for run in ROWS.values()))


@pytest.mark.parametrize("name", ROWS)
def test_a_row_survives_run_json_and_takes_its_tables_smoke_changes(name):
    run = ROWS[name]
    assert from_tree(to_tree(run)) == run
    changed = override(run, tables()[name.partition("/")[0]].smoke)
    assert changed.steps == 2 < run.steps


@pytest.mark.parametrize("name", tables())
def test_a_table_asks_a_question_and_its_rows_differ(name):
    table = tables()[name]
    runs = list(table.rows.values())
    assert table.question.endswith("?") and table.baseline in table.rows
    assert len({str(to_tree(run)) for run in runs}) == len(runs)


def test_every_experiment_says_its_command():
    for name in catalogue.questions():
        table = catalogue.table(name)
        assert table.command(list(table.rows)) == f"lookback run {name}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_keeps_the_contract_in_shapes_and_types(model):
    """Traced, not computed: logits are float32, the carry keeps its shapes from step to step, search fits."""
    source, inputs = jnp.ones((2, 5), jnp.int32), jnp.ones((2, 4), jnp.int32)
    variables = jax.eval_shape(model.init, jax.random.key(0), source, inputs)
    logits = jax.eval_shape(model.apply, variables, source, inputs)
    assert (logits.shape, logits.dtype) == ((2, 4, 20), jnp.float32)

    def stepped(variables):
        memory = model.apply(variables, source, method="encode")
        before = model.apply(variables, memory, 4, method="start")
        logits, after = model.apply(variables, memory, before, inputs[:, 0], method="step")
        return logits, jax.tree.leaves(before), jax.tree.leaves(after)

    def searched(variables):
        found = Search(beam=3)(model, variables["params"], source)
        return found.tokens, found.scores

    logits, before, after = jax.eval_shape(stepped, variables)
    assert (logits.shape, logits.dtype) == ((2, 20), jnp.float32)
    assert [(x.shape, x.dtype) for x in before] == [(x.shape, x.dtype) for x in after]
    tokens, scores = jax.eval_shape(searched, variables)
    assert tokens.shape[:2] == scores.shape == (2, 3)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(variables))
