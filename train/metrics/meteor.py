"""METEOR 1.5 of English captions: matches by form, stem, synonym and paraphrase  -- Denkowski & Lavie 2014.

The matches are those that the authors' program finds, which pycocoevalcap brings along and Java runs; what
they come to is `Meteor` of train/metrics/counts.py.
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from train.metrics.counts import Counts, Meteor

MODULE, JAR = "pycocoevalcap", Path("meteor", "meteor-1.5.jar")
SIGNATURE = "METEOR 1.5, en, its own tokens in lower case, best reference"
DIVIDER = "|||"  # of what the program takes and gives, in a line


def command() -> list[str]:
    """What runs the program; ValueError with what to install where Java or the program is missing."""
    java = shutil.which("java")
    if java is None:
        raise ValueError("METEOR is a program in Java, and there is no `java` here: install a Java runtime")
    found = importlib.util.find_spec(MODULE)
    for place in (found and found.submodule_search_locations) or ():
        if (jar := Path(place, JAR)).is_file():
            return [java, "-Xmx2G", "-jar", str(jar), "-", "-", "-stdio", "-l", "en", "-norm"]
    raise ValueError(
        f"METEOR's program comes with {MODULE}, which is not installed: pip install -e '.[meteor]', or "
        f"without the libraries that it does not need here: pip install --no-deps {MODULE}"
    )


def scores(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Counts:
    """The matches of each caption with that of its references that gives it the highest score."""
    if len(hypotheses) != len(references) or not references or not all(references):
        raise ValueError("METEOR takes a caption, and at least one reference, for each of some pictures")
    rows = []
    with subprocess.Popen(
        command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    ) as program:
        for hypothesis, those in zip(hypotheses, references, strict=True):
            rows.append(_matches(program, ["SCORE", *map(_plain, those), _plain(hypothesis)]))
        program.stdin.close()
    return Counts(Meteor, np.array(rows))


def _plain(text: str) -> str:
    """In one line without the divider."""
    return " ".join(text.replace(DIVIDER, " ").split())


def _matches(program: subprocess.Popen, fields: Sequence[str]) -> list[float]:
    """What the program answers to a line."""
    answer = ""
    try:
        program.stdin.write(f" {DIVIDER} ".join(fields) + "\n")
        program.stdin.flush()
        answer = program.stdout.readline()
        row = [float(number) for number in answer.split()]
    except (OSError, ValueError):  # it has ended, or says something else
        row = []
    if len(row) != len(Meteor.columns):
        program.kill()
        raise ValueError(
            f"METEOR's program answered {answer.strip()[:60]!r} where {len(Meteor.columns)} counts were due: "
            "run `java -version`"
        )
    return row
