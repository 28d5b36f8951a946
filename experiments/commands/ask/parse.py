"""Parse sentences with a trained run: a sentence a line in, words between spaces; its tree in brackets out.

examples:
  lookback parse runs/parsing/PCFG/0 < sentences.txt > trees.txt
  echo "the old baker opens the door ." | lookback parse runs/parsing/PCFG/0
  echo "the girl saw a dog behind the church ." | lookback parse "runs/parsing/Transformer + XX/0" --nbest 2

A tag that the parser does not say is XX. What was a word of its own in the corpus that the run learned from,
such as a full stop, must be one here. With --nbest K each tree is a line "number <tab> score <tab> tree",
lines counted from 0.
"""

import argparse
import sys

from data.fields import Beam, Positive
from experiments.command_line import stdin, unknown
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `parse`."""
    parser.add_argument("run_dir", help="directory of a trained parser, as in runs/parsing/PCFG/0")
    parser.add_argument(
        "--beam", type=bounded(Beam), metavar="K", help="hypotheses kept; 1 is greedy (the run's own)"
    )
    parser.add_argument(
        "--nbest", type=bounded(Positive), default=1, metavar="K", help="the K best trees, with scores"
    )


def execute(arguments: argparse.Namespace) -> None:
    """Print the tree of each line; an empty line stays one."""
    from train import devices

    devices.setup()
    from data.files.outside_text import words_of
    from data.items.tree import escaped
    from train.inference.tree_parser import TreeParser
    from train.weights.load import load

    trained = load(arguments.run_dir)
    parser = TreeParser(trained, search(trained.run, arguments), arguments.run_dir)
    number = 0
    with unknown.told(trained.tokenizer) as note:
        for texts in stdin.lines():
            note(texts)
            sentences = [[escaped(word) for word in words_of(text)] for text in texts]
            found = iter(parser.words([words for words in sentences if words]))
            for words in sentences:
                parses = next(found) if words else []
                say(parses[: arguments.nbest], number, arguments.nbest > 1)
                number += 1
            sys.stdout.flush()


def search(run, arguments: argparse.Namespace):
    """The search that the run was judged with, with what the command line changes."""
    import dataclasses

    from train.evaluators.translation.bracket_scores import TREES, Parseval

    own = next((judge.search for judge in run.evaluators if type(judge) is Parseval), TREES)
    beam = own.beam if arguments.beam is None else arguments.beam
    if arguments.nbest > beam:
        raise ValueError(f"--nbest {arguments.nbest}: between 1 and the beam, which is {beam}")
    return dataclasses.replace(own, beam=beam)


def say(parses, number: int, numbered: bool) -> None:
    """Print the best tree of a line, or several, numbered and with scores; () for no tree at all."""
    if not numbered:
        print((parses[0].tree or "()") if parses else "")
    for parse in parses if numbered else ():
        print(number, f"{parse.score:.4f}", parse.tree or "()", sep="\t")
