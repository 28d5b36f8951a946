"""The parent's end of a contender's process."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Absent(Exception):
    """A contender that cannot take part, and why."""


class Process:
    """A worker under `python`, alone with its thread pools. It ends with the context, whatever it does."""

    def __init__(self, python: str = sys.executable):
        self.log = tempfile.TemporaryFile("w+", errors="replace")
        # One GPU, shared by all contenders of a line: none may take its whole memory. Nothing is downloaded.
        defaults = {
            "CUDA_VISIBLE_DEVICES": "0",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
            "HF_HUB_OFFLINE": "1",
        }
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [python, "-m", "experiments.bench.worker"],
            env=defaults | os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.communicate()
        self.log.close()

    def ask(self, **order) -> dict:
        """The worker's answer; Absent with the reason if it has none."""
        try:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            reply = self.process.stdout.readline()
        except BrokenPipeError:
            reply = ""
        if not reply:
            raise Absent(f"its process ended ({self.process.wait()}): {self.last_words()}")
        answer = json.loads(reply)
        if "missing" in answer:
            raise Absent(f"{answer['missing']} not installed: pip install -e '.[bench]'")
        if "error" in answer:
            raise Absent(answer["error"])
        return answer

    def last_words(self) -> str:
        """The last line that the process wrote to its standard error."""
        self.log.seek(0)
        lines = [line.strip() for line in self.log if line.strip()]
        return lines[-1] if lines else "it said nothing"


def interpreter(name: str | None) -> str:
    """The Python that runs the peers: as told, as LOOKBACK_BENCH_PYTHON says, or this one."""
    name = name or os.environ.get("LOOKBACK_BENCH_PYTHON") or sys.executable
    found = shutil.which(name)
    if found is None:
        raise ValueError(f"--peer-python {name}: no such program")
    return os.path.abspath(found)
