"""The run that a notebook looks into: the reader's own where LOOKBACK_RUN names one, else a tiny one."""

import functools
import os
import tempfile
from pathlib import Path

import jax

from data.batches.streams import Windows
from data.corpora.text import GeneratedText
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import Words
from data.world.world import World
from models.language.gpt2 import GPT2
from train.folder import manifest
from train.inference.loaded import Loaded, load
from train.loop.fitting import WHOLE
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Constant
from train.run import Run, Trained
from train.step import init_state, make_step

TINY_GPT2 = Run(
    model=GPT2(context=32, features=48, num_heads=4, num_layers=2, dropout=0.0),
    task=LanguageModelling(GeneratedText(World(train=3000, depth=0, vocabulary=0.3)), Words(least=1)),
    objective=NextToken(),
    optimizer=Adam(schedule=Constant(peak=5e-3), beta2=0.99, clip=1.0),
    batches=Windows(rows=16, length=32),
    steps=250,
)


def own_or_trained(run: Run) -> Loaded:
    """The model of $LOOKBACK_RUN; without it of `run`, trained here.

    ValueError where the variable names no run.
    """
    if not (own := os.environ.get("LOOKBACK_RUN")):
        return trained(run)
    if not Path(own, manifest.MANIFEST).is_file():
        raise ValueError(f"LOOKBACK_RUN={own}: no run.json is there; give the full path of a run's folder")
    return load(own)


@functools.cache
def trained(run: Run) -> Loaded:
    """The model of a run after its last update, in memory alone: no validation, no checkpoint, no ledger.

    `train.loop.training.train` is how a run is trained that anyone shall come back to.
    """
    run.require()
    tokenizer = run.task.train_tokenizer()
    model = run.model.with_sizes(len(tokenizer), len(run.task.labels) or 1)
    text = run.task.encoded("train", tokenizer)
    if model.fitted:
        params, weights = model.fit(WHOLE[run.task.gives](text), run.seed), "as fitted"
    else:
        params, weights = descended(run, model, text, tokenizer.eos), f"after {run.steps:,} updates"
    return Loaded(Trained(run, model, params, tokenizer, weights, Path(folder().name)))


def descended(run: Run, model, text, before: int) -> dict:
    """The parameters after `run.steps` updates, as `train.step` makes them."""
    batches, _ = run.batches.over(text, text, run.seed, run.accumulate, before)
    batch = next(batches)
    state = jax.jit(lambda batch: init_state(model, run.objective, run.optimizer, run.seed, batch))(batch)
    step = jax.jit(make_step(model, run.objective, run.optimizer), donate_argnums=0)
    carry = run.objective.blank(model, batch)
    for _ in range(run.steps):
        state, carry, _ = step(state, carry, batch)
        batch = next(batches)
    return jax.device_get(state.params)


@functools.cache
def folder() -> tempfile.TemporaryDirectory:
    """Where tiny runs leave what their evaluators write, until Python ends."""
    return tempfile.TemporaryDirectory(prefix="lookback-notebook-")
