"""The file of a benchmark: a line's newest result by its name, with where and when it was measured."""

import datetime
import json
import subprocess
from pathlib import Path

from data.files import json_text, whole
from experiments.bench.process import ROOT

FORMAT = 1


def read(path: Path) -> dict[str, dict]:
    """{name: result}; {} where there is no file, ValueError for one that is none of ours."""
    if not path.exists():
        return {}
    found = json_text.read(path)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(
            f"{path}: not a benchmark of format {FORMAT}; delete it or write elsewhere with --out"
        )
    lines = found.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, dict) and "name" in line for line in lines):
        raise ValueError(
            f"{path}: 'lines' are no results with names; delete it or write elsewhere with --out"
        )
    return {str(line["name"]): line for line in lines}


def write(path: Path, results: dict[str, dict], order: list[str]) -> None:
    """All results, in the order of the lines there are; one whose line is gone is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [results[name] for name in order if name in results]
    lines = ",\n".join(json.dumps(result, ensure_ascii=False) for result in kept)
    whole.write(path, f'{{"format": {FORMAT}, "lines": [\n{lines}\n]}}\n')


def circumstances(machine: dict, cores: int, versions: dict[str, str]) -> dict:
    """What a time depends on besides the code: written into every line, for lines may be measured apart."""
    return {
        "device": machine["device"],
        "cores": cores,
        "versions": versions,
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
    }


def commit() -> str | None:
    """The commit, with a plus where the working tree has been changed since."""
    try:
        git = lambda *words: subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
