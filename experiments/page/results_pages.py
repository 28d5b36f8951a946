"""The pages of results in Markdown: an overview of the lectures, and of each its claims and tables in full.

All of it is computed from records. A table stands once, on the page of its lecture, a claim on that of the
first lecture that makes it; a note that several tables of a page have is written once, below them.
"""

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from experiments.report.changed_rows import with_ablations
from experiments.report.claims import UNDECIDED, Finding, Verdict, judged
from experiments.report.columns import Column
from experiments.report.lectures import LECTURES
from experiments.report.markup import Code, Grid, item, markdown, markdown_escape, markdown_text
from experiments.report.quantities import Evidence
from experiments.report.table import Records, Table, best, cells, grid, published_grids, trimmed
from experiments.tables import catalogue

TEXT, WIDTH = 110, 200  # letters of a line of text, and of one of a table


class Results:
    """Records below a folder, and what they come to, each computed once."""

    def __init__(self, folder: Path):
        self.evidence = Evidence(folder)

    @functools.cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Of every claim."""
        return tuple(judged(claim, self.evidence) for claim in catalogue.claims().values())

    def verdicts_of(self, lecture: str) -> list[Verdict]:
        """Of the claims that this lecture is the first to make."""
        return [verdict for verdict in self.verdicts if verdict.claim.lectures[0] == lecture]

    def run(self, lecture: str) -> list[tuple[Table, Records]]:
        """The tables of a lecture that have a record, with their records."""
        found = [(table, self.evidence.table(table.name)) for table in of_lecture(lecture)]
        return [(table, records) for table, records in found if records]

    def left(self) -> list[Table]:
        """The tables of all lectures that have no record."""
        return [table for table in catalogue.tables().values() if not self.evidence.table(table.name)]


def of_lecture(lecture: str) -> list[Table]:
    """Its tables, one on real data after that on generated data."""
    return [table for table in catalogue.tables().values() if table.lecture == lecture]


def title(lecture: str) -> str:
    """The heading of a lecture."""
    return f"Lecture {lecture}: {LECTURES[lecture]}"


def page_name(lecture: str) -> str:
    """The file of a lecture's page."""
    return f"lecture-{lecture}.md"


def word(verdict: Verdict | Finding) -> str:
    """A verdict as it is written: what is decided is bold, for and against alike."""
    said = verdict.word if isinstance(verdict, Verdict) else verdict.verdict
    return "undecided" if said == UNDECIDED else f"**{said}**"


def effect(finding: Finding) -> str:
    """What the runs say of a rule, and what is missing."""
    return "; ".join(filter(None, (finding.text, finding.missing)))


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """A line a claim: its lectures, its words, the verdict and, where it was run, the first rule's effect."""
    lines = ["| | lecture | claim | verdict | first rule: effect |", "|:--|:--|:--|:--|:--|"]
    for verdict in verdicts:
        claim, first = verdict.claim, verdict.findings[0]
        told = f"{first.part.rule}: {first.text}" if first.values else "–"
        said, told = (text.replace("|", "¦") for text in (claim.said, told))
        lines.append(f"| {claim.id} | {claim.lecture} | {said} | {word(verdict)} | {told} |")
    return "\n".join(lines) + "\n"


def overview(lecture: str, results: Results) -> str:
    """Of a lecture the claims with their verdicts, then the tables that have records, a line each."""
    page = page_name(lecture)
    lines = [f"## {title(lecture)}", ""]
    lines += [item(brief(verdict), TEXT) for verdict in results.verdicts_of(lecture)]
    rows = [
        f"| [{table.name}]({page}#{table.name}) | {how_many(table, records)} | "
        f"{leader(table, records)} | {len(table.published) or '–'} |"
        for table, records in results.run(lecture)
    ]
    if rows:
        lines += [
            "",
            "| table | rows run | the best of them | published beside |",
            "|:--|--:|:--|--:|",
            *rows,
        ]
    return "\n".join([*lines, "", f"[Its rules, effects and tables in full]({page})."]) + "\n"


def brief(verdict: Verdict) -> str:
    """A claim, its verdict, and the first rule's effect where it was run."""
    first = verdict.findings[0]
    told = f"; {first.part.rule}: {first.text}" if first.values else ""
    others = f" (and {len(verdict.findings) - 1} more)" if told and len(verdict.findings) > 1 else ""
    return f"**{verdict.claim.id}** {quoted(verdict)}: {word(verdict)}{markdown_escape(told + others)}"


def quoted(verdict: Verdict) -> str:
    """The quote, and which other lectures say so."""
    _, *others = verdict.claim.lectures
    also = f" (and {', '.join(others)})" if others else ""
    return markdown_escape(verdict.claim.said + also)


def how_many(table: Table, records: Records) -> str:
    """How many rows of a table have a record."""
    return f"{sum(row in records for row in table.rows)} of {len(table.rows)}"


def leader(table: Table, records: Records) -> str:
    """The line that is best by the table's headline, and how good it is; "–" where no line is."""
    scores = (name for name, column in table.columns.items() if isinstance(column, Column))
    name = table.headline or next(scores, "")
    column = table.columns.get(name)
    filled = {line: of[name] for line, of in cells(table, records, p_values=False).items() if name in of}
    if not (leading := best(column, filled) if column else []):
        return "–"
    cell = filled[leading[0]]
    others = f" and {len(leading) - 1} more" if len(leading) > 1 else ""
    told = f"{column.metric} at {name}" if name.isdecimal() else name
    return markdown_escape(f"{told} {column.text(cell)} (n = {cell.n}): {leading[0]}{others}")


def left_to_run(results: Results) -> str:
    """The commands of the tables without a record, an item each."""
    commands = [(Code(table.command(list(table.rows))), f": {table.title}") for table in results.left()]
    items = [item(markdown_text(command), WIDTH) for command in commands]
    return "\n".join(items or ["Every table has a record."]) + "\n"


def lecture_page(lecture: str, results: Results) -> str:
    """The whole page of a lecture."""
    told = (
        "Written by `python -m experiments.readme` from the records beside it. [All lectures](README.md). "
        "A rule without its runs is undecided: `lookback claims C7` prints what would decide C7. "
        "Rows and columns without a record are left out of tables: `lookback table NAME` prints them too."
    )
    lines = [f"# {title(lecture)}", "", item(told, TEXT, ""), "", "## Claims", ""]
    for verdict in results.verdicts_of(lecture):
        lines += of_claim(verdict)
    if shown := [
        table for table in of_lecture(lecture) if table.published or results.evidence.table(table.name)
    ]:
        lines += ["", "## Tables", "", *of_tables(shown, results)]
    return "\n".join(lines) + "\n"


def of_claim(verdict: Verdict) -> Iterator[str]:
    """The verdict of a claim, below it each rule with its own, and what there is to say of it."""
    yield item(f"**{verdict.claim.id}** {quoted(verdict)}: {word(verdict)}", TEXT)
    for finding in verdict.findings:
        found = f"{word(finding)}, {markdown_escape(effect(finding))}"
        yield item(f"{markdown_escape(finding.part.rule)}: {found}", TEXT, "  - ")
    if verdict.claim.note:
        yield item(markdown_escape(verdict.claim.note), TEXT, "  - ")


def of_tables(tables: Sequence[Table], results: Results) -> Iterator[str]:
    """Every table with what runs it and published rows; below all of them the notes that several have."""
    ran = [list(grids(table, results.evidence.table(table.name))) for table in tables]
    times = Counter(note for parts in ran for part in parts for note in dict.fromkeys(part.notes))
    shared = {note: number for number, note in enumerate((n for n, count in times.items() if count > 1), 1)}
    for table, parts in zip(tables, ran, strict=True):
        yield f"### {table.name}\n\n{markdown_escape(table.title)}.\n"
        command = "" if parts else "Ours was not run yet: ", Code(table.command(list(table.rows)))
        yield item(markdown_text(command), TEXT, "") + "\n"
        for part in (*(numbered(part, shared) for part in parts), *published_grids(table)):
            below = "" if part.title == table.title else part.title
            yield markdown([dataclasses.replace(part, title=below)], 4, WIDTH, TEXT)
    if shared:
        yield "## Notes of several tables\n"
        yield from (item(markdown_text(note), TEXT, f"{number}. ") for note, number in shared.items())


def grids(table: Table, records: Records) -> Iterator[Grid]:
    """What was run of a table, then changed rows that compare with nothing in it."""
    for part in with_ablations(table, records) if records else ():
        shown, filled = trimmed(part, cells(part, records))
        yield grid(shown, records, filled)


def numbered(part: Grid, shared: Mapping[tuple[str, ...], int]) -> Grid:
    """A grid with the numbers of those of its notes that stand elsewhere."""
    own = tuple(note for note in part.notes if note not in shared)
    numbers = sorted(shared[note] for note in part.notes if note in shared)
    told = f"Of the notes at the end: {', '.join(map(str, numbers))}"
    return dataclasses.replace(part, notes=(*own, (told,)) if numbers else own)
