"""The step that is planned is the step that is trained, and what is told of it holds."""

import dataclasses

import jax
import numpy as np
import pytest

from experiments.plan import hardware, step
from experiments.plan.summary import Summary, told
from experiments.tables import catalogue
from models.model import computing_in, dtypes
from train.parallel import Jit, Pmap
from train.parts import override

HERE = dataclasses.replace(
    hardware.named("cpu-2"), memory=2e7, bandwidth=1e9, link=1e8, peak={"float32": 1e10}
)


@pytest.fixture(scope="module")
def run():
    table = catalogue.table("perplexity")
    return override(table.rows["GPT-2"], [*table.smoke, "model.features=32", "model.num_heads=2"])


@pytest.fixture(scope="module")
def given(run):
    return step.example(run, None)


@pytest.fixture(scope="module")
def made(given):
    return step.compiled(given, HERE, jax.devices()[:2])


def test_memory_is_that_of_the_state_and_a_batch(given, made):
    state = 3 * sum(leaf.size for leaf in jax.tree.leaves(weights(given)))  # and Adam's two moments
    rows = sum(array.nbytes for array in given.batch.values()) / 2
    assert made.arguments == pytest.approx(4 * state + rows, rel=0.02)
    assert made.memory == made.arguments + made.temporaries > made.arguments


def weights(given):
    return jax.eval_shape(
        lambda batch: given.run.objective.init(given.model, jax.random.key(0), batch), given.batch
    )


def test_split_over_two_devices_each_holds_half(given, made):
    split = dataclasses.replace(given, run=dataclasses.replace(given.run, parallel=Jit(fsdp=2, least=0)))
    assert step.compiled(split, HERE, jax.devices()[:2]).arguments < 0.6 * made.arguments


def test_products_are_counted_as_often_on_all_devices_as_in_the_whole(given, made):
    counted = 2 * sum(cost.flops * cost.times for cost in made.program.costs)
    assert counted <= made.operations <= 1.5 * counted  # which has all else too


def test_the_kernel_of_each_attention_is_told(made):
    ((choice, times),) = made.kernels.items()
    assert choice.kernel in ("reference", "blocked") and times >= 1
    assert dict(choice.declined)["cudnn"] == "the backend is cpu, not gpu"


def test_the_largest_batch_fits_and_a_larger_does_not(given, made):
    tight = dataclasses.replace(HERE, memory=made.arguments + 3 * made.temporaries)
    rows = step.largest(given, tight, jax.devices()[:2], made)
    fits = lambda rows: step.compiled(given.of_rows(rows), tight, jax.devices()[:2]).memory <= tight.memory
    assert rows > given.rows and rows % 2 == 0
    assert fits(rows) and not fits(rows + max(2, rows // 16) + 2)


def test_where_nothing_fits_there_is_no_largest_batch(given, made):
    none = dataclasses.replace(HERE, memory=made.arguments / 2)
    assert step.largest(given, none, jax.devices()[:2], made) == 0
    summary = Summary(given, none, made)
    assert not summary.fits and summary.change() == "parallel.fsdp=2"


def test_no_step_is_faster_than_its_products_and_than_what_it_moves(given, made):
    summary = Summary(given, HERE, made)
    assert summary.seconds >= summary.flops / 1e10 and summary.seconds >= summary.bytes / 1e9
    assert 0 < summary.mfu < 1
    lines = "\n".join(summary.lines())
    assert "fits" in lines and "MFU" in lines and max(map(len, lines.splitlines())) < 160
    assert summary.told()["memory"]["arguments"] == made.arguments


def test_what_has_no_step_is_told(run):
    counted = catalogue.table("perplexity").rows["5-gram"]
    with pytest.raises(ValueError, match="is fitted by counting: there is no step to compile"):
        step.example(counted, None)
    with pytest.raises(ValueError, match="parallel=Pmap: only Jit is compiled ahead of time"):
        step.example(dataclasses.replace(run, parallel=Pmap()), None)


def test_a_batch_of_other_rows_has_all_else_alike(given):
    other = given.of_rows(6)
    assert other.rows == 6
    for name, array in other.batch.items():
        assert (
            array.shape[1:] == given.batch[name].shape[1:]
            and array.dtype == np.asarray(given.batch[name]).dtype
        )


def test_a_model_computes_in_bfloat16_with_all_that_is_within_it():
    """Whatever stands within: an encoder, a cell, a score."""
    for table, row in (("translation", "lstm-additive"), ("glue", "BiLSTM + attention + ELMo: polarity")):
        model = catalogue.table(table).rows[row].model
        assert dtypes(model) == {"float32"}
        assert dtypes(computing_in(model, "bfloat16")) == {"bfloat16"}


def test_bytes_are_told_in_three_digits():
    assert [told(number) for number in (12, 1240, 1.5e9, 999.6e6, 2.5e13)] == [
        "12 B", "1.24 kB", "1.5 GB", "1 GB", "25 TB"
    ]  # fmt: skip
