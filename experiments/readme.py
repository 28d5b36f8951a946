"""Write the tables of the pages anew from what was measured: `python -m experiments.readme [RUNS_DIR]`.

A table stands between `<!-- table NAME -->` and `<!-- end -->`; what is there is replaced by what
`lookback table` prints, published rows left out. NAME may be that of the table on real data, such as
translation-multi30k. `<!-- speed PLATFORM -->` is what `lookback bench --render` prints, and
`<!-- complexity PLATFORM -->` what `lookback complexity --render` does. What there is nothing new of stays as
it is.
"""

import dataclasses
import re
import sys
from pathlib import Path

from experiments.bench import report, results
from experiments.commands import complexity
from experiments.report.changed_rows import with_ablations
from experiments.report.table import Table, render
from experiments.tables.catalogue import tables
from train.folder.record import collect

RENDERED = {"speed": report.render, "complexity": complexity.render}
ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "experiments" / "results" / "README.md")
BLOCK = re.compile(r"(<!-- (table|speed|complexity) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rewritten(text: str, runs_dir: Path) -> str:
    """The text with each of its tables as the measurements there are render it."""
    known = {name: dataclasses.replace(table, published=()) for name, table in tables().items()}

    def fill(block: re.Match) -> str:
        begin, kind, name, end = block.groups()
        told = filled(known[name], collect(runs_dir, name)) if kind == "table" else measured(kind, name)
        return begin + told + "\n" + end if told else block[0]

    return BLOCK.sub(fill, text)


def filled(table: Table, records: dict) -> str:
    """The table of these runs as Markdown; "" where there are none."""
    return "\n".join(render(part, records) for part in with_ablations(table, records)) if records else ""


def measured(kind: str, platform: str) -> str:
    """What was measured on a platform as Markdown; "" where nothing was."""
    found = results.read(ROOT / "experiments" / "results" / f"{kind}-{platform}.json")
    return RENDERED[kind](list(found.values())) if found else ""


if __name__ == "__main__":
    runs = Path(sys.argv[1] if len(sys.argv) > 1 else "runs")
    for page in PAGES:
        page.write_text(rewritten(page.read_text(encoding="utf-8"), runs), encoding="utf-8")
