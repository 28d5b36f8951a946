"""Check a GPU or TPU that is at hand for minutes: kernels, speed, training; each number kept at once.

examples:
  lookback gpu-check --smoke                       every part, small: here, to see that it works
  lookback gpu-check --seconds 540                 all that fits into nine minutes
  lookback gpu-check --out experiments/results     device-check.json, and speed-gpu.json beside it

Parts run in order of their worth, each in a process of its own with a time limit, and none stops the others;
what there was no time for is named. `make gpu-check` is the same.
"""

import argparse

from data.fields import Positive
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `gpu-check`."""
    parser.add_argument(
        "--seconds", type=bounded(Positive), default=540, metavar="N", help="for all of it (540)"
    )
    parser.add_argument("--out", metavar="DIR", help="where results are kept (experiments/results)")
    parser.add_argument("--smoke", action="store_true", help="small, kept nowhere")


def execute(arguments: argparse.Namespace) -> int:
    """A line for each part as it ends; 1 where one did not end well."""
    import contextlib
    import tempfile
    from pathlib import Path

    from experiments.bench import device_check
    from experiments.bench.process import ROOT
    from experiments.tables import smoke

    small = arguments.smoke or smoke.asked()
    failed = 0
    with contextlib.ExitStack() as stack:
        out = Path(arguments.out or ROOT / "experiments" / "results")
        if small:
            out = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for found in device_check.check(out, small, arguments.seconds):
            words = [f"{name} {value:.4g}" for name, value in found.items() if isinstance(value, float)]
            print(f"{found['part']}: {found['ended']}  {', '.join(words)}  {found.get('said', '')}".rstrip())
            # A training that was stopped at its limit has shown how far it comes.
            shown = found["ended"].startswith(device_check.STOPPED) and "step" in found
            failed |= found["ended"] != "exit code 0" and not shown
    return int(failed)
