"""Perplexity of a text under a trained language model, bits a byte, and on request each token's surprisal.

examples:
  lookback perplexity runs/perplexity/LSTM/0 < text.txt
  lookback perplexity runs/perplexity/GPT-2/0 --tokens < text.txt | sort -n | tail
  lookback perplexity gpt2 --stride 128 < text.txt      a published GPT-2: config.json, weights, tokenizer
"""

import argparse

from data.fields import Positive
from experiments.command_line import stdin, unknown
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `perplexity`."""
    parser.add_argument(
        "run_dir", help="a trained language model's folder, or a published GPT-2's; stdin is the text"
    )
    parser.add_argument(
        "--tokens", action="store_true", help="a line a token: its surprisal in bits, a tab, the token"
    )
    parser.add_argument(
        "--stride",
        type=bounded(Positive),
        metavar="N",
        help="how far a limited context moves each time (its length)",
    )


def execute(arguments: argparse.Namespace) -> None:
    """Print the measures of the text, or each token with its surprisal."""
    from train import devices

    devices.setup()
    from data.files.outside_text import lines_of
    from train.inference.scoring import Scorer, require_probabilities
    from train.weights.load import load

    trained = load(arguments.run_dir)
    require_probabilities(trained.run, arguments.run_dir)
    text, tokenizer = stdin.whole(), trained.tokenizer
    end = trained.task.document_end
    ids = tokenizer.stream(text, end) if text else ()
    if not len(ids):
        raise ValueError("stdin: no text to score")
    scorer = Scorer(trained.run, trained.model, trained.params, tokenizer.eos, arguments.stride)
    if arguments.stride is not None and scorer.stride is None:
        raise ValueError(f"--stride: this run's context is {scorer.context}, which nothing limits")
    with unknown.told(tokenizer) as note:
        note(lines_of(text))
        losses = scorer(ids)
        tell(losses, ids, text, arguments, scorer, trained)


def tell(losses, ids, text: str, arguments: argparse.Namespace, scorer, trained) -> None:
    """Print what the losses come to, or with --tokens each of them."""
    import math

    from train.inference.scoring import measures

    tokenizer = trained.tokenizer
    if arguments.tokens:
        for loss, piece in zip(losses, tokenizer.pieces(ids.tolist()), strict=True):
            print(f"{loss / math.log(2):.3f}\t{piece}")
        return
    end = trained.task.document_end
    text = text.replace(end, "") if end else text
    found = measures(losses, len(text), len(text.encode()))
    print(f"perplexity {found['perplexity']:.2f} over {len(ids):,} tokens")
    print(f"bits per character {found['bits per character']:.4f}")
    print(f"bits per byte {found['bits per byte']:.4f}")
    print(
        f"context: {scorer.context}; vocabulary: {len(tokenizer):,} ids by "
        f"{trained.task.tokenizer}; weights: {trained.weights}"
    )
