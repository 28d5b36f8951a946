"""A row's whole configuration, every field by the path that changes it.

examples:
  lookback show translation lstm-additive model.score=ScaledDot
  lookback show translation lstm --alternatives        what else each field takes: parts, bounds
  lookback show translation lstm > mine.txt            a file that --config of `lookback run` takes
"""

import argparse
from collections.abc import Iterator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `show`."""
    parser.add_argument("experiment")
    parser.add_argument("row", nargs="?", help="left out: the table's rows")
    parser.add_argument("changes", nargs="*", metavar="path=value")
    parser.add_argument("--alternatives", action="store_true", help="and what each field takes")
    parser.add_argument("--data-dir", help="show the rows for real data instead of the generated world's")


def execute(arguments: argparse.Namespace) -> None:
    """Print the rows, or the fields of one."""
    from experiments.tables import catalogue
    from train.parts import override

    table = catalogue.chosen(arguments.experiment, arguments.data_dir)
    if arguments.row is None:
        print(catalogue.questions()[table.real_of or table.name], *table.rows, sep="\n")
        return
    run = override(catalogue.named_row(table.rows, arguments.row, table.name), arguments.changes)
    for path, value, taken in fields(run):
        print(f"{path}={value}" + (f"  # takes {taken}" if arguments.alternatives else ""))


def fields(part, path: str = "") -> Iterator[tuple[str, str, str]]:
    """(path, value, what it takes) of every field of a part and of the parts within."""
    from train.parts import alternatives, field_types, is_part, settings

    takes = field_types(type(part))
    for field, value in settings(part).items():
        yield (
            path + field,
            type(value).__name__ if is_part(value) else repr(value),
            alternatives(takes[field]),
        )
        for place, one in within(value):
            yield from fields(one, f"{path}{field}{place}.")


def within(value) -> Iterator[tuple[str, object]]:
    """(what a path adds for it, part) of a part, or of each of several: its class, or its place."""
    from train.parts import is_part

    if is_part(value):
        yield "", value
    elif isinstance(value, tuple) and all(map(is_part, value)):
        names = [type(one).__name__ for one in value]
        for place, (name, one) in enumerate(zip(names, value, strict=True)):
            yield f".{name if names.count(name) == 1 else place}", one
