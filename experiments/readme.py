"""Write the pages anew from the committed records: `python -m experiments.readme [--check]`.

In README.md and experiments/results/README.md what stands between `<!-- KIND NAME -->` and `<!-- end -->` is
replaced: `<!-- table NAME -->` is what `lookback table` prints, NAME also that of a table on real data, such
as translation-multi30k; `<!-- claims all -->` are the verdicts of all lectures, `<!-- lecture NUMBER -->` the
verdicts and tables of one in short, and `<!-- left all -->` the commands of tables without a record.
experiments/results also has a page for each lecture, and one for each file of measurements: they are written
whole. With --check nothing is written: exit code 1 where a page is not what its records render to, is not
there, or is none of these.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from experiments.bench import report, results
from experiments.commands import complexity
from experiments.evidence.records import RECORDS
from experiments.page import results_pages
from experiments.page.results_pages import TEXT, WIDTH, Results
from experiments.report.lectures import LECTURES
from experiments.report.markup import item, markdown, markdown_text
from experiments.report.table import published_grids, unrun
from experiments.tables.catalogue import tables

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "experiments" / "results"
PAGES = (ROOT / "README.md", FOLDER / "README.md")
BLOCK = re.compile(r"(<!-- (table|claims|lecture|left) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
MEASURED = {
    "complexity": ("What a layer costs", complexity.render),
    "speed": ("Our speed beside that of others", report.render),
}


def rewritten(text: str, records: Path = RECORDS) -> str:
    """The text with each of its blocks as the records there are render it."""
    return with_blocks(text, Results(records))


def with_blocks(text: str, found: Results) -> str:
    """The text with each of its blocks as these results render it."""
    return BLOCK.sub(lambda block: f"{block[1]}{rendered(block[2], block[3], found)}\n{block[4]}", text)


def rendered(kind: str, name: str, found: Results) -> str:
    """A block as Markdown."""
    if kind == "table":
        return table(name, found)
    if kind == "claims":
        return results_pages.verdict_table(found.verdicts)
    return results_pages.overview(name, found) if kind == "lecture" else results_pages.left_to_run(found)


def table(name: str, found: Results) -> str:
    """The rows of a table that were run, published ones beside them, or the command that runs it."""
    chosen, records = tables()[name], found.evidence.table(name)
    if not records:
        return f"{markdown_text(unrun(chosen))}\n"
    return markdown([*results_pages.grids(chosen, records), *published_grids(chosen)])


def written(found: Results) -> Iterator[tuple[Path, str]]:
    """Every page and its text."""
    for page in PAGES:
        yield page, with_blocks(page.read_text("utf-8"), found)
    for lecture in LECTURES:
        yield FOLDER / results_pages.page_name(lecture), results_pages.lecture_page(lecture, found)
    for kind, (title, render_all) in MEASURED.items():
        for path in sorted(FOLDER.glob(f"{kind}-*.json")):
            told = f"Written by `python -m experiments.readme` from [{path.name}]({path.name})."
            picture = f"![{title}]({path.stem}.png)"
            measured = render_all(list(results.read(path).values()), 2, WIDTH, TEXT)
            yield (
                path.with_suffix(".md"),
                "\n\n".join([f"# {title}", item(told, TEXT, ""), picture, measured]),
            )


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; 1 where one was to be other."""
    pages = dict(written(Results(RECORDS)))
    other = {
        page: text for page, text in pages.items() if not page.exists() or page.read_text("utf-8") != text
    }
    strange = sorted(set(FOLDER.glob("*.md")) - set(pages))
    for page in strange:
        print(f"{page.relative_to(ROOT)}: a page of nothing that is here; delete it")
    for page, text in other.items():
        if "--check" in arguments:
            print(f"{page.relative_to(ROOT)}: not what its records render to; python -m experiments.readme")
        else:
            page.write_text(text, encoding="utf-8")
    return 1 if strange or (other and "--check" in arguments) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
