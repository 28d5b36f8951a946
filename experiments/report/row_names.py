"""What a row is called, and what a name tells of it: the only place where names are put together.

A row of a system on a task is "system: task"; a changed row is "row, path=value, ..". Its runs lie in a
folder of that name.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence

CHANGES = re.compile(r", [\w.]+\s*=")  # as they stand in the name of a changed row
LONGEST = 200  # bytes of a name; a file system takes 255


def of_task(system: str, task: str) -> str:
    """The row of a system on a task."""
    return f"{system}: {task}"


def system_on(task: str, row: str) -> str:
    """The system whose row on this task is called so; "" where it is none on this task."""
    system = row.removesuffix(of_task("", task))
    return system if row == of_task(system, task) else ""


def ablation(row: str, changes: Sequence[str]) -> str:
    """The name of a changed row, also its folder's: "lstm, model.cell=GRU"; a long one ends in its digest."""
    name = ", ".join([row, *changes]).replace("/", "|")
    if len(name.encode()) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: LONGEST - 20].decode(errors='ignore')}… {digest}"


def require_name(name: str) -> None:
    """ValueError unless a row, and so a folder, can be called so."""
    wrong = not name.strip() or name.startswith(".") or "/" in name or not name.isprintable()
    if CHANGES.search(name):
        raise ValueError(f"--name {name[:80]!r}: is called as a changed row; choose a name without ', path='")
    if wrong or len(name.encode(errors="replace")) > LONGEST:
        raise ValueError(
            f"--name {name[:80]!r}: a folder is called so, up to {LONGEST} bytes without / or a dot in front"
        )


def require_new_name(name: str, chosen: Collection[str], table) -> None:
    """ValueError unless a name can be that of the one chosen row of a table, which has none of this name."""
    require_name(name)
    if len(chosen) != 1:
        raise ValueError(f"--name {name}: names one row, not {len(chosen)}; choose it with --rows")
    if name in table.rows:
        raise ValueError(f"--name {name}: {table.name} has a row of this name; choose another")


def changed(name: str, rows: Iterable[str]) -> str:
    """The row that an `ablation` of this name changes, "" for none; a row's own name may have a comma too."""
    return max((row for row in rows if name.startswith(f"{row}, ")), key=len, default="")


def on_other_data(name: str, row: str) -> bool:
    """Whether a changed row has another task than the row it changes, or another corpus of it."""
    return any(change.startswith("task") for change in name.removeprefix(row).split(", "))
