"""Say the class of texts, or their score, with a trained classifier; a line for a line.

examples:
  echo "A gripping film ." | lookback predict runs/sentences/LSTM/0
  lookback predict "runs/glue/CBOW: entailment/0" < pairs.tsv      two texts and a tab between

A line is a text or, for a run on pairs, two with a tab between them. Printed is "label <tab> probability" of
the likeliest class, or the score; with --all all classes are, the likeliest first, each with its probability.
"""

import argparse
import functools
import sys

from experiments.command_line import stdin, unknown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `predict`."""
    parser.add_argument("run_dir", help="directory of a trained classifier; texts are standard input")
    parser.add_argument("--all", action="store_true", help="all classes, the likeliest first")


def execute(arguments: argparse.Namespace) -> None:
    """Print a class or a score for each line."""
    from train import devices

    devices.setup()
    from data.tasks.classification import Classification
    from train.inference.predictor import Predictor
    from train.run import require_role
    from train.weights.load import load

    trained = load(arguments.run_dir)
    require_role(arguments.run_dir, "is to class texts", "task", trained.task, Classification)
    predictor, labels = Predictor(trained), trained.task.labels
    read = functools.partial(sides, paired=trained.task.paired)
    number = 0
    with unknown.told(trained.tokenizer) as note:
        for texts in stdin.lines():
            parted, wrong = stdin.parse_lines(read, texts, number)
            note([text for parts in parted if parts for text in parts if text])
            found = iter(predictor.texts([parts for parts in parted if parts]) if any(parted) else ())
            for parts in parted:
                print(spell(next(found), labels, arguments.all) if parts else "")  # an empty line stays one
            number += len(parted)
            sys.stdout.flush()
            if wrong:
                raise wrong


def sides(line: str, number: int, paired: bool) -> tuple[str, str | None] | None:
    """The one text of a line, or the two where the run reads pairs; None if it is empty."""
    if not line.strip():
        return None
    texts = line.split("\t")
    if len(texts) != 1 + paired or not all(text.strip() for text in texts):
        due = "two texts with a tab between them" if paired else "one text, without a tab"
        raise ValueError(f"stdin, line {number + 1}: this run reads {due}")
    return texts[0], texts[1] if paired else None


def spell(said, labels: tuple[str, ...], every: bool) -> str:
    """A score, or the likeliest label, or every label, with its probability."""
    if not labels:
        return f"{float(said):.4f}"
    best = sorted(zip(said, labels, strict=True), reverse=True)
    return "\t".join(f"{label}\t{share:.4f}" for share, label in best[: None if every else 1])
