"""Rows of a table that are none of its own: changed ones, and systems that go on from given weights."""

import dataclasses
from collections.abc import Iterable

from experiments.report import row_names
from experiments.report.columns import COMPARED, Significance
from experiments.report.table import Records, Table, cells
from train.folder.record import Record


def with_ablations(table: Table, records: Records) -> list[Table]:
    """The table with a row more for each changed row that was run, under the row it changes.

    One that bears a name of the user's stands below all rows.
    Systems that were given to it and run on its tasks stand below its own. After it, or alone where no row of
    its own was run, come tables for the changed rows of each other protocol, which compare with nothing here.
    """
    given = _given(table, records)
    table = dataclasses.replace(table, rows={**table.rows, **dict.fromkeys(given)}, others=given)
    bases = {name: row_names.changed(name, table.rows) for name in records if name not in table.rows}
    bases = {name: base for name, base in bases.items() if base or not row_names.CHANGES.search(name)}
    line_of = {row: line for line, members in table.lines.items() for row in members}
    lines = {name: line_of.get(base, "") + name.removeprefix(base) for name, base in bases.items()}
    own = [run for row in table.rows for run in records.get(row, ())]
    groups = [(_protocols(own), [])]
    for name, base in bases.items():
        protocols = _protocols(records[name])
        elsewhere = not own and (not base or row_names.on_other_data(name, base))
        for known, names in groups[1:] if elsewhere else groups:
            if all(protocols[key] == known[key] for key in protocols.keys() & known.keys()):
                known |= protocols
                names.append(name)
                break
        else:
            groups.append((protocols, [name]))
    (_, alike), *others = groups
    within = {}
    for row, run in table.rows.items():
        within |= {row: run} | {name: run for name in alike if bases[name] == row}
    within |= {name: None for name in alike if not bases[name]}
    apart = [
        dataclasses.replace(
            table,
            title=f"{table.name}: changed rows, scored under a protocol of their own",
            rows={name: table.rows.get(bases[name]) for name in names},
            baseline=lines[names[0]],
            others={name: lines[name] for name in names},
            published=(),
        )
        for _, names in others
    ]
    apart = [with_what_there_is(each, records) for each in apart]
    others = given | {name: lines[name] for name in alike}
    return (
        [dataclasses.replace(table, rows=within, others=others), *apart]
        if own or alike or not apart
        else apart
    )


def with_what_there_is(table: Table, records: Records) -> Table:
    """Without the columns that none of its rows has anything for, or nothing to be compared with."""
    lines = cells(table, records, p_values=False).values()
    there = lambda name, column: (
        len(table.rows) > 1 if isinstance(column, Significance) else any(line[name] for line in lines)
    )
    columns = {name: column for name, column in table.columns.items() if there(name, column)}
    return dataclasses.replace(table, columns=columns)


def _given(table: Table, records: Records) -> dict[str, str]:
    """{row: system} of systems that are none of the table's, on tasks that are."""
    strange = [name for name in records if name not in table.rows] if table.given else []
    found = ((name, row_names.system_on(task, name)) for name in strange for task in table.tasks)
    return {name: system for name, system in found if system}


def _protocols(runs: Iterable[Record]) -> dict[tuple[str, str], tuple]:
    """What each score of these runs must share with another to be compared."""
    return {
        key: tuple(result.protocol.get(field) for field in COMPARED)
        for run in runs
        for key, result in run.results.items()
    }
