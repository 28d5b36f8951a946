"""What rows compute in: what --precision says, or else what suits the devices."""

import argparse
import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a command line is read before jax is there
    from experiments.report.table import Table
    from train.run import Run


def add_argument(parser: argparse.ArgumentParser) -> None:
    """--precision."""
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        help="what is computed in, weights in float32 (bfloat16 on a GPU or TPU, else what the row says)",
    )


def in_precision(run: "Run", table: "Table", asked: str | None, suits: str | None) -> "Run":
    """A row of a table, computing in what is asked for, or else in what suits the devices, None for any.

    Changes of the user's come after it, so that `model.dtype=float32` is what it says. ValueError where a
    precision is asked for of rows that are there to be compared in theirs.
    """
    from models.model import computing_in

    if table.compares_precisions:
        if asked:
            raise ValueError(
                f"--precision {asked}: the rows of {table.name} differ in what they compute in; leave it out"
            )
        return run
    precision = asked or suits
    return run if precision is None else dataclasses.replace(run, model=computing_in(run.model, precision))
