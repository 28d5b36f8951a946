"""Write the pages anew from the committed records: `python -m experiments.readme [--check]`.

A table stands between `<!-- table NAME -->` and `<!-- end -->`; what is there is replaced by what
`lookback table` prints, published rows left out. NAME may be that of the table on real data, such as
translation-multi30k. `<!-- claims LECTURE -->` are the verdicts of a lecture, or of "all",
`<!-- speed PLATFORM -->` is what `lookback bench --render` prints, and `<!-- complexity PLATFORM -->` what
`lookback complexity --render` does. With --check nothing is written: exit code 1 where a page is not what
its records render to.
"""

import re
import sys
from pathlib import Path

from experiments.bench import report, results
from experiments.commands import complexity
from experiments.evidence.records import RECORDS
from experiments.inline.shown import filled
from experiments.report.claims import UNDECIDED, judged
from experiments.report.quantities import Evidence
from experiments.tables.catalogue import claims, tables

RENDERED = {"speed": report.render, "complexity": complexity.render}
ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "experiments" / "results" / "README.md")
BLOCK = re.compile(r"(<!-- (table|claims|speed|complexity) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rewritten(text: str, records: Path = RECORDS) -> str:
    """The text with each of its blocks as the records and measurements there are render it."""
    evidence = Evidence(records)
    return BLOCK.sub(lambda block: f"{block[1]}{rendered(block[2], block[3], evidence)}\n{block[4]}", text)


def rendered(kind: str, name: str, evidence: Evidence) -> str:
    """A block as Markdown."""
    if kind == "table":
        return filled(tables()[name], evidence.table(name))
    if kind == "claims":
        return verdicts(name, evidence)
    found = results.read(ROOT / "experiments" / "results" / f"{kind}-{name}.json")
    return RENDERED[kind](list(found.values()))


def verdicts(lecture: str, evidence: Evidence) -> str:
    """The claims of a lecture as a table: verdict, quote, and the effects that decided it."""
    chosen = [one for one in claims().values() if lecture == "all" or lecture in one.lecture.split("/")]
    lines = ["| | lecture | claim | verdict | rule: effect |", "|:--|:--|:--|:--|:--|"]
    for claim in chosen:
        verdict = judged(claim, evidence)
        effects = "<br>".join(f"{one.part.rule}: {one.text or one.missing}" for one in verdict.findings)
        word = f"**{verdict.word}**" if verdict.word != UNDECIDED else "undecided"
        cells = (claim.id, claim.lecture, f"“{claim.quote}”", word, effects)
        lines.append(f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; 1 where one was to be other."""
    other = [page for page in PAGES if rewritten(was := page.read_text("utf-8")) != was]
    for page in other:
        if "--check" in arguments:
            print(f"{page.relative_to(ROOT)}: not what its records render to; python -m experiments.readme")
        else:
            page.write_text(rewritten(page.read_text("utf-8")), encoding="utf-8")
    return 1 if other and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
