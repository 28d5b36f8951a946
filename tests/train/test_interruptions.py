"""Ctrl-C in the first seconds of a run: one line, exit code 130, and nothing in the way of the next one."""

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from train import interruptions
from train.interruptions import Interruptions

ROOT = Path(interruptions.__file__).parents[1]


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)
    os.getpid()


def a_second():
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        time.sleep(0.001)


def test_one_that_a_library_swallows_comes_again(monkeypatch):
    monkeypatch.setattr(interruptions, "AGAIN_AFTER", 0.05)
    with pytest.raises(KeyboardInterrupt), Interruptions():
        try:
            ctrl_c()
        except BaseException:
            pass
        a_second()


def test_one_that_a_library_takes_for_another_error_is_told_as_what_it_is():
    with pytest.raises(KeyboardInterrupt), Interruptions():
        try:
            ctrl_c()
        except BaseException:
            raise ImportError("could not begin") from None


def test_one_that_a_librarys_c_code_prints_is_not_printed(capfd):
    with pytest.raises(KeyboardInterrupt), Interruptions():
        try:
            ctrl_c()
        except KeyboardInterrupt:
            sys.excepthook(*sys.exc_info())  # as PyErr_Print does
            raise ImportError("could not begin") from None
    assert capfd.readouterr().err == ""


def test_one_within_the_garbage_collector_comes_again_and_prints_nothing(monkeypatch, capfd):
    def collected(*_):
        ctrl_c()

    try:
        with pytest.raises(KeyboardInterrupt), Interruptions():
            gc.callbacks.append(collected)
            gc.collect()
            gc.callbacks.remove(collected)
            a_second()
    finally:
        if collected in gc.callbacks:
            gc.callbacks.remove(collected)
    assert capfd.readouterr().err == ""


def test_one_that_was_not_heard_is_not_forgotten_once_the_steps_begin():
    with pytest.raises(KeyboardInterrupt), Interruptions():
        try:
            ctrl_c()
        except KeyboardInterrupt:
            pass
        with Interruptions() as asked, asked.between_steps():
            pytest.fail("training began")


def test_all_is_as_it_was_afterwards():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    hooks = sys.unraisablehook, sys.excepthook
    with Interruptions() as asked, asked.between_steps():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert asked.received == signal.SIGINT
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)] == before
    assert (sys.unraisablehook, sys.excepthook) == hooks and signal.getitimer(signal.ITIMER_REAL)[0] == 0


# Started as by a shell in the background, which lets its processes ignore Ctrl-C.
WAIT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
from experiments import __main__
{patch}
sys.argv = ["lookback", "run", "translation", "--rows", "lstm-dot", "--seeds", "1", "--runs-dir", {folder!r},
            "task.corpus.world=World(train=40, valid=8, test=8, depth=0, distance=0)"]
__main__.command()
"""
MOMENTS = {
    "the command is looked up": "__main__.build_parser = wait",
    "jax is imported": "from train import devices; devices.setup = wait",
    "the data are read": "from data.tasks.translation import Translation; Translation.train_tokenizer = wait",
    "the state is made": "from train.loop.training import Training; Training.start = wait",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_it_ends_a_run_in_one_line(moment, tmp_path, as_children):
    patch = f"wait = lambda *_: (print('now', flush=True), time.sleep(60))\n{MOMENTS[moment]}"
    code = WAIT.format(patch=patch, folder=str(tmp_path / "runs"))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout.readline() == "now\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "lookback: interrupted\n")
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {"run.json", "tokenizer.json"}
