"""A run that was killed, asked to stop or damaged ends as one that never was: bit for bit."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys

import jax
import numpy as np
import pytest

from data.batches.pairs import Buckets
from data.batches.streams import Streams, Windows
from data.corpora.parallel import Generated
from data.corpora.text import GeneratedText
from data.tasks.language import LanguageModelling
from data.tasks.translation import Translation
from data.tokenizers.levels import WhitespaceWords, Words
from data.world.world import World
from models.attention.pointers import Sentinel
from models.attention.scores import ScaledDot
from models.language.gpt2 import GPT2
from models.language.rnn import RNNLM
from models.language.window import FixedWindowLM
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer
from train.folder.checkpoint import Checkpoints
from train.folder.ledger import complete_lines
from train.loop import training as loop
from train.objectives.next_token import NextTargetToken, NextToken
from train.optimizers import Adam, Constant
from train.parts import to_tree
from train.run import Run
from train.weights.load import weights

pytestmark = pytest.mark.usefixtures("as_children")
slow = pytest.mark.slow  # others of a kind that one is quick of

SMALL = World(train=60, valid=8, test=8, depth=0, distance=0, ambiguity=0)
RNN = Run(
    model=Seq2Seq(embed_dim=16, features=16, dropout=0.3),
    task=Translation(corpus=Generated(SMALL), tokenizer=Words(least=1)),
    objective=NextTargetToken(),
    optimizer=Adam(schedule=Constant(peak=1e-2), clip=1.0),
    batches=Buckets(tokens=64, shapes=1, multiple=2),
    steps=10,
    evaluate_every=5,
    keep=2,
    average=2,
    evaluators=(),
)
TRANSFORMER = dataclasses.replace(
    RNN,
    model=Transformer(
        features=16, mlp_dim=16, num_heads=2, num_encoder_layers=1, num_decoder_layers=1, dropout=0.3
    ),
)
STACKED = dataclasses.replace(RNN, accumulate=2)
CARRIED = dataclasses.replace(
    RNN,
    model=RNNLM(embed_dim=8, features=8, dropout=0.3, score=ScaledDot(), pointer=Sentinel(), window=6),
    task=LanguageModelling(GeneratedText(SMALL), WhitespaceWords()),
    objective=NextToken(carried=True),
    batches=Streams(rows=2, length=7),
)
UNEVEN = dataclasses.replace(CARRIED, batches=Streams(rows=3, length=7))  # on two devices
NOTHING = dataclasses.replace(UNEVEN, model=FixedWindowLM(window=1, embed_dim=4, features=4))
WINDOWED = dataclasses.replace(
    CARRIED,
    model=GPT2(context=7, features=8, num_heads=2, num_layers=1, dropout=0.3),
    objective=NextToken(),
    batches=Windows(rows=2, length=7),
)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """What a run comes to in one go, each trained once."""
    found = {}

    def outcome(run):
        if run not in found:
            directory = tmp_path_factory.mktemp("whole") / "run"
            loop.train(run, directory)
            found[run] = outcome_of(run, directory)
        return found[run]

    return outcome


def outcome_of(run, directory):
    """All that a run leaves: every leaf's bits, its place in the data, what it is judged by, its ledger."""
    training = loop.Training(run, directory)
    params, words = weights(run, training.checkpoints)
    lines = [
        {
            name: value
            for name, value in line.items()
            if name not in ("seconds", "flops_by_time", "compilations")
        }
        for line in complete_lines(directory / "metrics.jsonl")
    ]
    return {
        "state": bits(training.state),
        "carry": bits(training.carry),
        "place": training.batches.state(),
        "tokens": training.history.tokens,
        "judged by": (bits(params), words),
        "ledger": lines,
    }


def bits(tree):
    def raw(leaf):
        return jax.random.key_data(leaf) if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf

    return {
        jax.tree_util.keystr(path): np.asarray(raw(leaf)).tobytes()
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def at_step(number, monkeypatch, happen):
    """Let something happen while the update of this number is recorded."""
    record = loop.Training.record

    def recorded(self, step, *rest):
        record(self, step, *rest)
        if step == number:
            happen(self)

    monkeypatch.setattr(loop.Training, "record", recorded)


def stopped_at(number, run, directory, signum=signal.SIGTERM):
    with pytest.MonkeyPatch.context() as patch, pytest.raises(loop.Stopped) as stopped:
        at_step(number, patch, lambda _: os.kill(os.getpid(), signum))
        loop.train(run, directory)
    return stopped.value


KILLED = """
import json, os, signal, sys
from pathlib import Path
from train.loop import training as loop
from train.parts import from_tree

record = loop.Training.record

def last_words(self, step, *rest):
    record(self, step, *rest)
    if step == 7:
        self.checkpoints.wait()
        os.kill(os.getpid(), signal.SIGKILL)

loop.Training.record = last_words
loop.train(from_tree(json.loads(sys.argv[1])), Path(sys.argv[2]))
"""


@pytest.mark.parametrize(
    "run",
    [pytest.param(RNN, id="rnn", marks=slow), pytest.param(TRANSFORMER, id="transformer")],
)
def test_killed_and_resumed_in_another_process_is_the_run_in_one_go(run, tmp_path, uninterrupted, same_flags):
    command = [sys.executable, "-c", KILLED, json.dumps(to_tree(run)), str(tmp_path)]
    killed = subprocess.run(command, env=same_flags, capture_output=True, text=True, timeout=300)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert Checkpoints(tmp_path / "checkpoints").steps == [5]
    assert [line["step"] for line in complete_lines(tmp_path / "metrics.jsonl")] == [1, 2, 3, 4, 5, 5, 6, 7]
    loop.train(run, tmp_path)
    assert outcome_of(run, tmp_path) == uninterrupted(run)


ASLEEP = KILLED.replace(
    "os.kill(os.getpid(), signal.SIGKILL)", "import time; print('asleep', flush=True); time.sleep(600)"
)


def test_the_same_run_started_twice_is_refused_and_the_first_loses_nothing(
    tmp_path, uninterrupted, same_flags
):
    command = [sys.executable, "-c", ASLEEP, json.dumps(to_tree(TRANSFORMER)), str(tmp_path)]
    first = subprocess.Popen(command, env=same_flags, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert first.stdout.readline() == b"asleep\n"  # its checkpoint is written, so it changes nothing more
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        for run in (TRANSFORMER, RNN):
            with pytest.raises(
                ValueError, match=f"process {first.pid} on .* has been writing here for 0 min"
            ):
                loop.train(run, tmp_path)
        after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert after == before and first.poll() is None
    finally:
        first.kill()
        first.wait()
    loop.train(TRANSFORMER, tmp_path)
    assert (
        outcome_of(TRANSFORMER, tmp_path) == uninterrupted(TRANSFORMER) and not (tmp_path / "lock").exists()
    )


@pytest.mark.parametrize(
    "signum, code",
    [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=slow)],
    ids=["TERM", "INT"],
)
def test_asked_to_stop_it_saves_says_how_to_go_on_and_does(signum, code, tmp_path, uninterrupted):
    before = signal.getsignal(signum)
    stopped = stopped_at(1, RNN, tmp_path, signum)
    assert stopped.exit_code == code
    assert str(stopped) == "stopped at step 2 of 10 and saved; the same command goes on from there"
    assert signal.getsignal(signum) is before
    loop.train(RNN, tmp_path)
    assert outcome_of(RNN, tmp_path) == uninterrupted(RNN)


@slow
def test_stopped_again_and_again_it_still_averages_the_regular_checkpoints(tmp_path, uninterrupted):
    for step in (2, 6, 8):
        stopped_at(step, RNN, tmp_path)
    loop.train(RNN, tmp_path)
    assert outcome_of(RNN, tmp_path) == uninterrupted(RNN)
    assert uninterrupted(RNN)["judged by"][1] == "average of last 2 checkpoints"


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(STACKED, id="stacked"),
        pytest.param(CARRIED, id="carried"),
        pytest.param(dataclasses.replace(CARRIED, accumulate=2), id="stacked and carried", marks=slow),
        pytest.param(UNEVEN, id="uneven", marks=slow),
        pytest.param(NOTHING, id="nothing carried", marks=slow),
        pytest.param(WINDOWED, id="windowed", marks=slow),
    ],
)
def test_whatever_the_batches_are_it_resumes_bit_for_bit(run, tmp_path, uninterrupted):
    stopped_at(1, run, tmp_path)
    loop.train(run, tmp_path)
    assert outcome_of(run, tmp_path) == uninterrupted(run)


def test_the_newest_checkpoint_damaged_the_one_before_it_serves(tmp_path, uninterrupted, capsys):
    stopped_at(6, RNN, tmp_path)
    shutil.rmtree(tmp_path / "checkpoints" / "7" / "state" / "d")
    loop.train(RNN, tmp_path)
    assert "checkpoints/7 is damaged: state/d/" in capsys.readouterr().err
    assert outcome_of(RNN, tmp_path) == uninterrupted(RNN)


def test_other_randomness_would_be_seen(uninterrupted):
    """The comparison above can fail: another seed ends elsewhere."""
    one, other = (uninterrupted(dataclasses.replace(RNN, seed=seed)) for seed in (0, 1))
    assert one["state"] != other["state"] and one["ledger"] != other["ledger"]
