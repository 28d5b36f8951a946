"""Named corpora: list them, fetch one, or verify the files there are against their checksums.

examples:
  lookback data list
  lookback data fetch multi30k
  lookback data verify multi30k --data-dir ~/corpora
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `data`."""
    parser.add_argument("action", choices=("list", "fetch", "verify"))
    parser.add_argument("name", nargs="?")
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
    if arguments.name is None:
        raise ValueError(f"data {arguments.action} needs the name of a corpus: {', '.join(corpora.CORPORA)}")
    if arguments.action == "fetch":
        print(corpora.fetch(arguments.name, arguments.data_dir, arguments.mirror))
        return 0
    states = corpora.verify(arguments.name, arguments.data_dir)
    for file, state in states:
        print(f"{state:8} {file.path}")
    return 0 if all(state == "ok" for _, state in states) else 1
