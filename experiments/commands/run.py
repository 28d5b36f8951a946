"""Train and evaluate the rows of an experiment; goes on where it was interrupted, skips what is done.

examples:
  lookback run translation                              all rows, all seeds, on the generated world
  lookback run translation --smoke                      every row in seconds, to see that all works
  lookback run translation --rows lstm-additive --seeds 1
  lookback run translation --rows lstm-additive --seeds 3 7         these two seeds; --seed 3 is one
  lookback run translation --rows lstm model.cell=GRU   an ablation: a row of its own in the table
  lookback run translation --rows lstm model.cell=GRU --name gated  that row by a name of one's own
  lookback run translation --config run.json            the run of this file, as another has sent it
  lookback run translation --data-dir ~/corpora         the same table on Multi30k
  lookback run translation-multi30k --data-dir ~/corpora            that table by its own name
  lookback run glue --data-dir ~/corpora --weights ~/bert-base-uncased --rows "bert-base-uncased: RTE"
"""

import argparse

from data.fields import Count
from experiments.command_line import precision_option
from experiments.command_line.options import bounded, named_seeds, parted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `run`."""
    parser.add_argument("experiment", help="an experiment, or a table on real data by its own name")
    parser.add_argument(
        "changes", nargs="*", metavar="path=value", help="as in model.score=ScaledDot steps=500"
    )
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="these rows only")
    parser.add_argument(
        "--seeds",
        nargs="+",
        metavar="N",
        help="seeds 0 to N-1 instead of the table's; or these: 2 5",
    )
    parser.add_argument("--seed", type=bounded(Count), metavar="K", help="this one seed")
    parser.add_argument(
        "--config", metavar="FILE", help="a run.json, or a file of lines path=value, with comments after a #"
    )
    parser.add_argument("--name", help="what the one row is called, and its folder (its changes)")
    parser.add_argument(
        "--data-dir", help="folder of real corpora (or LOOKBACK_DATA): the table on real data"
    )
    parser.add_argument("--runs-dir", default="runs", help="where runs are kept (runs)")
    parser.add_argument(
        "--weights", metavar="FOLDER", help="rows that begin with a folder's published weights, or minilm's"
    )
    precision_option.add_argument(parser)
    parser.add_argument("--smoke", action="store_true", help="a few steps of every row, kept nowhere")


def chosen_seeds(arguments: argparse.Namespace, told: int | None, seeds: tuple[int, ...]) -> tuple[int, ...]:
    """Those of --seed or --seeds, else that of the file of --config, else the table's."""
    if arguments.seed is not None and arguments.seeds:
        raise ValueError("--seed and --seeds: give one of them")
    if arguments.seeds:
        return named_seeds(arguments.seeds)
    told = told if arguments.seed is None else arguments.seed
    return seeds if told is None else (told,)


def execute(arguments: argparse.Namespace) -> None:
    """Train what is to be trained, one run after another, and print the table."""
    import contextlib
    import pathlib
    import tempfile

    from train import devices

    devices.setup()
    from experiments.report.changed_rows import with_ablations
    from experiments.report.table import render
    from experiments.tables import catalogue, smoke
    from train.folder.record import collect
    from train.loop.training import train

    table = catalogue.chosen(arguments.experiment, arguments.data_dir)
    runs, told = chosen_runs(table, arguments)
    seeds = chosen_seeds(arguments, told, table.seeds)
    with contextlib.ExitStack() as stack:
        kept = pathlib.Path(arguments.runs_dir)
        if arguments.smoke:
            kept = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        small = arguments.smoke or smoke.asked()
        seeds = seeds[:1] if small else seeds
        for name, run in runs.items():
            for seed in seeds:
                seeded = run.of_seed(seed)
                directory = kept / table.name / name / str(seed)
                train(seeded, directory, arguments.data_dir, table.name, name)
        records = collect(kept, table.name)
        for each in with_ablations(table, records):
            print(render(each, records, p_values=not small))


def chosen_runs(table, arguments: argparse.Namespace) -> tuple[dict, int | None]:
    """({name: run, changed as asked}, the seed that the file of --config tells)."""
    import dataclasses

    from experiments.command_line import configuration
    from experiments.report.row_names import ablation
    from experiments.tables import catalogue, smoke
    from train import devices
    from train.parts import override

    given = configuration.read(arguments.config) if arguments.config else configuration.Configuration()
    names, within = parted(arguments.rows or ())
    arguments.seeds, among = parted(arguments.seeds or ())
    changes = [*given.changes, *within, *among, *arguments.changes]
    rows = table.further(arguments.weights) if arguments.weights else table.rows
    if given.run is not None:
        if names or arguments.weights:
            raise ValueError(f"--config {arguments.config}: a whole run; leave out --rows and --weights")
        rows = {given.row: given.run}
    suits = devices.precision() if given.run is None else None  # a whole run says what it computes in
    for change in changes:
        path, _, value = change.partition("=")
        if path.strip() == "seed":
            raise ValueError(f"{change}: seeds are chosen by --seeds, as in --seeds {value.strip()},")
    runs = {}
    names = names or list(rows)
    for row in names[:1] if smoke.asked() else names:
        run = catalogue.named_row(rows, row, table.name)
        short = override(run, table.smoke if arguments.smoke or smoke.asked() else ())
        if arguments.weights:  # a few steps of it, too, begin with the weights that were given
            short = dataclasses.replace(short, initial=run.initial)
        runs[ablation(row, changes)] = precision_option.in_precision(
            short, table, arguments.precision, suits, changes
        )
    return (runs if arguments.name is None else renamed(runs, arguments.name, table)), given.seed


def renamed(runs: dict, name: str, table) -> dict:
    """The one run by a name of the user's, which is its folder's too."""
    from experiments.report.row_names import require_new_name

    require_new_name(name, runs, table)
    return dict.fromkeys([name], *runs.values())
