"""How far a run is: a bar with tokens a second and time left, or a line now and then where no one watches."""

import sys
import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

PLAIN_EVERY = 30.0  # seconds between lines where stderr is a file


class Bar:
    """Used as a context: `with Bar("lstm seed 0", 1000, done=200) as bar: bar.advance(loss, tokens)`."""

    def __init__(self, name: str, steps: int, done: int, quiet: bool = False):
        self.name, self.steps, self.step = name, steps, done
        self.tokens, self.since, self.spoken = 0.0, time.monotonic(), time.monotonic()
        self.console = Console(stderr=True, quiet=quiet)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self.task = self.progress.add_task(name, total=steps, completed=done, note="compiling")

    def __enter__(self) -> "Bar":
        self.progress.start()
        if self.progress.disable:
            self.say(f"from step {self.step}; the first batches of each shape take some seconds to compile")
        return self

    def __exit__(self, *_) -> None:
        self.progress.stop()

    def advance(self, step: int, loss: float, tokens: float, about: str = "") -> None:
        """Show that so many updates are done, the loss of the last, and tokens a second since the start.

        `about` says what the loss is of.
        """
        self.tokens += tokens
        self.step, now = step, time.monotonic()
        note = f"loss {loss:.3f}{about}  {self.tokens / max(now - self.since, 1e-9):,.0f} tokens/s"
        self.progress.update(self.task, completed=step, note=note)
        if self.progress.disable and (now - self.spoken > PLAIN_EVERY or step == self.steps):
            self.spoken = now
            self.say(f"step {step} of {self.steps}  {note}")

    def say(self, line: str) -> None:
        """A line above the bar."""
        if self.console.quiet:
            return
        if self.progress.disable:
            print(f"{self.name}: {line}", file=sys.stderr, flush=True)
        else:
            self.progress.print(line)
