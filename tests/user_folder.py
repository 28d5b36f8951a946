"""A user's shell: a folder with all that documented command lines name, and a fast `lookback` in it."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import stand_ins
from PIL import Image

from data.files import installed
from data.world.pictures.scenes import Scenes
from experiments.tables import catalogue

ROOT = Path(__file__).parents[1]
RUN = re.compile(r"""runs/([\w-]+)/([^/"]+)/[\d*]""")  # the folder of a run, or of runs, that a command takes
BERT = "runs/bert_pretraining/BERT-tiny/0"
BEHIND = {("bert_pretraining", "BERT-tiny"), ("translation", "transformer")}  # weights, and a run.json
PACKAGES = {f"site/{package.module}/{package.inside}": BERT for package in installed.PACKAGES.values()}
WEIGHTS = {"gpt2": "runs/perplexity/wide/0", "bert-base-uncased": BERT} | PACKAGES
TEXT = (
    "The farmer saw the old dog .\nIn the evening Emma works .\n\nThe dog was tired .\nThe door is open .\n\n"
)
Shell = Callable[[str], subprocess.CompletedProcess]


@contextlib.contextmanager
def opened(folder: Path, lines: Iterable[str]) -> Iterator[Shell]:
    """shell(line) -> the finished process, in a folder with all that these lines name."""
    socket, program, site = folder / "socket", folder / "bin" / "lookback", folder / "site"
    site.mkdir()  # where packages are that pip would install
    server = [sys.executable, str(ROOT / "tests" / "commands_server.py"), str(socket)]
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec {shlex.join([sys.executable, "-S", "-E", *server[1:]])} lookback "$@"\n'
    )
    program.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "LOOKBACK_DATA"}
    environment |= {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LOOKBACK_SMOKE": "1",
        "LOOKBACK_CACHE": str(folder / "cache"),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{site}",
    }

    def run(line: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )

    with subprocess.Popen(server, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        furnish(folder, run, lines)
        yield run
        process.kill()


def furnish(folder: Path, run: Shell, lines: Iterable[str]) -> None:
    """The corpora, texts, runs and published weights that lines name."""
    stand_ins.write(folder / "CORPORA")
    for name in ("DIR", "corpora"):
        (folder / name).symlink_to("CORPORA")
    (folder / "TORCH" / "bin").mkdir(parents=True)
    (folder / "TORCH" / "bin" / "python").symlink_to(sys.executable)
    for name in ("texts", "letters", "FOLDER", "my/text"):
        (folder / name).mkdir(parents=True)
        (folder / name / "one.txt").write_text(TEXT * 400)
    for name in ("book.txt", "diary.txt", "letters.txt", "text.txt", "source.txt", "sentences.txt"):
        (folder / name).write_text(TEXT * (400 if name in ("book.txt", "diary.txt", "letters.txt") else 1))
    for name in ("a.csv", "b.csv", "c.csv", "reviews.csv"):
        (folder / name).write_text("text,label\n" + "a warm film,positive\na dull film,negative\n" * 20)
    for name in ("a.conll", "b.conll", "c.conll", "test.conll"):
        (folder / name).write_text("Anna B-PER\nwohnt O\nin O\nWien B-LOC\n\nSie O\nschläft O\n\n" * 20)
    (folder / "my").mkdir(exist_ok=True)
    for name in ("a.en", "a.de", "b.en", "b.de", "c.en", "c.de"):
        (folder / "my" / name).write_text("The farmer saw the old dog .\nEmma works .\n" * 20)
    for name in ("newstest.en", "newstest.de", "source.en", "reference.de"):
        (folder / name).write_text("The farmer saw the old dog .\n")
    Image.fromarray(next(Scenes(test=1).scenes("test")).picture).save(folder / "scene.png")
    (folder / "lines.txt").write_text("The [MASK] of a function .\n")
    (folder / "pairs.tsv").write_text("The dog works .\tThe dog is tired .\n")
    (folder / "cluster.txt").write_text("partition=gpu  # of nodes\nsetup=module load cuda\n")
    named = {found for line in lines for found in RUN.findall(line)}
    for table, row in sorted(named | BEHIND):
        if row not in ("*", *catalogue.table(table).rows):
            continue  # a name that an earlier line gives
        real = ["--data-dir", "CORPORA"] if "-" in table else []
        rows = [] if row == "*" else ["--rows", row]
        trained = run(shlex.join(["lookback", "run", table, *rows, *real]))
        assert trained.returncode == 0, trained.stderr
    shutil.copy(folder / "runs" / "translation" / "transformer" / "0" / "run.json", folder)
    for name in ("node1", "node2"):
        shutil.copytree(folder / "runs" / "translation", folder / name / "runs" / "translation")
    wide = run("lookback run perplexity --rows GPT-2 model.context=256 --name wide")
    assert wide.returncode == 0, wide.stderr
    for package in installed.PACKAGES.values():
        (folder / "site" / package.module).mkdir()
        (folder / "site" / package.module / "__init__.py").touch()
    for name, directory in WEIGHTS.items():
        written = run(f"lookback export {directory} {name}")
        assert written.returncode == 0, written.stderr
