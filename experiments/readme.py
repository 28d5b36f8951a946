"""Write the tables of README.md anew from the runs there are: `python -m experiments.readme`.

A table stands between `<!-- table NAME -->` and `<!-- end -->`; what is there is replaced by what
`lookback table` prints, published rows left out. NAME may be that of the table on real data, such as
translation-multi30k.
"""

import dataclasses
import re
import sys
from pathlib import Path

from experiments import catalogue
from experiments.ledger import collect
from experiments.table import Table, render, with_ablations

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- table (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def tables() -> dict[str, Table]:
    """Every table by its name, those on real data among them."""
    found = [catalogue.table(name) for name in catalogue.questions()]
    return {each.name: each for table in found for each in (table, table.real) if each}


def rewritten(text: str, runs_dir: Path) -> str:
    known = {name: dataclasses.replace(table, published=()) for name, table in tables().items()}

    def fill(block: re.Match) -> str:
        records = collect(runs_dir, block[2])
        parts = with_ablations(known[block[2]], records)
        return block[1] + "\n".join(render(part, records) for part in parts) + "\n" + block[3]

    return BLOCK.sub(fill, text)


if __name__ == "__main__":
    runs = Path(sys.argv[1] if len(sys.argv) > 1 else "runs")
    README.write_text(rewritten(README.read_text(encoding="utf-8"), runs), encoding="utf-8")
