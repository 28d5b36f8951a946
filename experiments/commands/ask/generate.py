"""Go on from a prompt with a trained language model, token by token as they come.

examples:
  lookback generate runs/char_lm/gpt-4x128/0 --prompt "ROMEO:" --length 300 --temperature 0.8
  echo "The capital of" | lookback generate runs/perplexity/LSTM/0 --top-p 0.9
  lookback generate runs/perplexity/GPT-2/0 --prompt "In October" "Every Monday" --length 40 --beam 4
  lookback generate gpt2 --prompt "The capital of" --length 40      the folder of a published GPT-2
"""

import argparse

from data.fields import Beam, Count, Mass, Positive, Temperature
from experiments.command_line import stdin, unknown
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `generate`."""
    parser.add_argument(
        "run_dir", help="a trained language model's folder, as in runs/char_lm/gpt-4x128/0, or a GPT-2's"
    )
    parser.add_argument("--prompt", nargs="+", metavar="TEXT", help="what to go on from; else standard input")
    parser.add_argument("--length", type=bounded(Positive), default=200, help="tokens to say (200)")
    parser.add_argument(
        "--temperature", type=bounded(Temperature), default=1.0, help="below 1 bolder, above more varied"
    )
    parser.add_argument("--top-k", type=bounded(Positive), metavar="K", help="draw from the K likeliest only")
    parser.add_argument(
        "--top-p", type=bounded(Mass), default=1.0, metavar="P", help="draw from a nucleus of mass P"
    )
    parser.add_argument("--greedy", action="store_true", help="the likeliest token each time, nothing drawn")
    parser.add_argument(
        "--beam", type=bounded(Beam), default=1, metavar="K", help="the K best by beam search"
    )
    parser.add_argument("--seed", type=bounded(Count), default=0, help="of what is drawn (0)")


def execute(arguments: argparse.Namespace) -> None:
    """Print each prompt with what follows it."""
    from train import devices

    devices.setup()
    from models.decoding.sampling import Sample
    from train.inference.generator import Generator
    from train.weights.load import load

    draw = None
    if not arguments.greedy and arguments.beam == 1:
        draw = Sample(arguments.temperature, arguments.top_k, arguments.top_p)
    writer = Generator(load(arguments.run_dir))
    prompts = stdin.given(arguments.prompt, "--prompt") if arguments.prompt else [stdin.whole()]
    with unknown.told(writer.tokenizer) as note:
        note([line for prompt in prompts for line in prompt.split("\n")])
        go_on(writer, prompts, draw, arguments)


def go_on(writer, prompts: list[str], draw, arguments: argparse.Namespace) -> None:
    """Print each prompt and what follows it, of a single one token by token."""
    if len(prompts) == 1 and arguments.beam == 1:
        print(prompts[0], end="")
        for piece in writer.stream(prompts[0], arguments.length, draw, arguments.seed):
            print(piece, end="", flush=True)
        print()
        return
    for prompt, found in zip(
        prompts, writer(prompts, arguments.length, arguments.beam, draw, arguments.seed), strict=True
    ):
        print(*(prompt + text for text in found), sep="\n")
