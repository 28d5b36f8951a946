"""What a row would be on devices that are not here: its training step compiled for them, and read.

examples:
  lookback plan translation transformer --on cpu-8 parallel.fsdp=8
  lookback plan translation transformer --on h200x8          needs `pip install -e '.[plan-cuda]'`
  lookback plan perplexity GPT-2 --on v5e-8 --largest        needs `pip install -e '.[plan-tpu]'`
  lookback plan perplexity GPT-2 --on h200 --json

Told are the kernel of each attention and why no faster one, the memory of a device, operations and bytes,
what devices send each other, and the time that these take at least. Nothing is timed: it says what cannot be.
Where the compiler for a target is not installed, cpu-8 shows how XLA splits the program over eight devices.
It exits with 1 where the step does not compile or does not fit.
"""

import argparse

from data.fields import Positive
from experiments.command_line import precision_option
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `plan`."""
    parser.add_argument("experiment")
    parser.add_argument("row")
    parser.add_argument("changes", nargs="*", metavar="path=value")
    parser.add_argument("--on", required=True, metavar="TARGET", help="h200x8, h100, v5e-8, cpu-8")
    precision_option.add_argument(parser)
    parser.add_argument(
        "--largest", action="store_true", help="and the most rows that fit: more compilations"
    )
    parser.add_argument(
        "--vocabulary", type=bounded(Positive), metavar="N", help="as if the tokenizer had so many"
    )
    parser.add_argument("--json", action="store_true", help="for a program to read")
    parser.add_argument("--data-dir", help="the row for real data instead of the generated world's")


def execute(arguments: argparse.Namespace) -> int:
    """Compile, and print one screen; 1 where it cannot be or does not fit."""
    import json
    import sys

    from experiments.plan import hardware

    target = hardware.named(arguments.on)
    target.prepare()  # before jax starts

    import jax

    from experiments.plan import step
    from experiments.plan.summary import Summary
    from experiments.tables import catalogue
    from train import devices

    table = catalogue.chosen(arguments.experiment, arguments.data_dir)
    row = catalogue.named_row(table.rows, arguments.row, table.name)
    suits = devices.suitable_precision(target.backend)
    run = precision_option.in_precision(row, table, arguments.precision, suits, arguments.changes)
    given = step.example(run, arguments.data_dir, arguments.vocabulary)
    try:
        made = step.compiled(given, target, target.devices())
    except (jax.errors.JaxRuntimeError, NotImplementedError) as error:
        fault = "does not fit" if step.is_too_much(error) else "does not compile for"
        print(f"{fault} {arguments.on}: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    most = step.largest(given, target, devices, made) if arguments.largest and target.memory else None
    summary = Summary(given, target, made, most)
    print(json.dumps(summary.told(), indent=1) if arguments.json else "\n".join(summary.lines()))
    if not summary.fits:
        print(f"does not fit: {summary.change()}", file=sys.stderr)
    return 0 if summary.fits else 1
