"""The writer of metrics.jsonl: a line stands on disk as soon as it is written; TensorBoard beside it."""

import os
from pathlib import Path
from typing import NamedTuple

from train.folder import manifest
from train.folder.board import Board
from train.folder.ledger import LEDGER, entries, spelled


class Position(NamedTuple):
    """How far a ledger had come when a checkpoint was saved: so many lines, and the seal of the last."""

    lines: int
    seal: str


class Log:
    """The ledger of one run directory. Opened at a position, it forgets what was logged behind it.

    A run that was killed has logged steps its checkpoint does not know; the resumed run writes them again.
    A run that begins has no position: what is there is of a start that came to no checkpoint. ValueError, and
    nothing is forgotten, where lines that the position knows are missing or changed.
    """

    def __init__(self, directory: Path, step: int = 0, position: Position | None = None):
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / LEDGER
        end, self.position = kept(self.path, position)
        # Unbuffered: a line is written by one call, or the disk is full and the error is raised here.
        self.file = self.path.open("ab", buffering=0)
        lines = self.path.read_bytes()[:end]
        self.file.truncate(len(lines))
        if not lines.endswith(b"\n") and lines:
            self.file.write(b"\n")
        self.board = Board(directory / "tensorboard", step)

    def write(self, kind: str, **fields) -> None:
        """Append a line, and its numbers to TensorBoard where it has a step."""
        text, seal = spelled({"kind": kind} | fields, self.position.seal)
        numbers = {
            f"{kind}/{name}": value
            for name, value in fields.items()
            if name != "step" and isinstance(value, int | float)
        }
        try:
            content = text.encode()
            if self.file.write(content) < len(content):
                raise OSError(None, "no room left for a line")
            if "step" in fields:
                self.board.write(fields["step"], numbers)
        except OSError as error:
            raise OSError(f"{self.path}: could not be written ({error.strerror})") from error
        self.position = Position(self.position.lines + 1, seal)

    def mark(self) -> Position:
        """The position, once all lines before it are on the disk itself."""
        os.fsync(self.file.fileno())
        return self.position

    def close(self) -> None:
        """Close both files."""
        self.file.close()
        self.board.close()


class Unwritten:
    """The ledger of a process that leaves writing to the first one."""

    def write(self, kind: str, **fields) -> None:
        """Nothing."""
        pass

    def mark(self) -> None:
        """Nothing."""
        pass

    def close(self) -> None:
        """Nothing."""
        pass


def kept(path: Path, position: Position | None) -> tuple[int, Position]:
    """(bytes of a ledger up to a position, that position); ValueError where it is not the ledger it was."""
    if position is None or not position.lines:
        return 0, Position(0, manifest.read(path.parent)["seal"])
    found = list(entries(path))
    if len(found) >= position.lines and found[position.lines - 1].seal == position.seal:
        return found[position.lines - 1].end, position
    there = f"holds {len(found)} lines" if len(found) < position.lines else "holds other lines"
    raise ValueError(
        f"{path}: {there}, but {position.lines} were written before the last checkpoint; "
        f"put the file back, or remove {path.parent} and train again"
    )
