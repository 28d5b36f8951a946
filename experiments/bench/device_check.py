"""What is checked on an accelerator that is at hand for minutes: parts by their worth, a limit each."""

import dataclasses
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from data.files import whole
from experiments.bench import results
from experiments.bench.process import ROOT

PYTHON = (sys.executable, "-m")
STOPPED = "stopped after"  # what is said of a part that its limit has ended
TRAINED = (  # (table, row, changes, seconds)
    ("char_lm", "gpt-6x384", (), 90),
    ("perplexity", "GPT-2", (), 45),
    ("translation", "transformer", (), 45),
)


@dataclasses.dataclass(frozen=True)
class Part:
    """A command, how long it may take, and the folder of runs that it trains in."""

    name: str
    command: tuple[str, ...]
    limit: float
    runs: Path | None = None


def parts(smoke: bool, out: Path, runs: Path) -> list[Part]:
    """All of them, or small ones."""
    small = ("--smoke",) if smoke else ()
    lines = ("--rounds", "3", "--seconds", "20", "--out", str(out))
    speed = lambda row: ("bench", *(("--smoke",) if smoke else ("--rows", row, *lines)))
    found = [
        Part("devices", (*PYTHON, "experiments", "doctor"), 60),
        Part("kernels", (*PYTHON, "experiments.bench.kernel_parity", *small), 120),
        Part("speed: gpt2", (*PYTHON, "experiments", *speed("gpt2")), 120),
    ]
    if not smoke:
        found.append(Part("speed: attention", (*PYTHON, "experiments", *speed("attention")), 150))
    for table, row, changes, limit in TRAINED[1:2] if smoke else TRAINED:
        own = runs / table
        command = (
            "experiments",
            "run",
            table,
            "--rows",
            row,
            "--seed",
            "0",
            "--runs-dir",
            str(own),
            *changes,
        )
        few = ("steps=4", "evaluate_every=2") if smoke else ()
        found.append(Part(f"training: {table}, {row}", (*PYTHON, *command, *few), limit, own))
    return found


def check(out: Path, smoke: bool, seconds: float) -> Iterator[dict]:
    """Each part's result, kept in a file as soon as it is there; what there is no time for is named too."""
    begun, done = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        for part in parts(smoke, out, Path(folder)):
            left = seconds - (time.monotonic() - begun)
            done.append(
                run(part, min(part.limit, left)) if left > 10 else {"part": part.name, "ended": "no time"}
            )
            keep(out / "device-check.json", done)
            yield done[-1]


def run(part: Part, limit: float) -> dict:
    """A part's end, its time, and what it said or how fast it trained."""
    begun = time.monotonic()
    process = subprocess.Popen(
        part.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        output, errors = process.communicate(timeout=limit)
        ended = f"exit code {process.returncode}"
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # a run saves itself, a benchmark ends its workers
        try:
            output, errors = process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
        ended = f"{STOPPED} {limit:.0f} s"
    told = {"part": part.name, "ended": ended, "seconds": round(time.monotonic() - begun, 1)}
    if part.runs is not None:
        return told | trained(part.runs) | ({} if process.returncode == 0 else last(errors))
    return (
        told
        | {"lines": [read(line) for line in output.splitlines()]}
        | ({} if process.returncode == 0 else last(errors))
    )


def read(line: str):
    """A line of JSON, or as it is."""
    try:
        return json.loads(line)
    except ValueError:
        return line


def last(errors: str) -> dict:
    """What a part that failed said last."""
    lines = [line for line in errors.splitlines() if line.strip()]
    return {"said": lines[-1][:300]} if lines else {}


def trained(runs: Path) -> dict:
    """How far a run came, at what speed, and what it scored."""
    from train.folder.ledger import complete_lines

    found: dict = {}
    for path in runs.glob("*/*/*/metrics.jsonl"):
        lines = list(complete_lines(path))
        of = lambda kind, lines=lines: [line for line in lines if line["kind"] == kind]
        if valid := of("valid"):
            *_, before, last = ({"tokens": 0.0, "seconds": 0.0}, *valid)  # the first has compiled, too
            found |= {"step": last["step"], "validation loss": last["loss"]}
            took = max(last["seconds"] - before["seconds"], 1e-9)
            found["tokens/s"] = (last["tokens"] - before["tokens"]) / took
        found |= {f"{line['metric']} on {line['name']}": line["value"] for line in of("result")}
    return found


def keep(path: Path, done: Sequence[dict]) -> None:
    """The file, whole at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.write(path, json.dumps({"commit": results.commit(), "parts": done}, indent=1) + "\n")
