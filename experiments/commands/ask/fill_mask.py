"""Predict what [MASK] stands for with a pretrained encoder: the likeliest pieces, each with its probability.

examples:
  lookback fill-mask runs/bert_pretraining/BERT-tiny/0 "The [MASK] of a function is called."
  lookback fill-mask runs/bert_pretraining/BERT-mini/0 --count 10 < lines.txt
  lookback fill-mask bert-base-uncased "The capital of France is [MASK]."      the folder of a published BERT

A line is printed for each [MASK]: "piece <tab> probability", the likeliest first, one after another.
"""

import argparse

from data.fields import Positive
from experiments.command_line import stdin
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `fill-mask`."""
    parser.add_argument(
        "run_dir", help="folder of a pretraining run, as in runs/bert_pretraining/BERT-tiny/0, or a BERT's"
    )
    parser.add_argument(
        "text", nargs="*", help="lines with [MASK] in them, once or more often; else standard input"
    )
    parser.add_argument(
        "--count", type=bounded(Positive), default=5, metavar="N", help="pieces for each [MASK] (5)"
    )


def execute(arguments: argparse.Namespace) -> None:
    """Print the likeliest pieces of each masked token."""
    from train import devices

    devices.setup()
    from train.inference.mask_filler import FillMask
    from train.weights.load import load

    fill = FillMask(load(arguments.run_dir))
    lines = stdin.given(arguments.text, "the text") or stdin.whole().split("\n")
    if not any(line.strip() for line in lines):
        raise ValueError("no text: give lines with [MASK] in them, as arguments or by standard input")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        for predicted in fill(line, arguments.count, f"line {number}"):
            print("\t".join(f"{piece}\t{share:.3f}" for piece, share in predicted))
