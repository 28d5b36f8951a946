"""What rows compute in: what --precision says, or else what suits the devices."""

import argparse
import dataclasses
from collections.abc import Sequence
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


def in_precision(
    run: "Run", table: "Table", asked: str | None, suits: str | None, changes: Sequence[str] = ()
) -> "Run":
    """A row of a table with a user's changes, computing in what is asked for, or what suits the devices.

    `suits` is None where anything does. It gives way to a change that says what is computed in, as
    `model.dtype=float32` does. ValueError where a precision is asked for of rows that are compared in theirs.
    """
    from models.model import computing_in
    from train.parts import override

    if table.compares_precisions and asked:
        raise ValueError(
            f"--precision {asked}: the rows of {table.name} differ in what they compute in; leave it out"
        )
    said = any(change.partition("=")[0].strip().endswith("dtype") for change in changes)
    precision = asked or (None if said or table.compares_precisions else suits)
    if precision is not None:
        run = dataclasses.replace(run, model=computing_in(run.model, precision))
    return override(run, changes)
