"""Train and evaluate the rows of an experiment; goes on where it was interrupted, skips what is done.

examples:
  lookback run translation                              all rows, all seeds, on the generated world
  lookback run translation --smoke                      every row in seconds, to see that all works
  lookback run translation --rows lstm-additive --seeds 1
  lookback run translation --rows lstm model.cell=GRU   an ablation: a row of its own in the table
  lookback run translation --data-dir ~/corpora         the same table on Multi30k
  lookback run glue --data-dir ~/corpora --weights ~/bert-base-uncased --rows "bert-base-uncased: RTE"
"""

import argparse
import hashlib
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("experiment")
    parser.add_argument(
        "changes", nargs="*", metavar="path=value", help="as in model.score=ScaledDot steps=500"
    )
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="these rows only")
    parser.add_argument("--seeds", type=int, metavar="N", help="seeds 0 to N-1 instead of the table's")
    parser.add_argument(
        "--data-dir", help="folder of real corpora (or LOOKBACK_DATA): the table on real data"
    )
    parser.add_argument("--runs-dir", default="runs", help="where runs are kept (runs)")
    parser.add_argument(
        "--weights", metavar="FOLDER", help="rows that begin with the published weights of a folder instead"
    )
    parser.add_argument("--smoke", action="store_true", help="a few steps of every row, kept nowhere")


def chosen_table(experiment: str, data_dir: str | None):
    """The experiment's table, on real data where a folder of it is given."""
    from experiments.tables import catalogue

    table = catalogue.table(experiment)
    if not data_dir and not os.environ.get("LOOKBACK_DATA"):
        return table
    if table.real is None and data_dir:
        raise ValueError(f"{experiment} has no table on real data; leave out --data-dir")
    return table.real or table


def named_row(table, name: str):
    from data.splits import known

    return table.rows[known(f"row of {table.name}", name, tuple(table.rows))]


def execute(arguments: argparse.Namespace) -> int:
    import contextlib
    import dataclasses
    import pathlib
    import sys
    import tempfile

    from train import devices

    devices.setup()
    from experiments.report.ledger import collect
    from experiments.report.table import render, with_ablations
    from train.loop.training import Stopped, train
    from train.parts import override

    table = chosen_table(arguments.experiment, arguments.data_dir)
    if arguments.weights:
        if table.given is None:
            raise ValueError(
                f"{table.name} has no rows that begin with published weights: leave out --weights"
            )
        table = dataclasses.replace(table, rows=table.given(arguments.weights))
    split = next((i for i, word in enumerate(arguments.rows or ()) if "=" in word), None)
    rows, changes = arguments.rows or list(table.rows), list(arguments.changes)
    if split is not None:  # argparse gives --rows everything after it
        rows, changes = rows[:split], [*rows[split:], *changes]
    if arguments.seeds is not None and arguments.seeds < 1:
        raise ValueError(f"--seeds {arguments.seeds}: at least 1")
    seeds = table.seeds if arguments.seeds is None else tuple(range(arguments.seeds))
    smoke = table.smoke if arguments.smoke else ()
    runs = {row: override(named_row(table, row), [*smoke, *changes]) for row in rows}

    with contextlib.ExitStack() as stack:
        kept = pathlib.Path(arguments.runs_dir)
        if arguments.smoke:
            kept, seeds = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())), seeds[:1]
        for row, run in runs.items():
            for seed in seeds:
                seeded, name = with_seed(run, seed), ablation(row, changes)
                directory = kept / table.name / name / str(seed)
                try:
                    train(seeded, directory, arguments.data_dir, table.name, name)
                except Stopped as stopped:
                    print(f"lookback: {directory}: {stopped}", file=sys.stderr)
                    return stopped.exit_code
        records = collect(kept, table.name)
        for each in with_ablations(table, records):
            print(render(each, records, p_values=not arguments.smoke))
    return 0


def with_seed(run, seed: int):
    """The run of a seed. Of a cross-validated corpus it is also the fold: ten seeds are ten folds."""
    from train.parts import override

    folded = hasattr(getattr(run.task, "corpus", None), "fold")
    return override(run, [f"seed={seed}", *([f"task.corpus.fold={seed}"] if folded else [])])


def ablation(row: str, changes: list[str]) -> str:
    """The name of a changed row, also its folder's: "lstm, model.cell=GRU"; a long one ends in its digest."""
    name = ", ".join([row, *changes]).replace("/", "|")
    if len(name.encode()) <= 200:  # a file system takes 255 bytes
        return name
    return f"{name.encode()[:180].decode(errors='ignore')}… {hashlib.sha256(name.encode()).hexdigest()[:8]}"
