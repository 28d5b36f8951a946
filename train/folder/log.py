"""metrics.jsonl, one JSON object a line, flushed as it is written; TensorBoard beside it."""

import json
from pathlib import Path

from train.folder.record import LEDGER, complete_lines


class Log:
    """The ledger of one run directory. Opened at `step`, it forgets what was logged after that step.

    A run that was killed has logged steps its checkpoint does not know; the resumed run writes them again.
    """

    def __init__(self, directory: Path, step: int):
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / LEDGER
        kept = [line for line in complete_lines(self.path) if line.get("step", 0) <= step]
        kept = [line for line in kept if line["kind"] in ("train", "valid")]
        beside = self.path.with_suffix(".tmp")
        beside.write_text("".join(map(spelled, kept)), encoding="utf-8")
        beside.replace(self.path)
        self.file = self.path.open("a", encoding="utf-8")
        # Imported here: the protocol buffers behind it take a second that no other command should wait for.
        from tensorboardX import SummaryWriter

        self.board = SummaryWriter(str(directory / "tensorboard"), purge_step=step)

    def write(self, kind: str, **fields) -> None:
        """Append a line, and its numbers to TensorBoard where it has a step."""
        self.file.write(spelled({"kind": kind} | fields))
        self.file.flush()
        if "step" in fields:
            for name, value in fields.items():
                if name != "step" and isinstance(value, int | float):
                    self.board.add_scalar(f"{kind}/{name}", value, fields["step"])

    def close(self) -> None:
        """Close both files."""
        self.file.close()
        self.board.close()


class Unwritten:
    """The ledger of a process that leaves writing to the first one."""

    def write(self, kind: str, **fields) -> None:
        """Nothing."""
        pass

    def close(self) -> None:
        """Nothing."""
        pass


def spelled(line: dict) -> str:
    """A line as it is written."""
    return json.dumps(line, ensure_ascii=False) + "\n"
