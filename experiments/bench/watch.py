"""What the benchmark is at: a bar where someone watches, a line for each line where no one does."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Watch:
    """A context in which lines are measured, told on the standard error."""

    def __init__(self, lines: int):
        console = Console(stderr=True)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        self.progress = Progress(
            *columns, TextColumn("{task.fields[note]}"), console=console, disable=not console.is_terminal
        )
        self.task = self.progress.add_task("speed", total=lines, note="")
        self.line = ""

    def __enter__(self) -> "Watch":
        self.progress.start()
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self.progress.stop()

    def begin(self, line: str) -> None:
        """A line is measured from here on."""
        self.line = line
        self.progress.update(self.task, description=line)
        if self.progress.disable:
            print(f"{line} ...", file=sys.stderr, flush=True)

    def say(self, what: str) -> None:
        """What is done at the moment, beside the bar."""
        self.progress.update(self.task, note=what)

    def end(self, result: dict) -> None:
        """The ratios, or who was absent, above the bar."""
        pairs = [f"{pair['ratio']:.2f} x {name}" for name, pair in result["against"].items()]
        gone = [f"{name}: {reason}" for name, reason in result["absent"].items()]
        text = f"{self.line}: {', '.join([*pairs, *gone]) or 'done'}"
        self.progress.update(self.task, advance=1, note="")
        if self.progress.disable:
            print(text, file=sys.stderr, flush=True)
        else:
            self.progress.console.print(text, markup=False, highlight=False)
