"""Run rows of a table anew, and say whether they come to what the committed records say.

examples:
  lookback reproduce perplexity --rows 3-gram LSTM
  lookback reproduce translation --rows transformer --seeds 3
  lookback reproduce perplexity --data-dir ~/corpora --rows 5-gram

A score is reproduced where it lies within mean ± t s sqrt(1 + 1/n) of the n committed seeds, the interval
of 95 % for one more run; else it differs, and the exit code is 1. Of a score with fewer than two committed
seeds, or of another corpus (such as the documentation of another Python), nothing can be said.
"""

import argparse

from experiments.command_line.options import named_seeds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `reproduce`."""
    parser.add_argument("experiment", help="an experiment, or a table on real data by its own name")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="these rows only")
    parser.add_argument("--seeds", nargs="+", metavar="N", help="seeds 0 to N-1, or these: 2 5 (seed 0)")
    parser.add_argument("--data-dir", help="folder of real corpora (or LOOKBACK_DATA)")
    parser.add_argument("--runs-dir", default="reproduced", help="where the new runs are kept (reproduced)")


def execute(arguments: argparse.Namespace) -> int:
    """Train what is to be trained, and compare; 1 where a score differs."""
    from pathlib import Path

    from train import devices

    devices.setup()
    from experiments.evidence import records
    from experiments.evidence.reproduction import DIFFERS, compared
    from experiments.report.quantities import Evidence
    from experiments.tables import catalogue, smoke
    from train.folder.record import read
    from train.loop.training import train
    from train.parts import override

    table = catalogue.chosen(arguments.experiment, arguments.data_dir)
    seeds = named_seeds(arguments.seeds) if arguments.seeds else (0,)
    chosen = {row: catalogue.named_row(table.rows, row, table.name) for row in arguments.rows or table.rows}
    committed = Evidence(records.RECORDS).table(table.name)
    if unknown := [row for row in chosen if row not in committed and not smoke.asked()]:
        raise ValueError(f"{table.name}: no record of {unknown[0]!r} to compare with; lookback runs keep")
    differing = 0
    for row, run in chosen.items():
        for seed in seeds:
            directory = Path(arguments.runs_dir) / table.name / row / str(seed)
            run = override(run, table.smoke) if smoke.asked() else run
            train(run.of_seed(seed), directory, arguments.data_dir, table.name, row)
            for one in compared(table, read(directory), committed.get(row, [])):
                band = one.why or f"{one.low:.4g} to {one.high:.4g}"
                print(f"{one.word}: {row}, seed {seed}, {one.column}: {one.value:.4g} ({band})", flush=True)
                differing += one.word == DIFFERS
    return 1 if differing and not smoke.asked() else 0
