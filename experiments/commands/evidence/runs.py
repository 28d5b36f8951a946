"""The runs there are: how far each has come, its loss, its speed, the time it has left, and who runs it.

examples:
  lookback runs
  lookback runs perplexity --watch               again every few seconds, until Ctrl-C
  lookback runs keep                             records of the finished ones, beside the committed ones
  lookback runs merge node1/runs node2/runs      the runs of other machines, taken into runs/

A run is done, running (by a process that holds its folder, or as its scheduler says), queued, stopped (it
goes on with the same command), dead (told with the node, exit code and the last that it printed) or damaged.
With `merge` come runs of other folders that are not here, or came further there; the same run twice is one,
and where another is here by the same name both are left as they are, which is told: exit code 1.
`lookback runs keep` writes of each finished run of a table's row what tables and verdicts are made of,
without texts and weights, into experiments/results/records.
"""

import argparse

from data.fields import Positive
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `runs`."""
    parser.add_argument(
        "action", nargs="?", metavar="keep|merge", help="write records of what is finished; take others' runs"
    )
    parser.add_argument(
        "experiments", nargs="*", metavar="EXPERIMENT", help="of these tables only; of merge: folders of runs"
    )
    parser.add_argument("--watch", action="store_true", help="again and again, until Ctrl-C")
    parser.add_argument("--every", type=bounded(Positive), default=5, metavar="S", help="seconds between (5)")
    parser.add_argument("--runs-dir", default="runs", help="where runs are kept (runs)")
    parser.add_argument("--into", metavar="DIR", help="where `keep` writes (experiments/results/records)")


def execute(arguments: argparse.Namespace) -> int:
    """Print a line a run, keep the records, or take the runs of other folders."""
    import sys
    import time
    from pathlib import Path

    from experiments.launch.status import states
    from experiments.tables import smoke
    from train.folder.state import State, folders

    asked = [arguments.action, *arguments.experiments] if arguments.action else []
    runs_dir = Path(arguments.runs_dir)
    if asked[:1] == ["keep"]:
        keep(folders(runs_dir, asked[1:]), arguments.into)
        return 0
    if asked[:1] == ["merge"]:
        return merge([Path(name) for name in asked[1:]], runs_dir)
    while True:
        rows = [State.HEADER, *(one.cells() for one in states(runs_dir, asked))]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        cleared = "\x1b[H\x1b[J" if arguments.watch else ""
        for row in rows:
            cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
            print(cleared + "  ".join(cells).rstrip())
            cleared = ""
        sys.stdout.flush()
        if not arguments.watch or smoke.asked():
            return 0
        time.sleep(arguments.every)


def keep(folders, into: str | None) -> None:
    """Write the record of every finished run; what is none of a table as it is today is told."""
    import sys
    from pathlib import Path

    from experiments.evidence import records
    from train.folder.ledger import is_done

    written = 0
    for folder in folders:
        try:
            if is_done(folder):
                records.keep(folder, Path(into) if into else records.RECORDS)
                written += 1
        except ValueError as error:
            print(f"lookback: left out: {error}", file=sys.stderr)
    print(f"{written} records in {into or records.RECORDS}")


def merge(others, into) -> int:
    """Take the runs of other folders; 1 where one was left out, each of which is told."""
    import collections
    import sys

    from train.folder.merge import merge as merged

    if not others:
        raise ValueError("merge: name the folders of runs that are to be taken in, as in node1/runs")
    became = collections.Counter()
    for folder in others:
        for name, word in merged(folder, into):
            became[word.partition(":")[0]] += 1
            if word not in ("new", "further", "same"):
                print(f"lookback: {folder / name} {word}", file=sys.stderr)
    print(", ".join(f"{count} {word}" for word, count in became.items()))
    return 1 if became["left out"] else 0
