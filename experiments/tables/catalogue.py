"""The experiments there are: every file below this folder that assigns TABLE, found without importing it."""

import ast
import functools
import importlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from data.splits import known
from experiments.report.claims import UNDECIDED, Claim, Verdict
from experiments.report.table import Table

FOLDER = Path(__file__).parent
BENCH = FOLDER.parent / "bench"


@functools.cache
def files() -> dict[str, Path]:
    """{experiment: its file}."""
    found = {path.stem: path for path in FOLDER.rglob("*.py") if "TABLE" in assigned(path)}
    return dict(sorted(found.items()))


def questions() -> dict[str, str]:
    """{experiment: the question its docstring begins with}."""
    return {name: question(path) for name, path in files().items()}


def measured() -> dict[str, str]:
    """{command: the question} of what is measured of the machine: a file of bench/ that assigns COMMAND."""
    found = {assigned(path).get("COMMAND"): path for path in sorted(BENCH.glob("*.py"))}
    return {command: question(found[command]) for command in sorted(filter(None, found))}


def assigned(path: Path) -> dict[str, object]:
    """The names that a file assigns at its top, with their values where these are literals."""
    found: dict[str, object] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name):
                found[target.id] = node.value.value if isinstance(node.value, ast.Constant) else None
    return found


def question(path: Path) -> str:
    """The first line of a file's docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def table(name: str) -> Table:
    """The table of an experiment, or one on real data; ValueError with the nearest name for any other."""
    if name not in files():
        every = tables()
        return every[known("experiment", name, tuple(every))]
    return importlib.import_module(module_of(files()[name])).TABLE


def claims() -> dict[str, Claim]:
    """{id: claim}, C2 before C10: what a file assigns to CLAIMS its table, or what is measured, decides."""
    found = {
        claim.id: claim
        for path in (*FOLDER.rglob("*.py"), *BENCH.glob("*.py"))
        if "CLAIMS" in assigned(path)
        for claim in importlib.import_module(module_of(path)).CLAIMS
    }
    return dict(sorted(found.items(), key=lambda pair: int(pair[0][1:])))


def named_claims(ids: Iterable[str]) -> list[Claim]:
    """The claims of these ids, all where there are none; ValueError with the nearest for one that is none."""
    every = claims()
    return [every[known("claim", name, tuple(every))] for name in ids] or list(every.values())


def module_of(path: Path) -> str:
    """What a file of this folder or of bench/ is imported as."""
    return ".".join(("experiments", *path.relative_to(FOLDER.parent).with_suffix("").parts))


def chosen(experiment: str, data_dir: str | None) -> Table:
    """The table of this name; of an experiment the one on real data, where a folder of it is given."""
    found = table(experiment)
    if found.real_of or not (data_dir or os.environ.get("LOOKBACK_DATA")):
        return found
    if found.real is None and data_dir:
        raise ValueError(f"{experiment} has no table on real data; leave out --data-dir")
    return found.real or found


def named_row(rows: Mapping[str, Any], name: str, of: str) -> Any:
    """The run of a row; ValueError with the nearest name where there is none."""
    return rows[known(f"row of {of}", name, tuple(rows))]


def deciding(verdict: Verdict) -> str:
    """What to type to run what may decide a claim; "" of what is decided, and where no run more could.

    A rule asks for every seed: where three disagree, or have not learned what the rule takes for granted, a
    fourth settles nothing.
    """
    if not verdict.missing or all(one.final for one in verdict.findings if one.verdict == UNDECIDED):
        return ""
    words = ["lookback launch --claims", verdict.claim.id, "--missing"]
    if any(tables()[name].real_of for name, _ in verdict.missing):
        words.append("--data-dir DIR")
    return " ".join(words)


def tables() -> dict[str, Table]:
    """Every table by its name, those on real data among them."""
    found = (table(name) for name in files())
    return {each.name: each for one in found for each in (one, one.real) if each}
