"""Translate stdin to stdout with a trained run: raw text in, raw text out, a line for a line.

examples:
  lookback translate runs/translation/transformer/0 < source.txt > translation.txt
  echo "The old baker sings." | lookback translate RUN_DIR --nbest 3
  lookback translate RUN_DIR --attention weights.npz < source.txt > translation.txt

With --nbest K each hypothesis is a line "number <tab> score <tab> text", lines of the source counted from 0.
The file of --attention holds for line N the arrays N.weights [target, source], N.source, N.target (pieces).
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator

from experiments import stdin


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_dir")
    parser.add_argument("--beam", type=int, help="hypotheses kept; 1 is greedy (the run's own)")
    parser.add_argument(
        "--length-penalty", type=float, metavar="A", help="score = log P / length^A (the run's own)"
    )
    parser.add_argument(
        "--nbest", type=int, default=1, metavar="K", help="the K best of each line, with scores"
    )
    parser.add_argument("--attention", metavar="FILE.npz", help="write where each token looked")


def execute(arguments: argparse.Namespace) -> None:
    from pathlib import Path

    from train import devices

    devices.setup()
    from data.tasks.translation import Translation
    from train.weights.load import load

    directory = Path(arguments.run_dir)
    trained = load(directory, search(directory, arguments))
    if not isinstance(trained.task, Translation):
        kind = type(trained.task).__name__
        raise ValueError(
            f"{directory}: a run of {kind} translates nothing; one of `lookback run translation` does"
        )
    translator = trained.translator
    sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale
    number = 0
    with saved_maps(arguments.attention) if arguments.attention else contextlib.nullcontext({}) as maps:
        for texts in stdin.lines():
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


def search(directory, arguments: argparse.Namespace):
    """The run's search with what the command line changes."""
    import dataclasses

    from models.decoding.search import PerToken
    from train.folder.claim import read

    own = read(directory)[0].search
    beam = own.beam if arguments.beam is None else arguments.beam
    if beam < 1:
        raise ValueError(f"--beam {beam}: at least 1, which is greedy")
    if not 1 <= arguments.nbest <= beam:
        raise ValueError(f"--nbest {arguments.nbest}: between 1 and the beam, which is {beam}")
    alpha = arguments.length_penalty
    return dataclasses.replace(own, beam=beam, penalty=own.penalty if alpha is None else PerToken(alpha))


def say(hypotheses, number: int, numbered: bool) -> None:
    if not numbered:
        print(hypotheses[0].text if hypotheses else "")
    for hypothesis in hypotheses if numbered else ():
        print(number, f"{hypothesis.score:.4f}", hypothesis.text, sep="\t")
