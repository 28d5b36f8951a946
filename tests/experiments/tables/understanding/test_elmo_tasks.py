"""The lecture's table by arithmetic, and a row against the row it adds something to."""

import dataclasses

import jax
import numpy as np
import pytest
from run_folder import keep_counts, write_run

from experiments.report.columns import Column
from experiments.report.compared import ErrorReduction, PairedBootstrap, error_reduction
from experiments.report.table import render
from experiments.tables.representations import elmo_pretraining
from experiments.tables.understanding import elmo_tasks
from train.folder.record import collect
from train.metrics.counts import F1 as EntityCounts
from train.metrics.counts import Counts, Share, of_values


def test_error_reductions_are_the_published_ones():
    """Peters et al. 2018, table 1; the gain for NER is 2.07 by arithmetic and printed 2.06."""
    rows = {one.row: one.values for one in elmo_tasks.TABLE.real.published}
    reductions = {row: values["error reduction"].removesuffix(" %") for row, values in rows.items()}
    expected = {"SQuAD": "24.9", "SNLI": "5.8", "SRL": "17.2", "Coref": "9.8", "NER": "21.0", "SST-5": "6.8"}
    assert reductions == expected
    gains = [values["gain"] for values in rows.values()]
    assert gains == ["4.7", "0.7", "3.2", "3.2", "2.07", "3.3"]
    assert "21.0 %" in render(elmo_tasks.TABLE.real, {})


def test_an_error_reduction_is_a_share_of_what_was_wrong():
    assert error_reduction(50.0, 75.0) == 50.0
    assert error_reduction(90.0, 89.0) == -10.0


def test_rows_with_elmo_begin_with_the_elmo_that_was_trained():
    for table, pretraining in (
        (elmo_tasks.TABLE, elmo_pretraining.TABLE),
        (elmo_tasks.TABLE.real, elmo_pretraining.TABLE.real),
    ):
        for row, run in table.rows.items():
            if not row.endswith(" + ELMo"):
                untrained = row.endswith(" + ELMo untrained")
                assert run.initial is None and (run.model.encoder.contextual is None) != untrained
                continue
            assert run.initial.experiment == pretraining.name
            trained = pretraining.rows[run.initial.row]
            assert run.model.encoder.contextual.encoder == trained.model.encoder
            assert run.model.encoder.contextual.frozen
            assert run.task.width == trained.task.width == trained.model.encoder.longest
            plain = table.rows[row.removesuffix(" + ELMo")]
            without = dataclasses.replace(run.model.encoder, contextual=None)
            assert dataclasses.replace(run.model, encoder=without) == plain.model
            assert (run.task, run.steps, run.optimizer) == (plain.task, plain.steps, plain.optimizer)


def test_what_is_pretrained_has_its_place_in_the_task():
    """The path that weights go into holds an ELMo's leaves, shape for shape."""
    run, elmo = elmo_tasks.TABLE.rows["names + ELMo"], elmo_pretraining.TABLE.rows["ELMo"].model
    ids, characters = jax.numpy.ones((1, 3), int), jax.numpy.ones((1, 3, 20), int)
    shapes = lambda model: jax.eval_shape(model.init, jax.random.key(0), ids, None, characters)["params"]
    tree = shapes(dataclasses.replace(run.model, vocab_size=20, classes=4))
    for name in run.initial.into.split("/"):
        tree = tree[name]
    assert tree == shapes(dataclasses.replace(elmo, vocab_size=30))[run.initial.of]


RIVALS = (("with", "without"),)
ACCURACY, F1 = Column("accuracy", "test"), Column("F1", "test")


def run_dir(root, row, seed, metric, value):
    directory = root / "t" / row / str(seed)
    result = {"kind": "result", "metric": metric, "name": "test", "value": value, "protocol": {}}
    return write_run(directory, result, row=row, seed=seed)


def test_accuracies_are_compared_text_by_text_and_seed_by_seed(tmp_path):
    for seed in (0, 1):
        for row, wrong in (("without", 60), ("with", 20)):
            directory = run_dir(tmp_path, row, seed, "accuracy", 100 - wrong / 2)
            keep_counts(directory, of_values(Share, np.arange(200) >= wrong), "accuracy")
    records = collect(tmp_path, "t")
    p = PairedBootstrap((F1, ACCURACY), RIVALS)
    assert p.cell(records["with"]).mean < 0.01
    assert p.cell(records["without"]) is None
    assert ErrorReduction((F1, ACCURACY), RIVALS).cell(records["with"]).mean == pytest.approx(100 * 40 / 60)
    run_dir(tmp_path, "with", 0, "accuracy", 0.0)
    keep_counts(records["with"][0].path, of_values(Share, np.zeros(200)), "accuracy")
    assert p.cell(collect(tmp_path, "t")["with"]).mean == 1.0  # seeds that disagree
    keep_counts(records["with"][0].path, of_values(Share, np.ones(199)), "accuracy")
    with pytest.raises(ValueError, match="items of test are not those"):
        p.cell(records["with"])


def test_entities_are_compared_sentence_by_sentence(tmp_path):
    for row, right in (("without", 10), ("with", 29)):
        sentences = np.array([[1, 1, 1]] * right + [[1, 1, 0]] * (30 - right))
        directory = run_dir(tmp_path, row, 0, "F1", 100 * right / 30)
        keep_counts(directory, Counts(EntityCounts, sentences), "F1")
    records = collect(tmp_path, "t")
    assert PairedBootstrap((ACCURACY, F1), RIVALS).cell(records["with"]).mean < 0.01
    assert ErrorReduction((ACCURACY, F1), RIVALS).cell(records["with"]).mean == pytest.approx(95.0)
    assert PairedBootstrap((ACCURACY,), RIVALS).cell(records["with"]) is None
