"""A configuration in a file, to be shared: the run.json of a run, or a few lines `path=value`."""

import re
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


def whole(described: dict, path: Path) -> Configuration:
    """The run that a run.json describes."""
    from train.folder import claim

    run = claim.run_of(described, path)
    return Configuration(run, str(described.get("row", path.parent.name)), run.seed)


def changed(lines: list[str], path: Path) -> Configuration:
    """The changes of a file's lines; what follows a # is a comment."""
    changes, seed = [], None
    for number, line in enumerate(lines, 1):
        code = CODE.match(line)[0].strip()
        field, equals, value = (part.strip() for part in code.partition("="))
        if not code:
            continue
        if not (field and equals and value):
            raise ValueError(f"{path}, line {number}: a line is path=value, as in model.dropout=0.3")
        if field == "seed":
            if not value.isdecimal():
                raise ValueError(f"{path}, line {number}: seed={value}, but a whole number is due")
            seed = int(value)
        else:
            changes.append(f"{field}={value}")
    return Configuration(seed=seed, changes=tuple(changes))
