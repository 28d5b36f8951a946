"""One page of all that was found: lectures, claims and verdicts, tables, curves. It opens with no network.

examples:
  lookback report --out lookback.html
  lookback report --runs-dir runs --out mine.html        of runs of your own
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `report`."""
    parser.add_argument("--out", required=True, metavar="FILE", help="the page, as in lookback.html")
    parser.add_argument(
        "--looks", metavar="DIR", help="of `lookback explore` (looks, else the committed ones)"
    )
    parser.add_argument("--runs-dir", help="runs of your own (the committed records)")


def execute(arguments: argparse.Namespace) -> None:
    """Write the page."""
    from pathlib import Path

    from data.files import whole
    from experiments.evidence import records
    from experiments.page import looks
    from experiments.page.page import render_page

    folder = records.folder_of(arguments.runs_dir)
    out = Path(arguments.out).expanduser()
    if not out.parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.parent}")
    own = Path(arguments.looks or "looks").expanduser()
    if arguments.looks and not own.is_dir():
        raise ValueError(f"{own}: no such folder of looks; `lookback explore RUN` makes one")
    seen = looks.read_all(own if own.is_dir() else looks.LOOKS)
    whole.write(out, render_page(folder, seen))
    print(out)
