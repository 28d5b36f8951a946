"""Train and evaluate the rows of an experiment; goes on where it was interrupted, skips what is done.

examples:
  lookback run translation                              all rows, all seeds, on the generated world
  lookback run translation --smoke                      every row in seconds, to see that all works
  lookback run translation --rows lstm-additive --seeds 1
  lookback run translation --rows lstm-additive --seeds 3,7         these two seeds
  lookback run translation --rows lstm model.cell=GRU   an ablation: a row of its own in the table
  lookback run translation --data-dir ~/corpora         the same table on Multi30k
  lookback run translation-multi30k --data-dir ~/corpora            that table by its own name
  lookback run glue --data-dir ~/corpora --weights ~/bert-base-uncased --rows "bert-base-uncased: RTE"
"""

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `run`."""
    parser.add_argument("experiment", help="an experiment, or a table on real data by its own name")
    parser.add_argument(
        "changes", nargs="*", metavar="path=value", help="as in model.score=ScaledDot steps=500"
    )
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="these rows only")
    parser.add_argument(
        "--seeds", metavar="N", help="seeds 0 to N-1 instead of the table's; with commas these, as in 2,5"
    )
    parser.add_argument(
        "--data-dir", help="folder of real corpora (or LOOKBACK_DATA): the table on real data"
    )
    parser.add_argument("--runs-dir", default="runs", help="where runs are kept (runs)")
    parser.add_argument(
        "--weights", metavar="FOLDER", help="rows that begin with the published weights of a folder instead"
    )
    parser.add_argument("--smoke", action="store_true", help="a few steps of every row, kept nowhere")


def chosen_table(experiment: str, data_dir: str | None):
    """The table of this name; of an experiment the one on real data, where a folder of it is given."""
    from experiments.tables import catalogue

    table = catalogue.table(experiment)
    if table.real_of or not (data_dir or os.environ.get("LOOKBACK_DATA")):
        return table
    if table.real is None and data_dir:
        raise ValueError(f"{experiment} has no table on real data; leave out --data-dir")
    return table.real or table


def named_row(rows, name: str, table: str):
    """The run of a row; ValueError with the nearest name where there is none."""
    from data.splits import known

    return rows[known(f"row of {table}", name, tuple(rows))]


def named_seeds(text: str) -> tuple[int, ...]:
    """Seeds 0 to N-1 of "N"; with commas those that are named, as in "2,5" or "2,"."""
    words = text.removesuffix(",").split(",")
    if not all(word.strip().isdecimal() for word in words):
        raise ValueError(f"--seeds {text}: how many, or with commas which, as in 3 or 2,5")
    numbers = tuple(dict.fromkeys(map(int, words)))
    if "," in text:
        return numbers
    if numbers[0] < 1:
        raise ValueError(f"--seeds {text}: at least 1")
    return tuple(range(numbers[0]))


def execute(arguments: argparse.Namespace) -> None:
    """Train what is to be trained, one run after another, and print the table."""
    import contextlib
    import pathlib
    import tempfile

    from train import devices

    devices.setup()
    from experiments.report.row_names import ablation
    from experiments.report.table import render, with_ablations
    from train.folder.record import collect
    from train.loop.training import train

    table = chosen_table(arguments.experiment, arguments.data_dir)
    runs, changes = chosen_runs(table, arguments)
    seeds = table.seeds if arguments.seeds is None else named_seeds(arguments.seeds)
    with contextlib.ExitStack() as stack:
        kept = pathlib.Path(arguments.runs_dir)
        if arguments.smoke:
            kept, seeds = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())), seeds[:1]
        for row, run in runs.items():
            for seed in seeds:
                seeded, name = with_seed(run, seed), ablation(row, changes)
                directory = kept / table.name / name / str(seed)
                train(seeded, directory, arguments.data_dir, table.name, name)
        records = collect(kept, table.name)
        for each in with_ablations(table, records):
            print(render(each, records, p_values=not arguments.smoke))


def chosen_runs(table, arguments: argparse.Namespace) -> tuple[dict, list[str]]:
    """({row: its run, changed as asked}, the changes)."""
    import dataclasses

    from train.parts import override

    rows = table.further(arguments.weights) if arguments.weights else table.rows
    split = next((i for i, word in enumerate(arguments.rows or ()) if "=" in word), None)
    names, changes = arguments.rows or list(rows), list(arguments.changes)
    if split is not None:  # argparse gives --rows everything after it
        names, changes = names[:split], [*names[split:], *changes]
    for change in changes:
        path, _, value = change.partition("=")
        if path.strip() == "seed":
            raise ValueError(f"{change}: seeds are chosen by --seeds, as in --seeds {value.strip()},")
    runs = {}
    for name in names:
        run = named_row(rows, name, table.name)
        smoke = override(run, table.smoke if arguments.smoke else ())
        if arguments.weights:  # a few steps of it, too, begin with the weights that were given
            smoke = dataclasses.replace(smoke, initial=run.initial)
        runs[name] = override(smoke, changes)
    return runs, changes


def with_seed(run, seed: int):
    """The run of a seed. Of a cross-validated corpus it is also the fold: ten seeds are ten folds."""
    import dataclasses

    return dataclasses.replace(run, seed=seed, task=run.task.of_seed(seed))
