"""Write the states that a trained encoder has for stdin: a vector for each piece of each line.

examples:
  lookback embed runs/bert_pretraining/BERT-tiny/0 < text.txt > vectors.npz
  lookback embed runs/bert_pretraining/BERT-mini/0 --layers -2 -1 < text.txt > vectors.npz   two side by side
  lookback embed runs/word_senses/ELMo/0 --layers 0 < text.txt > vectors.npz    embeddings, no context yet
  lookback embed minilm < text.txt > vectors.npz        a published one, by its name or its folder

The run may be of any model on an encoder, a language model, or word vectors, which have one layer; published
weights may be a GPT-2's, a BERT's or an ELMo's. For line
N, counted from 0, the file holds the arrays N.vectors [pieces, features], float32, and N.pieces, as they are
written, special tokens among them. numpy.load reads it, without pickle.
"""

import argparse
import sys

from data.fields import Whole
from experiments.command_line import stdin
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `embed`."""
    parser.add_argument("run_dir", help="a run's folder, or that of published weights; stdin is the texts")
    parser.add_argument(
        "--layers",
        nargs="+",
        type=bounded(Whole),
        default=[-1],
        metavar="L",
        help="0 are the embeddings, -1 is the last layer (-1); several stand side by side",
    )


def execute(arguments: argparse.Namespace) -> None:
    """Write the vectors of all lines, once the last one is read."""
    if sys.stdout.isatty():
        raise ValueError(
            "stdout is a terminal: vectors go into a file, as in `lookback embed ... > vectors.npz`"
        )
    from train import devices

    devices.setup()
    import numpy as np

    from train.inference.embedder import Embedder
    from train.weights.load import load

    embedder = Embedder(load(arguments.run_dir))
    arrays: dict = {}
    every = (found for texts in stdin.lines() for found in embedder(texts))
    for number, found in enumerate(every):
        arrays[f"{number}.vectors"] = chosen(found.layers, arguments.layers)
        arrays[f"{number}.pieces"] = np.array(found.pieces)
    np.savez_compressed(sys.stdout.buffer, **arrays)


def chosen(layers, indices: list[int]):
    """Layers [L, T, D] as [T, D], or several side by side."""
    import numpy as np

    if wrong := next((index for index in indices if not -len(layers) <= index < len(layers)), None):
        raise ValueError(f"--layers {wrong}: there are {len(layers)}, 0 to {len(layers) - 1}")
    return np.concatenate([layers[index] for index in indices], axis=-1)
