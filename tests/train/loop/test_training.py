"""The loop: it stops for a good reason, says it in one line, and never leaves a bad state behind."""

import dataclasses
import math
import os
import re
import shutil
import signal

import jax
import numpy as np
import pytest

from data.batches.pairs import Buckets
from data.batches.streams import Streams, Windows
from data.corpora.parallel import Files, Generated, Newstest
from data.corpora.text import GeneratedText
from data.tasks.language import LanguageModelling
from data.tasks.translation import Translation
from data.tokenizers.levels import Words
from data.world.world import World
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.translation.bleu_scores import Bleu
from train.folder.checkpoint import Checkpoints
from train.folder.ledger import complete_lines, is_done
from train.loop import job
from train.loop import training as loop
from train.loop.descent import Diverged
from train.objectives.histories import FreeRunning
from train.objectives.next_token import NextTargetToken, NextToken
from train.optimizers import Adam, Constant, Plateau, Sgd
from train.run import Run
from train.weights.load import load

pytestmark = pytest.mark.usefixtures("as_children")

SMALL = World(train=60, valid=8, test=8, depth=0, distance=0, ambiguity=0)
RUN = Run(
    model=Seq2Seq(embed_dim=16, features=16, dropout=0.0),
    task=Translation(corpus=Generated(SMALL), tokenizer=Words(least=1)),
    objective=NextTargetToken(),
    optimizer=Adam(schedule=Constant(peak=1e-2), clip=1.0),
    batches=Buckets(tokens=64, shapes=1, multiple=2),
    steps=8,
    evaluate_every=2,
    evaluators=(),
)


def lines_of(directory, kind):
    return [line for line in complete_lines(directory / "metrics.jsonl") if line["kind"] == kind]


def finite(directory):
    """Whether every number of every checkpoint is one."""
    checkpoints = Checkpoints(directory / "checkpoints")
    leaves = [leaf for step in checkpoints.steps for leaf in jax.tree.leaves(checkpoints.params(step))]
    return all(np.isfinite(leaf).all() for leaf in leaves)


def hooked(monkeypatch, name, happen):
    """Let something happen after each call of one of the loop's methods."""
    method = getattr(loop.Training, name)

    def called(self, *arguments):
        value = method(self, *arguments)
        happen(self, *arguments)
        return value

    monkeypatch.setattr(loop.Training, name, called)


@pytest.mark.slow
@pytest.mark.parametrize(
    "dropout, smoothing, told",
    [(0.0, 0.0, ""), (0.2, 0.0, "dropout"), (0.2, 0.1, "dropout, label smoothing 0.1")],
)
def test_losses_that_differ_by_more_than_their_text_say_so(tmp_path, capfd, dropout, smoothing, told):
    model = dataclasses.replace(RUN.model, dropout=dropout)
    run = dataclasses.replace(RUN, model=model, objective=NextTargetToken(smoothing=smoothing), steps=2)
    loop.train(run, tmp_path)
    lines = capfd.readouterr().err.splitlines()
    (last,) = (line for line in lines if "step 2 of 2" in line)
    (valid,) = (line for line in lines if "step 2: validation loss" in line)
    assert re.search(rf"loss \d+\.\d+{f' with {told}' if told else ''}  [\d,]+ tokens/s$", last)
    assert valid.endswith(f" (without {told})" if told else valid.rpartition("perplexity")[2])


@pytest.mark.slow
def test_the_cost_line_closes_the_ledger_and_counts_what_was_done(tmp_path):
    run = dataclasses.replace(RUN, batches=dataclasses.replace(RUN.batches, shapes=2))
    loop.train(run, tmp_path)
    *_, cost = complete_lines(tmp_path / "metrics.jsonl")
    trained = lines_of(tmp_path, "train")
    assert cost["kind"] == "cost" and is_done(tmp_path)
    assert [line["step"] for line in trained] == list(range(1, 9))
    assert [line["step"] for line in lines_of(tmp_path, "valid")] == [2, 4, 6, 8]
    assert cost["tokens"] == sum(line["tokens"] for line in trained)
    assert cost["steps"] == 8 and cost["devices"] == 2 and cost["flops_counted"] > 0
    assert cost["compilations"] == 2 and 0 < cost["padding"] < 0.5
    assert trained[-1]["loss"] < trained[0]["loss"]


def test_a_run_that_is_done_is_left_alone(tmp_path, monkeypatch):
    loop.train(RUN, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.setattr(loop, "Training", None)
    loop.train(RUN, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    other = dataclasses.replace(RUN, optimizer=dataclasses.replace(RUN.optimizer, beta1=0.5))
    with pytest.raises(
        ValueError, match=r"another configuration \(run.optimizer.beta1 is 0.9 there, 0.5 here\)"
    ):
        loop.train(other, tmp_path)


@pytest.mark.parametrize("rate, every", [(1e30, 1), (1e30, 8), (1e38, 1)], ids=["now", "later", "inf"])
def test_a_rate_that_explodes_is_told_and_no_bad_state_is_kept(rate, every, tmp_path):
    run = dataclasses.replace(RUN, optimizer=Sgd(schedule=Constant(peak=rate)), evaluate_every=every)
    with pytest.raises(Diverged, match=r"step \d.*; lower optimizer.schedule.peak .*\(last good") as told:
        loop.train(run, tmp_path)
    assert "\n" not in str(told.value) and finite(tmp_path)
    assert not lines_of(tmp_path, "cost")


def test_a_number_that_is_none_stops_it_and_the_last_good_state_stands(tmp_path, monkeypatch):
    def plant(self, step, *_):
        if step == 5:
            poisoned = jax.tree.map(lambda leaf: leaf * math.nan, self.state.params)
            self.state = self.state.replace(params=poisoned)

    hooked(monkeypatch, "record", plant)
    with pytest.raises(Diverged, match=r"step \d gave parameters nan .*last good checkpoint: 4"):
        loop.train(RUN, tmp_path)
    assert Checkpoints(tmp_path / "checkpoints").latest == 4 and finite(tmp_path)
    monkeypatch.undo()
    loop.train(RUN, tmp_path)
    assert [line["step"] for line in lines_of(tmp_path, "train")] == list(range(1, 9))


def test_a_stop_just_after_an_explosion_saves_no_bad_state(tmp_path, monkeypatch):
    def stop_after_poison(self, step, *_):
        if step == 3:
            self.state = self.state.replace(
                params=jax.tree.map(lambda leaf: leaf * math.nan, self.state.params)
            )
            os.kill(os.getpid(), signal.SIGTERM)

    hooked(monkeypatch, "record", stop_after_poison)
    with pytest.raises(Diverged):
        loop.train(RUN, tmp_path)
    assert Checkpoints(tmp_path / "checkpoints").latest == 2 and finite(tmp_path)


@pytest.mark.slow
def test_patience_ends_a_run_early_and_a_second_call_does_not_go_on(tmp_path):
    run = dataclasses.replace(RUN, optimizer=Sgd(schedule=Constant(peak=0.0)), patience=2)
    loop.train(run, tmp_path)
    assert [line["step"] for line in lines_of(tmp_path, "valid")] == [2, 4, 6]
    assert lines_of(tmp_path, "cost")[0]["steps"] == 6


@pytest.mark.slow
def test_a_plateau_lowers_the_rate_and_the_lowered_rate_survives_a_stop(tmp_path, monkeypatch):
    run = dataclasses.replace(RUN, optimizer=Sgd(schedule=Plateau(peak=1e-30, factor=0.5)))
    with monkeypatch.context() as patch:
        hooked(patch, "record", lambda self, step, *_: step == 5 and os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(loop.Stopped):
            loop.train(run, tmp_path)
    loop.train(run, tmp_path)
    rates = [line["learning_rate"] for line in lines_of(tmp_path, "train")]
    assert rates == pytest.approx([1e-30] * 4 + [5e-31] * 2 + [2.5e-31] * 2, rel=1e-6)


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, even where these tests run in the background and ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_ctrl_c_stops_at_once_a_second_term_does_not(interruptible):
    with pytest.raises(KeyboardInterrupt), loop.Interruptions() as asked, asked.between_steps():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked.received == signal.SIGINT
        os.kill(os.getpid(), signal.SIGINT)
        os.getpid()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
def test_ctrl_c_while_evaluating_is_not_swallowed_and_loses_nothing(tmp_path, monkeypatch, interruptible):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(job, "weights", lambda *_: os.kill(os.getpid(), signal.SIGINT))
        loop.train(RUN, tmp_path)
    assert not is_done(tmp_path)
    loop.train(RUN, tmp_path)
    assert is_done(tmp_path) and len(lines_of(tmp_path, "train")) == 8


def test_a_start_that_fails_claims_nothing(tmp_path):
    short = dataclasses.replace(RUN.task, longest=2)
    with pytest.raises(ValueError, match="raise task.longest"):
        loop.train(dataclasses.replace(RUN, task=short), tmp_path)
    loop.train(RUN, tmp_path)
    assert is_done(tmp_path)


@pytest.mark.parametrize(
    "evaluator, told",
    [
        (Bleu(corpus=Generated(dataclasses.replace(SMALL, test=0))), "there is nothing in this split"),
        (Bleu(corpus=Files("no/train", "no/valid", "no/test"), name="mine"), "there is no file no/test.en"),
        (
            Bleu(corpus=Newstest(year=2014), split="train"),
            "newstest2014 is a test set: it has no train split",
        ),
        (Bleu(split="dev"), "unknown Bleu.split 'dev'"),
    ],
)
def test_what_an_evaluator_would_refuse_is_heard_before_the_training(evaluator, told, tmp_path, monkeypatch):
    monkeypatch.setattr(loop.Training, "fit", lambda *_: pytest.fail("it trains"))
    with pytest.raises(ValueError, match=told):
        loop.train(dataclasses.replace(RUN, evaluators=(evaluator,)), tmp_path)
    assert not (tmp_path / "run.json").exists()


def test_asked_to_stop_while_it_is_fitted_a_run_is_not_evaluated(tmp_path, monkeypatch):
    task = LanguageModelling(GeneratedText(World(train=20, valid=5, test=5)), Words(least=1))
    run = Run(NGram(order=2), task, evaluators=(Perplexity("valid"),))
    fit = NGram.fit
    with monkeypatch.context() as patch, pytest.raises(loop.Stopped, match="the same command evaluates it"):
        patch.setattr(NGram, "fit", lambda *given: os.kill(os.getpid(), signal.SIGTERM) or fit(*given))
        loop.train(run, tmp_path)
    assert not is_done(tmp_path)
    kept = lines_of(tmp_path, "valid")
    loop.train(run, tmp_path)
    (result,) = [line for line in lines_of(tmp_path, "result") if line["metric"] == "perplexity"]
    assert result["protocol"]["weights"] == "as fitted"
    (cost,) = lines_of(tmp_path, "cost")
    assert lines_of(tmp_path, "valid") == kept
    assert (cost["tokens"], cost["seconds"]) == (kept[0]["tokens"], kept[0]["seconds"]) and cost["tokens"] > 0


def test_a_fitted_run_whose_checkpoint_is_damaged_is_refused(tmp_path):
    task = LanguageModelling(GeneratedText(World(train=20, valid=5, test=5)), Words(least=1))
    run = Run(NGram(order=2), task)
    loop.train(run, tmp_path)
    ledger = tmp_path / "metrics.jsonl"
    ledger.write_text("".join(ledger.read_text().splitlines(keepends=True)[:1]))
    (tmp_path / "checkpoints" / "1" / "record" / "metadata").write_text("{}")
    with pytest.raises(ValueError, match="every checkpoint is damaged"):
        loop.train(run, tmp_path)


@pytest.mark.slow
def test_lines_lost_before_the_last_checkpoint_are_told_and_the_ledger_stays(tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(loop.Stopped):
        hooked(patch, "record", lambda self, step, *_: step == 5 and os.kill(os.getpid(), signal.SIGTERM))
        loop.train(RUN, tmp_path)
    ledger = tmp_path / "metrics.jsonl"
    whole = ledger.read_text()
    ledger.write_text("".join(whole.splitlines(keepends=True)[:4]))
    with pytest.raises(ValueError, match="metrics.jsonl: holds 4 lines, but 9 were written before the last"):
        loop.train(RUN, tmp_path)
    assert len(complete_lines(ledger)) == 4 and not (tmp_path / "lock").exists()
    ledger.write_text(whole)
    loop.train(RUN, tmp_path)
    assert [line["step"] for line in lines_of(tmp_path, "train")] == list(range(1, 9))


@pytest.mark.slow
def test_the_last_checkpoint_of_a_finished_run_is_missed(tmp_path):
    loop.train(RUN, tmp_path)
    shutil.rmtree(tmp_path / "checkpoints" / "8")
    with pytest.raises(ValueError, match="the run ended at step 8, and the last one there is 6; put that"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"batches": Streams()},
            r"batches=Streams cuts a stream of tokens, and task=Translation .*: set batches=Buckets\(\)",
        ),
        (
            {"objective": NextToken()},
            r"objective=NextToken learns the next token, and task=.*: set objective=NextTargetToken",
        ),
        ({"objective": None}, "objective is None, and model=Seq2Seq is trained by gradients: set objective"),
        (
            {"model": GPT2()},
            "objective=NextTargetToken trains a model of kind EncoderDecoder, and model=GPT2",
        ),
        ({"model": NGram()}, "model=NGram is fitted to the next token, and task=Translation gives"),
        (
            {"model": Transformer(), "objective": NextTargetToken(history=FreeRunning())},
            "objective.history=FreeRunning: Transformer reads no words of its own",
        ),
        (
            {
                "model": GPT2(),
                "task": LanguageModelling(),
                "batches": Windows(),
                "objective": NextToken(),
                "evaluators": (Bleu(),),
            },
            "evaluators: Bleu judges translations, and task=LanguageModelling is no Translation",
        ),
        (
            {
                "model": RNNLM(),
                "task": LanguageModelling(),
                "batches": Windows(),
                "objective": NextToken(carried=True),
            },
            "objective.carried reads on from batch to batch: set batches=Streams",
        ),
        (
            {
                "model": GPT2(),
                "task": LanguageModelling(),
                "batches": Streams(),
                "objective": NextToken(carried=True),
            },
            "objective.carried: GPT2 reads on from no carry",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value),
)
def test_parts_that_do_not_go_together_are_told_before_anything_is_read(changes, told, tmp_path):
    with pytest.raises(ValueError, match=told):
        loop.train(dataclasses.replace(RUN, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_no_patience_is_no_run():
    with pytest.raises(ValueError, match="Run.patience takes int, at least 1 or None, not 0"):
        dataclasses.replace(RUN, patience=0)
