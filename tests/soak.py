"""Runs of every family killed at random moments, and run folders damaged one file at a time.

    python tests/soak.py kills 200 FOLDER       python tests/soak.py damages 500 FOLDER

Prints how many, and ends with an error at the first run that does not end, bit for bit, as the same run in
one go; at a change that no one tells; at an error of more than a line.
"""

import dataclasses
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

import jax

warnings.filterwarnings("ignore", message="os.fork")
jax.config.update("jax_num_cpu_devices", 2)

from experiments.__main__ import is_refusal  # noqa: E402
from experiments.tables import catalogue  # noqa: E402
from train.folder.checkpoint import Checkpoints  # noqa: E402
from train.folder.ledger import complete_lines, is_done  # noqa: E402
from train.folder.record import read  # noqa: E402
from train.loop.training import train  # noqa: E402
from train.parts import override  # noqa: E402
from train.weights.load import load  # noqa: E402

FAMILIES = (
    ("translation", "lstm-additive"),
    ("perplexity", "LSTM"),
    ("perplexity", "5-gram"),
    ("sentences", "LSTM"),
    ("tagging", "BiLSTM-CRF"),
    ("bert_pretraining", "BERT-tiny"),
    ("word_vectors", "skip-gram"),
    ("word_vectors", "PPMI"),
    ("translation", "transformer"),
    ("perplexity", "GPT-2"),
    ("elmo_pretraining", "ELMo"),
)
TIMES = ("seconds", "flops_by_time", "compilations", "commit")


def small(table: str, row: str):
    """A run of a table as in a smoke test, a little longer, with a checkpoint every third update."""
    found = catalogue.table(table)
    run = override(found.rows[row], found.smoke)
    judged = () if "pretraining" in table else run.evaluators[:1]  # of long texts
    changes = {"steps": 9, "evaluate_every": 3, "keep": 2, "average": min(run.average, 2)}
    return dataclasses.replace(run, evaluators=judged, **changes)


def timeless(line):
    """Without what differs from one time to the next."""
    return {name: value for name, value in line.items() if name not in TIMES}


def outcome(folder: Path) -> str:
    """All that a finished run holds, as one digest: the ledger, and each checkpoint's leaves and place."""
    digest = hashlib.sha256()
    assert is_done(folder), "not done"
    digest.update(json.dumps([timeless(line) for line in complete_lines(folder / "metrics.jsonl")]).encode())
    checkpoints = Checkpoints(folder / "checkpoints")
    for step in checkpoints.steps:
        record = checkpoints._record(step)
        place = {**record["iterator"], "history": timeless(record["iterator"]["history"])}
        place.pop("ledger")
        digest.update(json.dumps([step, place, record["metrics"], record["kept"]]).encode())
        for path, leaf in sorted(jax.tree_util.tree_leaves_with_path(checkpoints.params(step)), key=str_of):
            digest.update(str_of((path, leaf)).encode() + leaf.tobytes())
    trained = load(folder)
    digest.update(f"{trained.weights} {trained.tokenizer.hash}".encode())
    return digest.hexdigest()


def str_of(leaf) -> str:
    """The path of a leaf."""
    return jax.tree_util.keystr(leaf[0])


def in_a_child(act, limit: float | None = None) -> tuple[int, str]:
    """(how a forked process ended, what `act` gave there); killed after so many seconds."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            sys.stderr = open(os.devnull, "w") if limit is not None else sys.stderr
            os.write(writes, str(act()).encode())
            code = 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    os.close(writes)
    deadline = time.monotonic() + (600 if limit is None else limit)
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            ended = os.waitpid(child, 0)
            break
        time.sleep(0.005)
    said = os.read(reads, 1000).decode()
    os.close(reads)
    return ended[1], said


def kills(count: int, folder: Path, seed: int = 0) -> dict:
    """Kill runs at random moments of what they take, start them again until they are done, and compare."""
    draw, done, finished = random.Random(seed), 0, 0
    share = -(-count // len(FAMILIES))
    for table, row in FAMILIES:
        at_most = min(share, count - done)
        if at_most <= 0:
            break
        name = f"{table}, {row}"
        ours, runs = killed(small(table, row), name, at_most, folder, draw)
        finished += runs
        done += ours
        print(f"{name}: {ours} kills, {runs} runs", file=sys.stderr, flush=True)
    return {"kills": done, "runs": finished}


def killed(run, name: str, at_least: int, folder: Path, draw: random.Random) -> tuple[int, int]:
    """(kills, runs) of one run, begun anew as often as it is done before it was killed so often."""
    whole, again = folder / "whole", folder / "killed"
    for _ in range(2):  # the second is timed: by then all is compiled
        shutil.rmtree(whole, ignore_errors=True)
        begun = time.monotonic()
        assert in_a_child(lambda: train(run, whole))[0] == 0, name
        takes = time.monotonic() - begun
    code, expected = in_a_child(lambda: outcome(whole))
    kills = runs = 0
    assert code == 0, name
    while kills < at_least:
        shutil.rmtree(again, ignore_errors=True)
        code = None
        while code != 0:
            limit = draw.uniform(0.2, 1.1) * takes if kills < at_least else 600.0
            code, _ = in_a_child(lambda: train(run, again), limit)
            assert code in (0, signal.SIGKILL), f"{name}: ended with {code} after {kills} kills"
            kills += code != 0
        code, found = in_a_child(lambda: outcome(again))
        assert code == 0 and found == expected, f"{name}: another end after {kills} kills: {again}"
        runs += 1
    return kills, runs


def truncate(path: Path, draw: random.Random) -> None:
    os.truncate(path, draw.randrange(path.stat().st_size) if path.stat().st_size else 0)


def flip(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def delete(path: Path, _) -> None:
    path.unlink()


def replace(path: Path, _) -> None:
    path.unlink()
    path.mkdir()


def damages(count: int, folder: Path, seed: int = 0) -> dict:
    """Damage one file at a time of a finished and of an unfinished run, read it, go on, and compare."""
    draw = random.Random(seed)
    run = dataclasses.replace(small("perplexity", "LSTM"), keep=3)
    finished, unfinished, spoilt = folder / "finished", folder / "unfinished", folder / "spoilt"
    train(run, finished)
    expected, record = outcome(finished), read(finished)
    shutil.copytree(finished, unfinished)
    shutil.rmtree(unfinished / "checkpoints" / "9")
    counts = {"damages": 0, "told": 0, "harmless": 0}
    # Training on takes seconds, reading does not: one unfinished run to nine finished ones.
    while counts["damages"] < count:
        source = unfinished if counts["damages"] % 10 == 9 else finished
        shutil.rmtree(spoilt, ignore_errors=True)
        shutil.copytree(source, spoilt)
        files = sorted(
            path for path in spoilt.rglob("*") if path.is_file() and "tensorboard" not in path.parts
        )
        path, how = draw.choice(sorted(files)), draw.choice((truncate, flip, delete, replace))
        where = f"{how.__name__} {path.relative_to(spoilt)} of the {source.name}"
        how(path, draw)
        counts["damages"] += 1
        try:
            found = read(spoilt)
            if found.cost:
                assert (found.results, found.train, found.valid) == (
                    record.results,
                    record.train,
                    record.valid,
                ), where
                load(spoilt)
            train(run, spoilt)
            same = outcome(spoilt) == expected
        except (ValueError, OSError) as error:
            ours = isinstance(error, OSError) or is_refusal(error)
            line = str(error).replace(str(spoilt), "")
            assert ours and "\n" not in line and len(line) <= 300, f"{where}: {error!r}"
            counts["told"] += 1
        else:
            assert same, f"{where}: changed, and no one said so"
            counts["harmless"] += 1
    return counts


if __name__ == "__main__":
    deed, number, place = sys.argv[1:4]
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    print(json.dumps({"kills": kills, "damages": damages}[deed](int(number), Path(place), seed)))
