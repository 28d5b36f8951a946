"""Claims and tables for a notebook's cells: Markdown in Jupyter, plain text elsewhere.

Verdicts and numbers are computed from the committed records each time a cell runs; where there are no
records yet, the command that makes them stands in their place.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from experiments.evidence.records import RECORDS
from experiments.report.changed_rows import with_ablations
from experiments.report.claims import Verdict, judged
from experiments.report.columns import Significance
from experiments.report.markup import markdown_text
from experiments.report.quantities import Evidence
from experiments.report.table import render, unrun
from experiments.tables import catalogue
from train.metrics.distances import by_distance


class Markdown(str):
    """Text that Jupyter renders as Markdown where a cell ends with it."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def claims(*ids: str) -> Markdown:
    """What a lecture says, by the ids of its claims: quote, verdict, rules with effects, what is missing."""
    return Markdown("\n\n".join(verdict(judged(claim, evidence())) for claim in catalogue.named_claims(ids)))


def verdict(found: Verdict) -> str:
    """A claim with its verdict as Markdown."""
    claim = found.claim
    rules = []
    for one in found.findings:
        told = [text for text in (one.text and f"**{one.text}**", one.missing and f"({one.missing})") if text]
        rules.append(f"- {one.part.rule}: {' '.join(told) or one.verdict}")
    command = catalogue.deciding(found)
    missing = [f"- to decide it: `{command}`"] if command else []
    quote = f"> **{claim.id}**, lecture {claim.lecture}: {claim.said} — **{found.word}**"
    return "\n".join([quote, "", *rules, *missing])


def table(name: str, *rows: str, columns: Sequence[str] = ()) -> Markdown:
    """An experiment's table from the records, or these of its rows and columns, with its protocols below."""
    whole = found = catalogue.table(name)
    if rows:
        baseline = found.baseline if found.baseline in rows else rows[0]
        chosen = {row: catalogue.named_row(found.rows, row, name) for row in rows}
        found = dataclasses.replace(found, rows=chosen, baseline=baseline)
    if columns:
        found = dataclasses.replace(found, columns={column: found.columns[column] for column in columns})
    tested = any(isinstance(column, Significance) for column in found.columns.values())
    runs = {row: of for row, of in records(name).items() if row in found.rows}
    if not runs:
        return Markdown(markdown_text(unrun(whole, rows)))
    own = dataclasses.replace(found, published=())
    return Markdown("\n".join(render(part, runs, p_values=tested) for part in with_ablations(own, runs)))


def records(name: str) -> Mapping[str, Sequence]:
    """The committed records of a table by row; {} where there are none."""
    return evidence().table(name)


def values(name: str, metric: str, of: str = "test") -> dict[str, list[float]]:
    """{row: a score of each of its seeds}, of the rows of a table that have records, in the table's order."""
    kept = {row: [run.results[metric, of].value for run in runs if (metric, of) in run.results]
            for row, runs in records(name).items()}  # fmt: skip
    return {row: kept[row] for row in catalogue.table(name).rows if kept.get(row)}


def at_distances(name: str, metric: str) -> dict[str, list[tuple[int, float]]]:
    """{row: (distance, value) of all its seeds} of a metric that is taken at distances."""
    curves = {
        row: [(at, score.value) for run in runs for at, score in by_distance(run.results).get(metric, ())]
        for row, runs in records(name).items()
    }
    return {row: curve for row, curve in curves.items() if curve}


def missing(name: str, *rows: str) -> Markdown:
    """A line in the place of a figure: the command that makes the records it would be drawn from."""
    found = catalogue.table(name)
    return Markdown(f"No records yet to draw this from: `{found.command(rows or list(found.rows))}`")


@functools.cache
def evidence() -> Evidence:
    """The committed records, each table read once."""
    return Evidence(RECORDS)
