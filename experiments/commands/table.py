"""An experiment's table from the runs there are: mean ± std, signature, cost, p-value, published rows beside.

examples:
  lookback table translation
  lookback table translation --format latex > table.tex
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `table`."""
    parser.add_argument("experiment")
    parser.add_argument("--format", choices=("md", "latex", "csv", "html"), default="md")
    parser.add_argument(
        "--runs-dir", help="where runs are kept (runs; of what was not run there, the committed records)"
    )
    parser.add_argument("--data-dir", help="the table on real data, even if none of it has been run yet")


def execute(arguments: argparse.Namespace) -> None:
    """Print the table, and that on real data below it where it was run or is asked for."""
    from experiments.evidence.records import own_or_kept
    from experiments.report.changed_rows import with_ablations
    from experiments.report.table import render
    from experiments.tables import catalogue

    table = catalogue.table(arguments.experiment)
    if arguments.data_dir:
        wanted = [catalogue.chosen(arguments.experiment, arguments.data_dir)]
    else:
        ran = table.real and own_or_kept(arguments.runs_dir, table.real.name)
        wanted = [table, table.real] if ran else [table]
    for each in wanted:
        records = own_or_kept(arguments.runs_dir, each.name)
        for part in with_ablations(each, records):
            print(render(part, records, arguments.format))
