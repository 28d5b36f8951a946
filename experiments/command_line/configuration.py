"""A configuration in a file, to be shared: the run.json of a run, or a few lines `path=value`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# What of a line stands before a # that is in no quotes.
CODE = re.compile(r"""(?:[^'"#]|'[^']*'|"[^"]*"|['"])*""")


class Configuration(NamedTuple):
    """A whole run with the name of its row, of a run.json, or else changes; and a seed where one is told."""

    run: object | None = None
    row: str | None = None
    seed: int | None = None
    changes: tuple[str, ...] = ()


def read(name: str) -> Configuration:
    """What a file says; ValueError with the line of it that cannot be read."""
    from data.files import folders, json_text
    from train.folder import manifest

    path = Path(name).expanduser()
    if path.is_dir():
        path /= "run.json"
    content = folders.read_bytes(path)
    if not content.lstrip().startswith(b"{"):
        return changed(folders.decode_lines(content, path), path)
    described = json_text.parse(content, path)
    manifest.require_format(described, path)
    return whole(described, path)


def settings(name: str) -> list[str]:
    """The lines name=value of a file that --with names."""
    from data.files import folders

    path = Path(name).expanduser()
    return [line for _, line in lines_of(folders.decode_lines(folders.read_bytes(path), path), path)]


def whole(described: dict, path: Path) -> Configuration:
    """The run that a run.json describes."""
    from train.folder import claim

    run = claim.run_of(described, path)
    return Configuration(run, str(described.get("row", path.parent.name)), run.seed)


def changed(lines: list[str], path: Path) -> Configuration:
    """The changes of a file's lines; what follows a # is a comment."""
    changes, seed = [], None
    for number, line in lines_of(lines, path):
        field, _, value = line.partition("=")
        if field == "seed":
            if not value.isdecimal():
                raise ValueError(f"{path}, line {number}: seed={value}, but a whole number is due")
            seed = int(value)
        else:
            changes.append(f"{field}={value}")
    return Configuration(seed=seed, changes=tuple(changes))


def lines_of(lines: list[str], path: Path) -> Iterator[tuple[int, str]]:
    """(number, field=value) of each line that has one; ValueError for one that has anything else."""
    for number, line in enumerate(lines, 1):
        code = CODE.match(line)[0].strip()
        field, equals, value = (part.strip() for part in code.partition("="))
        if code and not (field and equals and value):
            raise ValueError(f"{path}, line {number}: a line is path=value, as in model.dropout=0.3")
        if code:
            yield number, f"{field}={value}"
