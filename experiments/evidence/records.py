"""The records that the project keeps of its own runs: what every page, table and verdict is rendered from.

A record is the excerpt of a run (train/folder/excerpt.py) at <records>/<table>/<row>/<seed>, where a run lies
below runs/. It is of a row as the table has it today: a row that has changed since has no record.
"""

from collections.abc import Iterator
from pathlib import Path

from data.files.installed import PACKAGES
from experiments.report.quantities import Evidence
from experiments.report.table import Records, Table
from train.folder import excerpt, manifest
from train.folder.record import collect

RECORDS = Path(__file__).parents[1] / "results" / "records"


def own_or_kept(runs_dir: str | None, table: str) -> Records:
    """The runs of a table below a folder; of runs/ where none is named, else the committed records."""
    if runs_dir is not None:
        return collect(runs_dir, table)
    return Evidence(Path("runs")).table(table) or Evidence(RECORDS).table(table)


def folder_of(runs_dir: str | None) -> Path:
    """A folder of runs of a user's, which has to be there, or where none is named that of the records."""
    if runs_dir and not Path(runs_dir).is_dir():
        raise ValueError(
            f"{runs_dir}: no such folder of runs; leave out --runs-dir for the committed records"
        )
    return Path(runs_dir) if runs_dir else RECORDS


def keep(run_dir: Path, records: Path = RECORDS) -> Path:
    """Write the record of a finished run; ValueError where it is none of a table as it is today."""
    described = manifest.read(run_dir)
    if wrong := stale(described):
        raise ValueError(f"{run_dir}: {wrong}")
    into = records / described["experiment"] / described["row"] / str(described["seed"])
    excerpt.write(run_dir, into)
    return into


def has(table: str, row: str, seed: int, records: Path = RECORDS) -> bool:
    """Whether a row, as its table has it today, has a record with this seed."""
    folder = records / table / row / str(seed)
    return folder.is_dir() and not stale(manifest.read(folder))


def stale(described: dict) -> str:
    """Why a run is none of a row as its table has it today; "" where it is."""
    from experiments.tables import catalogue
    from train.folder.claim import first_difference
    from train.parts import from_tree, to_tree

    table, row = catalogue.table(described["experiment"]), described["row"]
    rows = table.rows if row in table.rows else given(table, row)
    if row not in rows:
        return f"{table.name} has no row {row!r}"
    run = rows[row].of_seed(described["seed"])
    try:
        then = to_tree(from_tree(described["run"]))
    except ValueError as error:  # a part or a field that is no more
        return str(error)
    return first_difference(then, to_tree(run), "run") or ""


def given(table: Table, row: str) -> dict:
    """The rows of a table that begin with published weights, of which this row's name names the package."""
    name = row.partition(": ")[0]
    return table.further(name) if table.given and name in PACKAGES else {}


def kept(records: Path = RECORDS) -> Iterator[Path]:
    """The folder of every record, in order."""
    return (path.parent for path in sorted(records.glob("*/*/*/run.json")))
