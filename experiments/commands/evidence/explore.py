"""Keep what a trained model does with some sentences, for the page: its attention, surprise, cells, layers.

examples:
  lookback explore runs/translation/transformer/0
  lookback explore runs/perplexity/GPT-2/0 --kind surprisal --out gpt2.json
  lookback explore "runs/cells/LSTM 2x128/0" --kind cells
  lookback explore "runs/elmo_tasks/names + ELMo/0" --kind mixture

Without --sentences these are test sentences of the run's own task. `lookback report` shows every file of the
folder looks, or of its --looks: hover a word, and what it looked at lights up.
"""

import argparse

from data.fields import Positive
from experiments.command_line.options import bounded

KINDS = ("attention", "surprisal", "cells", "mixture")
OF_SENTENCES = ("attention", "surprisal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `explore`."""
    parser.add_argument("run_dir", help="a run's folder, or that of published weights")
    parser.add_argument("--kind", choices=KINDS, default="attention")
    parser.add_argument("--sentences", metavar="FILE", help="a sentence a line (the task's test sentences)")
    parser.add_argument("--count", type=bounded(Positive), default=20, metavar="N", help="at most (20)")
    parser.add_argument("--out", metavar="FILE", help="(looks/EXPERIMENT-ROW-KIND.json)")


def execute(arguments: argparse.Namespace) -> None:
    """Load, look, write."""
    from pathlib import Path

    from train import devices

    devices.setup()
    from data.files import folders, whole
    from experiments.page import looks
    from train.folder import manifest
    from train.inference.loaded import load

    model = load(arguments.run_dir)
    directory = Path(model.trained.directory)
    described = manifest.read(directory) if (directory / manifest.MANIFEST).is_file() else {}
    texts = []
    if arguments.sentences:
        path = folders.required(arguments.sentences, "--sentences")
        texts = [line for line in folders.read_lines(path) if line.strip()][: arguments.count]
    elif arguments.kind in OF_SENTENCES:
        texts = looks.sentences(model, arguments.count)
    found = looks.looked(model, arguments.kind, texts, described)
    parts = [str(described[part]) for part in ("experiment", "row") if described]
    usual = Path("looks", f"{'-'.join([*parts, arguments.kind])}.json".replace("/", "|"))
    out = Path(arguments.out).expanduser() if arguments.out else usual
    if arguments.out and not out.parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.parent}")
    out.parent.mkdir(parents=True, exist_ok=True)
    whole.write(out, looks.written(found))
    print(out)
