"""The page from records: a lecture, its claims with verdicts, the tables that decide them, and curves."""

import html
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.page.curves import chart
from experiments.report.changed_rows import with_ablations
from experiments.report.claims import CONFIRMED, MIXED, REFUTED, UNDECIDED, Verdict, judged
from experiments.report.columns import Column
from experiments.report.lectures import LECTURES
from experiments.report.markup import html as as_html
from experiments.report.quantities import Evidence
from experiments.report.table import (
    Records,
    Table,
    by_line,
    cells,
    notes_on,
    printed,
    published_grids,
    rendered,
    scored,
    trimmed,
)
from experiments.tables import catalogue
from train.folder.manifest import seal
from train.folder.record import Record
from train.metrics.distances import by_distance

HERE = Path(__file__).parent


def render_page(folder: Path, seen: Sequence[Mapping[str, Any]] = ()) -> str:
    """All of it as one HTML file; `seen` are files of looks (looks.py) for the explorer."""
    evidence = Evidence(folder)
    verdicts = [judged(claim, evidence) for claim in catalogue.claims().values()]
    tables = catalogue.tables()
    used = {table for verdict in verdicts for table, _ in verdict.claim.places}
    ran = {name: evidence.table(name) for name in tables}
    shown = [name for name in tables if ran[name] or name in used]
    counted = Counter(verdict.word for verdict in verdicts)
    told = ", ".join(
        f"{counted[word]} {word}" for word in (CONFIRMED, REFUTED, MIXED, UNDECIDED) if counted[word]
    )
    body = [
        "<h1>Lookback: what the lectures say, and what the runs say</h1>",
        f'<p id="count">{len(verdicts)} claims: {told}.</p>',
        "<nav>"
        + "".join(f'<a href="#lecture-{number}">Lecture {number}</a>' for number in LECTURES)
        + '<a href="#explorer">Explorer</a><a href="#tables">Tables</a></nav>',
        *(part for number in LECTURES for part in lecture(number, verdicts)),
        *explorer(seen),
        '<h2 id="tables">Tables</h2>',
        *(of_table(tables[name], ran[name]) for name in shown),
    ]
    files = ("page.css", "page.js", "explorer.js")
    style, script, exploring = ((HERE / name).read_text(encoding="utf-8") for name in files)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8"><title>Lookback</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{style}</style></head><body>",
            *body,
            f"<script>{script}</script><script>{exploring}</script></body></html>",
            "",
        ]
    )


def explorer(seen: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Where the explorer goes, and what it shows."""
    yield '<h2>Explorer</h2><section id="explorer">'
    if not seen:
        yield "<p>Nothing to explore yet: <code>lookback explore runs/translation/transformer/0</code></p>"
    packed = json.dumps(list(seen), ensure_ascii=False).replace("</", "<\\/")
    yield f'</section><script type="application/json" id="looks">{packed}</script>'


def lecture(number: str, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A lecture's heading and its claims; one that several lectures make stands with the first of them."""
    yield f'<h2 id="lecture-{number}">Lecture {number}: {LECTURES[number]}</h2>'
    for verdict in verdicts:
        if verdict.claim.lectures[0] == number:
            yield of_claim(verdict)


def of_claim(verdict: Verdict) -> str:
    """A claim: its verdict, the quote, rules with their effects, what is missing, and its tables."""
    claim, say = verdict.claim, html.escape
    rules = []
    for finding in verdict.findings:
        effect = f": <b>{say(finding.text)}</b>" if finding.text else ""
        missing = f" <small>({say(finding.missing)})</small>" if finding.missing else ""
        rules.append(
            f'<li><span class="{finding.verdict}">{say(finding.part.rule)}</span>{effect}{missing}</li>'
        )
    tables = dict.fromkeys(table for table, _ in claim.places)
    links = ", ".join(f'<a href="#table-{say(name)}">{say(name)}</a>' for name in tables)
    typed = catalogue.deciding(verdict)
    command = f"<p><code>{say(typed)}</code></p>" if typed else ""
    note = f"<p>{say(claim.note)}</p>" if claim.note else ""
    word = f'<span class="verdict {verdict.word}">{verdict.word}</span>'
    return "".join(
        [
            f'<article class="claim" id="{say(claim.id)}" data-verdict="{verdict.word}">',
            f'<header><span class="id">{say(claim.id)}</span>{word}',
            f"<blockquote>{say(claim.said)}</blockquote></header>",
            f'<ul class="rules">{"".join(rules)}</ul>{note}{command}',
            f"<p>Decided by {links or 'what is measured of the machine'}.</p></article>",
        ]
    )


def of_table(table: Table, records: Records) -> str:
    """A table with its curves, its notes folded, and buttons that copy it."""
    parts = "".join(one_table(part, records) for part in with_ablations(table, records)) if records else ""
    undone = [row for row in table.rows if not records.get(row)]
    left = ""
    if undone:
        what = "Not run yet" if not records else f"Not run yet: {', '.join(undone)}"
        left = f"<p>{html.escape(what)}: <code>{html.escape(table.command(undone))}</code></p>"
    head = f'<section id="table-{html.escape(table.name)}"><h3>{html.escape(table.title)}</h3>'
    theirs = as_html(published_grids(table)) if table.published else ""
    folded = f"<details><summary>published</summary>{theirs}</details>" if theirs else ""
    return f"{head}{parts}{left}{folded}{curves(table, records)}</section>"


def one_table(table: Table, records: Records) -> str:
    """The rows that were run; each seed's number stands in the cell's title."""
    every, of_lines = cells(table, records), by_line(table, records)
    shown, filled = trimmed(table, every)
    counted, names = scored(filled), list(shown.columns)
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in ("", "n", *names))
    body = []
    for line, of in filled.items():
        runs = of_lines[line]
        row = [f'<th scope="row">{html.escape(line)}</th><td>{counted[line]}</td>']
        for name in names:
            text = html.escape(printed(table.columns[name], of[name], counted[line]))
            seeds = html.escape(of_seeds(table.columns[name], runs))
            row.append(f'<td title="{seeds}">{text}</td>' if seeds else f"<td>{text}</td>")
        body.append(f"<tr>{''.join(row)}</tr>")
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in notes_on(table, records, every))
    copies = {kind: rendered(table, records, every, kind) for kind in ("csv", "latex")}
    key = f"copy-{seal(' '.join((table.name, *table.rows)))}"
    buttons = "".join(f'<button data-copy="{key}-{kind}">copy {kind}</button>' for kind in copies)
    texts = "".join(
        f'<script type="text/plain" id="{key}-{kind}">{text.replace("</", "<&#47;")}</script>'
        for kind, text in copies.items()
    )
    caption = f"<caption>{html.escape(table.title)}</caption>"
    lines = f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
    folded = f"<details><summary>protocol and origin</summary><ul>{notes}</ul></details>"
    return f'<div class="scroll"><table>{caption}{lines}</table></div>{buttons}{texts}{folded}'


def of_seeds(column, runs: Sequence[Record]) -> str:
    """What each seed scored."""
    if not isinstance(column, Column):
        return ""
    key = (column.metric, column.name)
    return ", ".join(f"seed {run.seed}: {run.results[key].value:.4g}" for run in runs if key in run.results)


def curves(table: Table, records: Records) -> str:
    """Validation loss against updates, and what is measured at distances against these."""
    rows = {row: records[row] for row in table.rows if records.get(row)}
    losses = {
        row: [[(one["step"], one["loss"]) for one in run.valid] for run in runs] for row, runs in rows.items()
    }
    losses = {row: seeds for row, seeds in losses.items() if any(len(seed) > 1 for seed in seeds)}
    found = [chart(losses, "updates", "validation loss")]
    by_metric: dict[str, dict[str, list]] = {}
    for row, runs in rows.items():
        for run in runs:
            for metric, scores in by_distance(run.results).items():
                points = [(float(distance), score.value) for distance, score in scores]
                by_metric.setdefault(metric, {}).setdefault(row, []).append(points)
    for metric, series in by_metric.items():
        small = min(b for seeds in series.values() for seed in seeds for _, b in seed) < 1
        found.append(chart(series, "words back", metric, log_x=True, log_y=small))
    drawn = "".join(found)
    return f"<details><summary>curves</summary>{drawn}</details>" if drawn else ""
