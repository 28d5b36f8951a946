"""A grid of text with notes below it, as Markdown, LaTeX or HTML."""

import dataclasses
import html as entities
import re
import textwrap
from collections.abc import Callable, Sequence

BLOCK_MARK = re.compile(
    r" (?=[-+*#=>|]|\d+[.)](?: |$))"
)  # a space before what would begin a block of Markdown


class Code(str):
    """Text to be shown letter by letter: a signature or a command."""


@dataclasses.dataclass(frozen=True)
class Grid:
    """Names in the first column, numbers right-aligned in the others; `bold` holds (row, column) places."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, ...], ...] = ()
    bold: frozenset[tuple[int, int]] = frozenset()


def markdown(grids: Sequence[Grid], level: int = 3, width: int | None = None, text: int | None = None) -> str:
    """GitHub's tables, padded so that they also read well in a terminal, below headings of this level.

    A table wider than `width` goes on in one below it, and a note longer than `text` in the next line.
    """
    if width:
        grids = [part for grid in grids for part in fitted(grid, width)]
    return "\n\n".join(_markdown(grid, level, text) for grid in grids) + "\n"


def _markdown(grid: Grid, level: int, text: int | None) -> str:
    rows = [_escaped(grid.header, markdown_escape), *_body(grid, markdown_escape, "**{}**")]
    widths = _widths(rows)
    header, *body = ["| " + " | ".join(_padded(row, widths)) + " |" for row in rows]
    rule = (
        "|:"
        + "|".join("-" * (width + 1) + (":" if column else "") for column, width in enumerate(widths))
        + "|"
    )
    notes = [item(markdown_text(note), text) for note in grid.notes]
    heading = [f"{'#' * level} {markdown_escape(grid.title)}", ""] if grid.title else []
    lines = [*heading, header, rule, *body]
    return "\n".join([*lines, "", *notes] if notes else lines)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(3, *(len(row[column]) for row in rows)) for column in range(len(rows[0]))]


def fitted(grid: Grid, width: int) -> list[Grid]:
    """The grid in as many as it takes, each with the names and some of the columns, notes below the last."""
    first, *others = _widths([
        _escaped(grid.header, markdown_escape), *_body(grid, markdown_escape, "**{}**")
    ])  # fmt: skip
    groups, room = [[]], width - first - len("|  |")
    for column, wide in enumerate(others, start=1):
        if groups[-1] and sum(others[at - 1] + len(" | ") for at in groups[-1]) + wide + len(" | ") > room:
            groups.append([])
        groups[-1].append(column)
    if len(groups) == 1:
        return [grid]
    parts = []
    for group in groups:
        columns = (0, *group)
        parts.append(
            Grid(
                title="" if parts else grid.title,
                header=tuple(grid.header[at] for at in columns),
                rows=tuple(tuple(row[at] for at in columns) for row in grid.rows),
                bold=frozenset((r, columns.index(c)) for r, c in grid.bold if c in columns),
            )
        )
    return [*parts[:-1], dataclasses.replace(parts[-1], notes=grid.notes)]


def markdown_text(note: Sequence[str]) -> str:
    """A note whose codes are shown letter by letter."""
    return _joined(note, markdown_escape, "`{}`".format)


def item(text: str, width: int | None = None, mark: str = "- ") -> str:
    """A list item of escaped text, of a width broken into lines none of which begins like another item."""
    if not width:
        return mark + text
    glued = BLOCK_MARK.sub("\0", text)
    lines = textwrap.wrap(
        glued,
        width,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace("\0", " ")


def markdown_escape(text: str) -> str:
    """A backslash where CommonMark or its tables would read a mark; an underscore within a word is none."""
    return re.sub(r"[\\`*|<\[~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)


def latex(grids: Sequence[Grid]) -> str:
    """One booktabs table a grid, notes below it."""
    return "% \\usepackage{booktabs}\n" + "\n\n".join(_latex(grid) for grid in grids) + "\n"


def _latex(grid: Grid) -> str:
    lines = [" & ".join(row) + r" \\" for row in _body(grid, latex_escape, r"\textbf{{{}}}")]
    notes = [
        _joined(note, latex_escape, lambda code: rf"\texttt{{{latex_escape(code)}}}") for note in grid.notes
    ]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{latex_escape(grid.title)}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(grid.header) - 1)}}}",
            r"\toprule",
            " & ".join(_escaped(grid.header, latex_escape)) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\footnotesize {note}" for note in notes),
            r"\end{table}",
        ]
    )


LATEX = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "→": r"$\to$",
    "–": "--",
}


def latex_escape(text: str) -> str:
    """The text with every letter that LaTeX would take for a command escaped."""
    return "".join(LATEX.get(letter, letter) for letter in text)


def html(grids: Sequence[Grid]) -> str:
    """A fragment to put into a page."""
    return "\n".join(_html(grid) for grid in grids) + "\n"


def _html(grid: Grid) -> str:
    def line(cells: Sequence[str], scope: str) -> str:
        name, *numbers = cells
        tag = 'th scope="col"' if scope == "col" else "td"
        right = "".join(f'<{tag} style="text-align: right">{cell}</{tag[:2]}>' for cell in numbers)
        return f'<tr><th scope="{scope}" style="text-align: left">{name}</th>{right}</tr>'

    body = [line(row, "row") for row in _body(grid, entities.escape, "<strong>{}</strong>")]
    notes = [
        _joined(note, entities.escape, lambda code: f"<code>{entities.escape(code)}</code>")
        for note in grid.notes
    ]
    return "\n".join(
        [
            "<table>",
            f"<caption>{entities.escape(grid.title)}</caption>",
            f"<thead>{line(_escaped(grid.header, entities.escape), 'col')}</thead>",
            "<tbody>",
            *body,
            "</tbody>",
            "</table>",
            *(["<ul>", *(f"<li>{note}</li>" for note in notes), "</ul>"] if notes else []),
        ]
    )


FORMATS = {"md": markdown, "latex": latex, "html": html}


def _escaped(cells: Sequence[str], escape: Callable[[str], str]) -> list[str]:
    return [escape(cell) for cell in cells]


def _body(grid: Grid, escape: Callable[[str], str], strong: str) -> list[list[str]]:
    return [
        [strong.format(escape(cell)) if (r, c) in grid.bold else escape(cell) for c, cell in enumerate(row)]
        for r, row in enumerate(grid.rows)
    ]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    name, *numbers = row
    return [
        name.ljust(widths[0]),
        *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)),
    ]


def _joined(note: Sequence[str], escape: Callable[[str], str], code: Callable[[str], str]) -> str:
    return "".join(code(part) if isinstance(part, Code) else escape(part) for part in note)
