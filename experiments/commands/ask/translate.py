"""Translate stdin to stdout with a trained run: raw text in, raw text out, a line for a line.

examples:
  lookback translate runs/translation/transformer/0 < source.txt > translation.txt
  echo "The old baker opens the door." | lookback translate runs/translation/transformer/0 --nbest 2
  lookback translate runs/translation/lstm-additive/0 --attention weights.npz < source.txt > translation.txt

With --nbest K each hypothesis is a line "number <tab> score <tab> text", lines of the source counted from 0.
The file of --attention holds for line N the arrays N.weights [target, source], N.source, N.target (pieces).
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator

from data.fields import Amount, Beam, Positive
from experiments.command_line import stdin, unknown
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `translate`."""
    parser.add_argument("run_dir")
    parser.add_argument(
        "--beam", type=bounded(Beam), metavar="K", help="hypotheses kept; 1 is greedy (the run's own)"
    )
    parser.add_argument(
        "--length-penalty",
        type=bounded(Amount),
        metavar="A",
        help="score = log P / length^A (the run's own)",
    )
    parser.add_argument(
        "--nbest",
        type=bounded(Positive),
        default=1,
        metavar="K",
        help="the K best of each line, with scores",
    )
    parser.add_argument("--attention", metavar="FILE.npz", help="write where each token looked")


def execute(arguments: argparse.Namespace) -> None:
    """Print a translation of each line."""
    from train import devices

    devices.setup()
    from data.tasks.translation import Translation
    from train.inference.translator import Translator
    from train.run import require_role
    from train.weights.load import load

    trained = load(arguments.run_dir)
    require_role(arguments.run_dir, "is to translate", "task", trained.task, Translation)
    translator = Translator.of(trained, search(trained.run, arguments))
    number = 0
    kept = saved_maps(arguments.attention) if arguments.attention else contextlib.nullcontext({})
    with kept as maps, unknown.told(trained.tokenizer) as note:
        for texts in stdin.lines():
            note(texts)
            found = iter(translator([text for text in texts if text.strip()]))
            for text in texts:
                hypotheses = next(found) if text.strip() else []  # an empty line stays one
                say(hypotheses[: arguments.nbest], number, arguments.nbest > 1)
                if arguments.attention and hypotheses:
                    weights, source, target = translator.attention(text, hypotheses[0].ids)
                    maps[f"{number}.weights"] = weights
                    maps[f"{number}.source"], maps[f"{number}.target"] = source, target
                number += 1
            sys.stdout.flush()


@contextlib.contextmanager
def saved_maps(name: str) -> Iterator[dict]:
    """Arrays that go into a file, whatever ends the work; opened first, so that it fails first."""
    import numpy as np

    with open(name, "wb") as file:
        maps: dict = {}
        try:
            yield maps
        finally:
            np.savez_compressed(file, **maps)


def search(run, arguments: argparse.Namespace):
    """The search that the run was judged with, with what the command line changes."""
    import dataclasses

    from models.decoding.search import LengthNormalised, Search
    from train.evaluators.translation.bleu_scores import Bleu

    own = next((judge.search for judge in run.evaluators if type(judge) is Bleu), Search())
    beam = own.beam if arguments.beam is None else arguments.beam
    if arguments.nbest > beam:
        raise ValueError(f"--nbest {arguments.nbest}: between 1 and the beam, which is {beam}")
    alpha = arguments.length_penalty
    return dataclasses.replace(
        own, beam=beam, penalty=own.penalty if alpha is None else LengthNormalised(alpha)
    )


def say(hypotheses, number: int, numbered: bool) -> None:
    """Print the best hypothesis of a line, or several, numbered and with scores."""
    if not numbered:
        print(hypotheses[0].text if hypotheses else "")
    for hypothesis in hypotheses if numbered else ():
        print(number, f"{hypothesis.score:.4f}", hypothesis.text, sep="\t")
