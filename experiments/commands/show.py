"""A row's whole configuration, every field by the path that changes it.

examples:
  lookback show translation lstm-additive model.score=ScaledDot
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `show`."""
    parser.add_argument("experiment")
    parser.add_argument("row", nargs="?", help="left out: the table's rows")
    parser.add_argument("changes", nargs="*", metavar="path=value")
    parser.add_argument("--data-dir", help="show the rows for real data instead of the generated world's")


def execute(arguments: argparse.Namespace) -> None:
    """Print the rows, or the fields of one."""
    from experiments.commands.run import chosen_table, named_row
    from experiments.tables import catalogue
    from train.parts import is_part, override, settings

    table = chosen_table(arguments.experiment, arguments.data_dir)
    if arguments.row is None:
        print(catalogue.questions()[table.real_of or table.name], *table.rows, sep="\n")
        return

    def lines(part, path: str):
        for field, value in settings(part).items():
            inner = is_part(value)
            yield f"{path}{field}={type(value).__name__ if inner else repr(value)}"
            if inner:
                yield from lines(value, f"{path}{field}.")

    run = override(named_row(table.rows, arguments.row, table.name), arguments.changes)
    print(*lines(run, ""), sep="\n")
