"""Corpora: list those with names, fetch one, verify its files by their checksums; check the data of a task.

examples:
  lookback data list
  lookback data fetch multi30k
  lookback data verify multi30k --data-dir ~/corpora
  lookback data check "Classification(corpus=LabelledFiles(train='a.csv', valid='b.csv', test='c.csv'))"
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `data`."""
    parser.add_argument("action", choices=("list", "fetch", "verify", "check"))
    parser.add_argument("name", nargs="?", help="of a corpus; to check, a task as in task=Translation(..)")
    parser.add_argument("--data-dir", help="folder of corpora in their usual layout (or LOOKBACK_DATA)")
    parser.add_argument("--mirror", metavar="URL", help="fetch from a mirror laid out like a data folder")


def execute(arguments: argparse.Namespace) -> int:
    """List the corpora, or fetch or verify one; 1 where a file is not as it should be."""
    from data.files import folders as corpora

    if arguments.action == "list":
        rows = [corpora.Listing._fields, *corpora.listing(arguments.data_dir)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip())
        return 0
    if arguments.action == "check":
        return checked(arguments.name or "", arguments.data_dir)
    if arguments.name is None:
        raise ValueError(f"data {arguments.action} needs the name of a corpus: {', '.join(corpora.CORPORA)}")
    if arguments.action == "fetch":
        print(corpora.fetch(arguments.name, arguments.data_dir, arguments.mirror))
        return 0
    states = corpora.verify(arguments.name, arguments.data_dir)
    for file, state in states:
        print(f"{state:8} {file.path}")
    return 0 if all(state == "ok" for _, state in states) else 1


def checked(text: str, data_dir: str | None) -> int:
    """Print what the data of a task look like, before anything is trained on them."""
    from data.tasks.check import check
    from data.tasks.task import Task
    from train.parts import parse

    task = parse(text.removeprefix("task="), Task)
    if not isinstance(task, Task):
        raise ValueError(f"data check takes a task, as in task=Translation(source='en'), not {text[:40]!r}")
    for line in check(task, data_dir):
        print(line, flush=True)
    return 0
