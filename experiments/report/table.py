"""An experiment is its table: rows that are runs, columns that are scores, and published values beside them.

No number is printed without its protocol, and none is compared with a number taken under another.
"""

import csv
import dataclasses
import io
import itertools
import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments.report import markup, row_names
from experiments.report.columns import COMPARED, Cell, Column, Cost, Measure, Significance
from experiments.report.lectures import numbered
from experiments.report.markup import Code, Grid
from train.folder.record import Record

Systems = Mapping[str, Mapping[str, Any]]  # {system: {task: run}}
Records = Mapping[str, Sequence[Record]]
Cells = Mapping[str, Mapping[str, Cell | None]]
FORMATS = ("md", "latex", "csv", "html")
MISSING = "–"
NAMED = 20  # rows at most, in a command
TOLD = 4  # rows at most that are named for want of a seed


@dataclasses.dataclass(frozen=True)
class Published:
    """A row of somebody else's table: values as its source prints them ("" where it has none)."""

    row: str
    values: Mapping[str, str]
    protocol: str
    source: str


@dataclasses.dataclass(frozen=True)
class Table:
    """The runs that answer a question and what is read off them; the question begins its file's docstring.

    Rows are opaque here: the command line trains them, the table reads what they left in their directories.
    A line of the table is a row. Where each of several `systems` is trained on several tasks, {system: {task:
    run}}, a line is a system, whose scores are those of all its tasks, and the rows follow from the systems:
    all systems on the first task, then on the next. `baseline` is a line.

    `smoke` are the changes that let a row run in seconds. `real` is the same question put to real data, and
    `real_of` names the experiment that such a table belongs to. `given` makes further systems of a folder of
    published weights, which go on from these. `others` are rows that are none of its own, of changed rows and
    of given systems, each with its line.

    `lecture` is the one on whose page of results the table stands, and `headline` the column whose best row
    is named there: the first score where it is "". Where rows differ in what they compute in, a table
    `compares_precisions`, and no device and no user changes that of all of them.
    """

    name: str
    title: str
    columns: Mapping[str, Measure]
    baseline: str
    rows: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    systems: Systems = dataclasses.field(default_factory=dict)
    published: tuple[Published, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    smoke: tuple[str, ...] = ()
    real: "Table | None" = None
    real_of: str | None = None
    given: Callable[[str], Systems] | None = None
    others: Mapping[str, str] = dataclasses.field(default_factory=dict)
    lecture: str = ""
    headline: str = ""
    compares_precisions: bool = False

    def __post_init__(self):
        if self.systems and not self.rows:
            object.__setattr__(self, "rows", rows_of(self.systems))
        if self.real is not None:
            real = dataclasses.replace(self.real, real_of=self.name, lecture=self.lecture)
            object.__setattr__(self, "real", real)
        if strange := set(self.rows) - set(self._own_lines) - set(self.others):
            raise ValueError(f"table {self.name}: {min(strange)!r} is a row of none of its systems")
        if self.baseline not in self.lines:
            raise ValueError(f"table {self.name}: the baseline {self.baseline!r} is none of its rows")
        if self.lecture:
            numbered(self.lecture)
        if self.headline and self.headline not in self.columns:
            raise ValueError(f"table {self.name}: the headline {self.headline!r} is none of its columns")

    @property
    def _own_lines(self) -> dict[str, str]:
        if not self.systems:
            return {row: row for row in self.rows if row not in self.others}
        return {
            row_names.of_task(system, task): system for system, runs in self.systems.items() for task in runs
        }

    @property
    def lines(self) -> dict[str, tuple[str, ...]]:
        """{line: its rows}, in the order of the rows."""
        line_of, found = {**self._own_lines, **self.others}, {}
        for row in self.rows:
            found[line_of[row]] = (*found.get(line_of[row], ()), row)
        return found

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that its systems are trained on."""
        return tuple(dict.fromkeys(task for runs in self.systems.values() for task in runs))

    def further(self, folder: str) -> dict[str, Any]:
        """The rows of the systems that begin with the published weights of a folder, on the table's tasks."""
        if self.given is None:
            raise ValueError(
                f"{self.name} has no rows that begin with published weights: leave out --weights"
            )
        found = rows_of(self.given(folder))
        if taken := [row for row in found if row in self.rows]:
            raise ValueError(f"{folder}: {taken[0]!r} is a row of {self.name} already; rename the folder")
        return found

    def command(self, chosen: Sequence[str]) -> str:
        """What to type to fill these rows.

        Of more than anyone would read it is the command of all rows: what has been done is left alone.
        """
        words = [
            "lookback",
            "run",
            self.real_of or self.name,
            *(["--data-dir", "DIR"] if self.real_of else ()),
        ]
        few = list(chosen) != list(self.rows) and len(chosen) <= NAMED
        return shlex.join([*words, "--rows", *chosen] if few else words)


def rows_of(systems: Systems) -> dict[str, Any]:
    """{row: run}: all systems on the first task, then on the next."""
    tasks = dict.fromkeys(task for runs in systems.values() for task in runs)
    return {
        row_names.of_task(system, task): runs[task]
        for task in tasks
        for system, runs in systems.items()
        if task in runs
    }


def cells(table: Table, records: Records, p_values: bool = True) -> Cells:
    """{line: {column: Cell, or None where nothing was run}}; scores of unlike protocol are refused."""
    for name, column in table.columns.items():
        if isinstance(column, Column):
            _require_one_protocol(table, name, column, records)
    of_lines = by_line(table, records)
    baseline = of_lines.get(table.baseline, ())
    return {
        line: {
            name: column.cell(of_lines.get(line, ()), baseline)
            if p_values or not isinstance(column, Significance)
            else None
            for name, column in table.columns.items()
        }
        for line in table.lines
    }


def by_line(table: Table, records: Records) -> dict[str, list[Record]]:
    """{line: its runs}; of a system those of one seed, on all its tasks, are one."""
    found = {}
    for line, members in table.lines.items():
        runs = [run for row in members for run in records.get(row, ())]
        if table.systems:
            seeds = sorted({run.seed for run in runs})
            runs = [_together([run for run in runs if run.seed == seed]) for seed in seeds]
        if runs:
            found[line] = runs
    return found


def render(table: Table, records: Records, format: str = "md", p_values: bool = True) -> str:
    """The table as md, latex, csv or html; `p_values=False` spares the seconds the bootstrap takes."""
    if format not in FORMATS:
        raise ValueError(f"no table format {format!r}: one of {', '.join(FORMATS)}")
    return rendered(table, records, cells(table, records, p_values), format)


def rendered(table: Table, records: Records, filled: Cells, format: str) -> str:
    """The table of cells that are there already."""
    if format == "csv":
        return _csv(table, filled, by_line(table, records))
    return markup.FORMATS[format]([grid(table, records, filled), *published_grids(table)])


def trimmed(table: Table, filled: Cells) -> tuple[Table, Cells]:
    """Both without the columns that no line has anything for, and the cells without lines that nobody ran."""
    runs = scored(filled)
    names = [name for name in table.columns if any(of[name] for of in filled.values())]
    columns = {name: table.columns[name] for name in names}
    found = {line: {name: of[name] for name in names} for line, of in filled.items() if runs[line]}
    return dataclasses.replace(table, columns=columns, headline=""), found


def _left(table: Table, records: Records) -> list[tuple[str, ...]]:
    """The commands for what was not run at all, and for what was run on fewer seeds than it should."""
    scores = [column for column in table.columns.values() if isinstance(column, Column | Cost)]
    found = {row: [column.cell(records.get(row, ())) for column in scores] for row in table._own_lines}
    runs = {row: max((cell.n for cell in of if cell), default=0) for row, of in found.items()}
    asked = [row for row in table.rows if row not in table.others]
    none = [row for row in asked if not runs[row]]
    fewer = [row for row in asked if 0 < runs[row] < len(table.seeds)]
    told = fewer if len(fewer) <= TOLD else list(table.rows)  # which these are, the column n says
    left = {f"{MISSING} not run yet: ": none}
    left |= {f"Fewer than {len(table.seeds)} seeds so far: ": told} if fewer else {}
    return [(what, Code(table.command(names))) for what, names in left.items() if names]


def unrun(table: Table, rows: Sequence[str] = ()) -> tuple[str, Code]:
    """What stands for a table that nobody ran, with the command that runs it, or these of its rows."""
    return f"{table.title}: not run yet, ", Code(table.command(list(rows or table.rows)))


def scored(filled: Cells) -> dict[str, int]:
    """How many runs of each line have a score."""
    return {row: max((cell.n for cell in of.values() if cell), default=0) for row, of in filled.items()}


def _together(runs: Sequence[Record]) -> Record:
    """Runs of one seed as one: all that they scored, where, and the seconds that all of them took."""
    results = {key: result for run in runs for key, result in run.results.items()}
    seconds = sum(run.cost.get("seconds", 0.0) for run in runs)
    origins = tuple(itertools.chain.from_iterable(run.origins for run in runs))
    cost = {**runs[0].cost, "seconds": seconds}
    return dataclasses.replace(runs[0], results=results, cost=cost, origins=origins)


def _require_one_protocol(table: Table, name: str, column: Column, records: Records) -> None:
    key = (column.metric, column.name)
    runs = [run for row in table.rows for run in records.get(row, ()) if key in run.results]
    for first, other in itertools.pairwise(runs):
        ours, theirs = first.results[key].protocol, other.results[key].protocol
        unlike = [field for field in COMPARED if ours.get(field) != theirs.get(field)]
        if unlike:
            differences = "; ".join(f"{field}: {ours.get(field)} / {theirs.get(field)}" for field in unlike)
            raise ValueError(
                f"table {table.name}, column {name}: rows {first.row} (seed {first.seed}) and {other.row} "
                f"(seed {other.seed}) were scored under unlike protocols ({differences})"
            )


def grid(table: Table, records: Records, filled: Cells) -> Grid:
    """A row a line, and below them the notes: protocols, origin of the runs, what is left to run."""
    runs, of_lines = scored(filled), by_line(table, records)
    rows = tuple(
        (row, str(runs[row]), *(printed(table.columns[name], cell, runs[row]) for name, cell in of.items()))
        for row, of in filled.items()
    )
    return Grid(
        title=table.title,
        header=("", "n", *table.columns),
        rows=rows,
        notes=(*_notes(table, filled, of_lines, runs), *_left(table, records)),
        bold=frozenset(_best(table, filled)),
    )


def printed(column: Measure, cell: Cell | None, runs: int) -> str:
    """A cell's text, and how many of a line's runs it is of where these are fewer."""
    if cell is None:
        return MISSING
    fewer = cell.n < runs and not isinstance(column, Significance)
    return column.text(cell) + (f" (n = {cell.n})" if fewer else "")


def _best(table: Table, filled: Cells) -> list[tuple[int, int]]:
    """Places of the best mean of each score."""
    lines = list(filled)
    return [
        (lines.index(line), at)
        for at, (name, column) in enumerate(table.columns.items(), start=2)
        for line in best(column, {line: of[name] for line, of in filled.items()})
    ]


def best(column: Measure, of_lines: Mapping[str, Cell | None]) -> list[str]:
    """The lines with the best mean of a score; none where there are not two to choose from."""
    means = {line: cell.mean for line, cell in of_lines.items() if cell and math.isfinite(cell.mean)}
    if not isinstance(column, Column) or column.better == "neither" or len(means) < 2:
        return []
    chosen = column.best(list(means.values()))
    return [line for line, mean in means.items() if mean == chosen]


def notes_on(table: Table, records: Records, filled: Cells) -> list[str]:
    """The notes below a table as plain texts."""
    return ["".join(note) for note in _notes(table, filled, by_line(table, records), scored(filled))]


def _notes(table: Table, filled: Cells, records: Records, runs: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Protocol of each column, equal ones once, and origin of the runs."""
    columns_of: dict[tuple[str, ...], list[str]] = {}
    for name, column in table.columns.items():
        note = column.note([of[name] for of in filled.values() if of[name]], table.baseline)
        if note:
            columns_of.setdefault(note, []).append(name)
    notes = [(f"{', '.join(names)}: ", *note) for note, names in columns_of.items()]
    done = {row: records[row] for row, n in runs.items() if n}
    if done:
        notes += [("Mean ± sample standard deviation over n seeds",), ("Runs: ", _origin(done))]
    return notes


def _origin(done: Records) -> str:
    """Seeds, commit, device and whatever else the protocols say, each once or with the rows it holds for."""
    told = {
        "seeds": lambda run: [str(run.seed)],
        "commit": _origin_field("commit"),
        "device": _origin_field("device"),
    }
    protocols = [result.protocol for runs in done.values() for run in runs for result in run.results.values()]
    for field in sorted({field for protocol in protocols for field in protocol} - set(COMPARED)):
        told[field] = _protocol_field(field)
    return "; ".join(f"{name} {_grouped(done, value)}" for name, value in told.items())


def _origin_field(field: str) -> Callable[[Record], list[str]]:
    return lambda run: [origin[field] for origin in run.origins if field in origin] or ["unknown"]


def _protocol_field(field: str) -> Callable[[Record], list[str]]:
    def value(run: Record) -> list[str]:
        said = {result.protocol[field] for result in run.results.values() if field in result.protocol}
        return [" and ".join(sorted(said))] if said else []

    return value


def _grouped(done: Records, value: Callable[[Record], list[str]]) -> str:
    """What it says of all rows, or with the rows of whose runs it says that."""
    groups: dict[str, list[str]] = {}
    for row, runs in done.items():
        if text := ", ".join(dict.fromkeys(itertools.chain.from_iterable(map(value, runs)))):
            groups.setdefault(text, []).append(row)
    if list(groups.values()) == [list(done)]:
        return next(iter(groups))
    return ", ".join(f"{text} ({', '.join(rows)})" for text, rows in groups.items())


def published_grids(table: Table) -> list[Grid]:
    """Published rows, one grid a protocol: nothing in them is compared with ours."""
    grids, groups = [], _by_protocol(table.published)
    for number, (protocol, rows) in enumerate(groups.items(), start=1):
        names = list(dict.fromkeys(name for row in rows for name in row.values))
        lines = tuple((row.row, *(row.values.get(name) or MISSING for name in names)) for row in rows)
        sources = dict.fromkeys(row.source for row in rows)
        notes = ((f"Protocol: {protocol}",), *((f"Source: {source}",) for source in sources))
        title = f"Published ({number} of {len(groups)}), each under its own protocol"
        grids.append(Grid(title, ("", *names), lines, notes))
    return grids


def _by_protocol(published: Sequence[Published]) -> dict[str, list[Published]]:
    groups: dict[str, list[Published]] = {}
    for row in published:
        groups.setdefault(row.protocol, []).append(row)
    return groups


def _csv(table: Table, filled: Cells, records: Records) -> str:
    """One line a cell, for programs."""
    lines = [("table", "origin", "row", "column", "mean", "std", "n", "protocol", "source")]
    for row, of in filled.items():
        origin = _origin({row: records[row]}) if records.get(row) else table.command(table.lines[row])
        for name, cell in of.items():
            protocol = "; ".join(f"{field}={text}" for field, text in cell.protocol.items()) if cell else ""
            spread = "" if cell is None or cell.std is None else repr(cell.std)
            mean, n = (repr(cell.mean), cell.n) if cell else ("", 0)
            lines.append((table.name, "runs", row, name, mean, spread, n, protocol, origin))
    for row in table.published:
        for name, value in row.values.items():
            lines.append((table.name, "published", row.row, name, value, "", "", row.protocol, row.source))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
