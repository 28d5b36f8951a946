"""Experiments are the registry: what is true of every row of every table, without training one."""

import shlex
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import one_of_each, small, source_of

from data.batches.examples import whole_batch
from data.batches.pairs import whole_pairs
from data.items.example import Example
from experiments.__main__ import parse
from experiments.command_line.options import named_seeds
from experiments.tables import catalogue
from experiments.tables.catalogue import tables
from models.baselines.nearest_pictures import FittedCaptioner
from models.decoding.search import Search
from models.encoders.on_encoder import OnEncoder
from models.language.language_model import FittedLM, LanguageModel
from models.model import FittedClassifier
from models.translation.aligner import Aligner, FittedTranslator
from models.translation.encoder_decoder import EncoderDecoder
from models.vectors.counts import WordVectors
from train.parts import from_tree, override, to_tree

ROWS = {f"{name}/{row}": run for name, table in tables().items() for row, run in table.rows.items()}


MODELS = [
    model.with_sizes(20, 3) for model in {small(run.model): run.model for run in ROWS.values()}.values()
]
TRANSLATORS, LANGUAGE_MODELS, ON_ENCODERS = (
    [model for model in MODELS if isinstance(model, role)]
    for role in (EncoderDecoder, LanguageModel, OnEncoder)
)
COUNTED, LABELLERS, VECTORS, ALIGNERS, COUNTED_TRANSLATORS, CAPTIONERS = (
    [model for model in MODELS if isinstance(model, role)]
    for role in (FittedLM, FittedClassifier, WordVectors, Aligner, FittedTranslator, FittedCaptioner)
)
FITTED = [model for model in MODELS if model.fitted]
KIND = lambda model: (type(model), type(getattr(model, "encoder", None)))
named = {"ids": lambda model: type(model).__name__}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_survives_run_json_and_takes_its_tables_smoke_changes(name):
    run = ROWS[name]
    assert from_tree(to_tree(run)) == run
    run.require()
    changed = override(run, tables()[name.partition("/")[0]].smoke)
    assert changed.steps == 2 < run.steps


@pytest.mark.parametrize("name", tables())
def test_the_rows_of_a_table_differ_and_its_systems_are_its_lines(name):
    table = tables()[name]
    runs = list(table.rows.values())
    assert len({str(to_tree(run)) for run in runs}) == len(runs) and table.baseline in table.lines
    assert set(table.lines) == set(table.systems or table.rows)


@pytest.mark.parametrize("name, path", catalogue.files().items(), ids=catalogue.files())
def test_an_experiment_is_named_by_its_file_and_its_docstring_asks_the_question(name, path):
    table = catalogue.table(name)
    assert (table.name, table.real_of) == (path.stem, None)
    assert catalogue.questions()[name] == catalogue.question(path)
    assert catalogue.question(path).endswith("?")
    if table.real is not None:
        assert table.real.real_of == name and catalogue.table(table.real.name) == table.real


def test_every_experiment_says_its_command():
    for name in catalogue.questions():
        table = catalogue.table(name)
        assert table.command(list(table.rows)) == f"lookback run {name}"


@pytest.mark.parametrize("name", [name for name, run in ROWS.items() if run.initial])
def test_what_a_row_begins_with_is_trained_by_the_command_it_names(name):
    """Typed as it stands, the command trains the row of the table that `Pretrained` looks for."""
    initial = ROWS[name].initial
    words = shlex.split(initial.command(Path("runs")))
    asked = parse(words[1:])
    table = catalogue.chosen(asked.experiment, asked.data_dir)
    assert (table.name, asked.runs_dir, asked.rows) == (initial.experiment, "runs", [initial.row])
    assert initial.row in table.rows and initial.seed in named_seeds(asked.seeds)


def test_every_model_is_of_a_kind_that_is_tested():
    assert len(MODELS) == len(TRANSLATORS) + len(LANGUAGE_MODELS) + len(ON_ENCODERS) + len(FITTED)
    of_pairs = {*ALIGNERS, *COUNTED_TRANSLATORS}  # IBM model 1 is both
    assert len(FITTED) == len(COUNTED) + len(LABELLERS) + len(VECTORS) + len(of_pairs) + len(CAPTIONERS)


@pytest.mark.parametrize("model", one_of_each(TRANSLATORS, KIND), **named)
def test_a_translator_keeps_the_contract_in_shapes_and_types(model):
    """Traced, not computed: logits are float32, the carry keeps its shapes from step to step, search fits."""
    source, inputs = source_of(model), jnp.ones((2, 4), jnp.int32)
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


@pytest.mark.parametrize("model", one_of_each(LANGUAGE_MODELS, KIND), **named)
def test_a_language_model_keeps_the_contract_in_shapes_and_types(model):
    """Traced, not computed: a carry keeps its shapes from step to step, and from chunk to chunk."""
    inputs = jnp.ones((2, 4), jnp.int32)
    variables = jax.eval_shape(model.init, jax.random.key(0), inputs)
    logits = jax.eval_shape(model.apply, variables, inputs)
    assert (logits.shape, logits.dtype) == ((2, 4, 20), jnp.float32)

    def stepped(variables):
        before = model.apply(variables, 2, 9, method="start")
        first, read = model.apply(variables, before, inputs, jnp.array([4, 1]), method="prefill")
        logits, after = model.apply(variables, read, inputs[:, 0], method="step")
        return (first, logits), *map(jax.tree.leaves, (before, read, after))

    def carried(variables):
        before = model.apply(variables, 2, 0, method="start")
        states, after = model.apply(variables, before, inputs, method="read")
        logits = model.apply(variables, states, method="logits")
        return logits, *map(jax.tree.leaves, (before, after))

    kept = lambda carries: [[(x.shape, x.dtype) for x in carry] for carry in carries]
    said, *carries = jax.eval_shape(stepped, variables)
    assert [(x.shape, x.dtype) for x in said] == [((2, 20), jnp.float32)] * 2
    assert kept(carries)[0] == kept(carries)[1] == kept(carries)[2]
    if model.carries:
        logits, *carries = jax.eval_shape(carried, variables)
        assert logits.shape == (2, 4, 20) and kept(carries)[0] == kept(carries)[1]
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(variables))


STREAMED = [run for run in ROWS.values() if isinstance(run.model, LanguageModel)]


@pytest.mark.parametrize("run", STREAMED, **named)
def test_what_is_carried_can_be_carried(run):
    """A model that goes on from a carry reads streams in order; one that cannot reads windows."""
    assert run.objective.carried == run.model.carries == run.batches.carried


@pytest.mark.parametrize("model", one_of_each(ON_ENCODERS, KIND), **named)
def test_a_model_on_an_encoder_keeps_the_contract_in_shapes_and_types(model):
    """Traced: states of each input, and the encoder's parameters under its name, so that they can go on."""
    inputs = jnp.array([[1, 5, 6, 7, 2], [1, 5, 2, 0, 0]])
    given = inputs, jnp.array([[0, 0, 0, 1, 1], [0, 0, 1, 0, 0]]), jnp.ones((2, 5, 50), jnp.int32)
    params = jax.eval_shape(model.init, jax.random.key(0), *given)["params"]
    alone = {"params": params.get("encoder", {})}
    states = jax.eval_shape(model.encoder.clone(parent=None, name=None).apply, alone, *given)
    assert states.shape[:2] == (2, 5) and states.ndim == 3
    assert all(
        leaf.dtype == jnp.float32
        for leaf in jax.tree.leaves(jax.eval_shape(model.apply, {"params": params}, *given))
    )
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(params))
    assert model.encoder.vocab_size == 20


@pytest.mark.parametrize("model", LABELLERS, **named)
def test_a_fitted_labeller_gives_each_target_a_probability(model):
    single = Example([1, 5, 6, 2], 2)
    tagged = Example([1, 5, 6, 2], [0, 2, 1, 0], weights=[0, 1, 1, 0])
    batch = whole_batch([tagged] * 2 if "a class of each input" in model.fits else [single] * 3)
    params = model.fit(batch)
    logs = model.log_probabilities(params, batch)
    assert np.all(logs < 0) and np.isfinite(logs).all() and len(logs) in (3, 4)
    assert len(model.logits(params, batch)) == len(batch["inputs"])


@pytest.mark.parametrize("model", COUNTED, **named)
def test_a_fitted_model_gives_each_word_of_a_stream_a_probability(model):
    ids = np.array([5, 6, 5, 7, 2, 5, 6, 2])
    logs = model.log_probabilities(model.fit(ids), ids)
    assert logs.shape == ids.shape and np.all(logs < 0)


@pytest.mark.parametrize("model", COUNTED_TRANSLATORS, **named)
def test_a_counted_translator_ends_what_it_says(model):
    """Of trees as tokens, which are pairs like any others: two words, two tags in a bracket."""
    pieces = np.array(["<pad>", "<s>", "</s>", "<unk>", "(S", ")S", *map(str, range(6, 20))])
    pairs = [([6, 7, 2], [4, 8, 9, 5, 2]), ([7, 6, 2], [4, 9, 8, 5, 2])]
    params = model.fit(whole_pairs(pairs) | {"pieces": pieces})
    found, log_probability = model.translated(params, pairs[0][0])
    assert found[-1] == 2 and found.count(2) == 1 and log_probability <= 0


@pytest.mark.parametrize("model", CAPTIONERS, **named)
def test_a_fitted_captioner_says_of_each_picture_a_caption_that_ends(model):
    pictures = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype(np.float32)
    captions, owner = np.array([[5, 6, 2], [5, 7, 2], [8, 2, 0], [9, 6, 2]]), np.array([0, 0, 1, 2])
    params = model.fit({"source": pictures, "targets": captions, "owner": owner})
    found = model.captioned(params, pictures[:2])
    assert len(found) == 2
    for tokens, score in found:
        assert tokens[-1] == 2 and tokens.count(2) == 1 and 0 not in tokens and np.isfinite(score)


@pytest.mark.parametrize("model", ALIGNERS, **named)
def test_an_aligner_gives_each_target_token_weights_over_the_source(model):
    pairs = [([5, 6, 2], [7, 8, 2]), ([6, 2], [8, 2])]
    weights = model.weights(model.fit(whole_pairs(pairs)), *pairs[0])
    assert (
        weights.shape == (3, 3) and np.all(weights >= 0) and not weights[2].any() and not weights[:, 2].any()
    )
