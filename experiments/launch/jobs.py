"""What a launch consists of: a job is one row of a table with one seed, and goes on from where it stands."""

import dataclasses
import functools
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from experiments.report.claims import SEEDS, Claim
from experiments.report.quantities import Place
from experiments.report.row_names import ablation, require_new_name


@dataclasses.dataclass(frozen=True)
class Job:
    """A row of a table with a seed; `changes`, `called` (--name) and `precision` as of `lookback run`."""

    table: str
    row: str
    seed: int
    changes: tuple[str, ...] = ()
    called: str = ""
    precision: str | None = None

    @property
    def name(self) -> str:
        """What its row and its folder are called."""
        return self.called or ablation(self.row, self.changes)

    def folder(self, runs_dir: Path) -> Path:
        """Where it runs."""
        return runs_dir / self.table / self.name / str(self.seed)

    def arguments(self, runs_dir: Path, data_dir: str | None = None) -> list[str]:
        """What of `lookback` runs it, or goes on with it."""
        data = ["--data-dir", data_dir] if data_dir else []
        where = ["--rows", self.row, "--seed", str(self.seed), "--runs-dir", str(runs_dir), *data]
        named = ["--name", self.called] if self.called else []
        computed = ["--precision", self.precision] if self.precision else []
        return ["run", self.table, *self.changes, *where, *named, *computed]

    def command(self, runs_dir: Path, data_dir: str | None = None) -> list[str]:
        """That by this process's Python, from where it is."""
        return [sys.executable, "-m", "experiments", *self.arguments(runs_dir, data_dir)]

    @functools.cached_property
    def before(self) -> "tuple[Job, ...]":
        """The job whose weights it begins with, then the one that one begins with, and so on."""
        from experiments.tables import catalogue
        from train.parts import override
        from train.weights.initial import Pretrained

        initial = override(catalogue.table(self.table).rows[self.row], list(self.changes)).initial
        if not isinstance(initial, Pretrained):
            return ()
        first = Job(initial.experiment, initial.row, initial.seed, precision=self.precision)
        return (first, *first.before)

    def __str__(self) -> str:
        return f"{self.table}/{self.name}/{self.seed}"


def of_tables(
    names: Sequence[str],
    rows: Sequence[str] = (),
    seeds: Sequence[int] = (),
    changes: Sequence[str] = (),
    data_dir: str | None = None,
    called: str = "",
    precision: str | None = None,
) -> list[Job]:
    """The jobs of tables: all rows with the first seed, then with the next; what they begin with before them.

    ValueError, before anything runs, for a table or a row that is none, for changes that do not fit, and for
    a name, `called`, of more than one row; for a precision of rows that differ in theirs.
    """
    from experiments.command_line.precision_option import in_precision
    from experiments.tables import catalogue

    found: list[Job] = []
    for name in names:
        table = catalogue.chosen(name, data_dir)
        chosen = [row for row in rows if row in table.rows] if len(names) > 1 else rows
        for row in chosen or table.rows:
            run = catalogue.named_row(table.rows, row, table.name)
            in_precision(run, table, precision, None, changes).require()
        if called:
            require_new_name(called, chosen or table.rows, table)
        found += [
            Job(table.name, row, seed, tuple(changes), called, precision)
            for seed in seeds or table.seeds
            for row in chosen or table.rows
        ]
    return with_prerequisites(found)


def of_claims(
    claims: Sequence[Claim],
    seeds: Sequence[int] = (),
    data_dir: str | None = None,
    precision: str | None = None,
) -> tuple[list[Job], list[Place]]:
    """The jobs that decide claims, one claim after another, and the rows on real data that wait for a folder.

    Seeds are the first three where none are given, as many as a verdict takes.
    """
    from experiments.tables import catalogue

    tables = catalogue.tables()
    places = dict.fromkeys(place for claim in claims for place in claim.places)
    waiting = [place for place in places if tables[place[0]].real_of and not data_dir]
    found = [
        Job(name, row, seed, precision=None if tables[name].compares_precisions else precision)
        for claim in claims
        for seed in seeds or range(SEEDS)
        for name, row in claim.places
        if (name, row) not in waiting
    ]
    return with_prerequisites(found), waiting


def with_prerequisites(jobs: Iterable[Job]) -> list[Job]:
    """Each job once, after the one whose weights it begins with."""
    found: dict[Job, None] = {}
    for job in jobs:
        for one in (*reversed(job.before), job):
            found.setdefault(one)
    return list(found)
