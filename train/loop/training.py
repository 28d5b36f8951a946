"""The only way to train: from a run and a directory to a trained model, resumable at any moment."""

import contextlib
from pathlib import Path

from train import processes
from train.folder import claim as run_directory
from train.folder import lock
from train.folder.log import Log, Unwritten
from train.interruptions import Interruptions, Stopped
from train.loop.descent import Training
from train.loop.fitting import Fitting
from train.loop.progress import Bar
from train.run import Run


def train(
    run: Run, directory: Path, data_dir: str | None = None, experiment: str = "", row: str = ""
) -> None:
    """Train a run in a directory from wherever it stands, and evaluate it; nothing if that has been done.

    One process at a time, or one group of them, may do so: ValueError that names the other.
    """
    if run_directory.is_finished(directory, run):
        return
    run.require()
    with contextlib.ExitStack() as stack:
        asked = stack.enter_context(Interruptions())
        with processes.together("have the directory"):
            if processes.leads():
                stack.enter_context(lock.held(directory))
                run_directory.bring_back(directory)
        # By the process that had it until now, or before its run.json was lost.
        if run_directory.is_finished(directory, run):
            return
        stack.enter_context(processes.others())  # what is closed fails too where another process has ended
        training = (Fitting if run.model.fitted else Training)(run, directory, data_dir, experiment, row)
        stack.callback(training.checkpoints.close)
        name = f"{row or directory.name} seed {run.seed}"
        bar = stack.enter_context(Bar(name, run.steps, training.reached, quiet=not training.leads))
        log = Log(directory, training.reached, training.position) if training.leads else Unwritten()
        stack.callback(log.close)
        with asked.between_steps():
            training.fit(log, bar, asked)
            received = int(processes.largest(asked.received or 0))
        if received:  # while a model was fitted, which cannot stop halfway
            raise Stopped("stopped once it was fitted; the same command evaluates it", received, directory)
        training.evaluate(log, bar)  # all is saved: here a signal may end the process at once
