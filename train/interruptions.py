"""How a run that is asked to stop stops. Loads no jax: the command line knows it from the first moment on."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path


class Stopped(Exception):
    """Training was asked to stop; what was reached is saved and the message says how to go on."""

    def __init__(self, message: str, received: int, directory: Path):
        super().__init__(message)
        self.directory = directory
        self.exit_code = 128 + received  # as a shell reports a process that a signal has ended


class Interruptions:
    """Ctrl-C and SIGTERM: between steps a flag that the loop reads, outside of that the end.

    Ctrl-C raises KeyboardInterrupt, and is a flag besides: a library may have swallowed what was raised, as
    some do while they are imported. A second Ctrl-C raises between steps as well.
    """

    def __enter__(self) -> "Interruptions":
        self.received: int | None = None
        self.before = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, self.end)
        return self

    def end(self, number: int, _frame) -> None:
        """Note the signal and raise."""
        self.received = number
        raise KeyboardInterrupt

    @contextlib.contextmanager
    def between_steps(self) -> Iterator[None]:
        """Here signals are noted."""
        before = {number: signal.signal(number, self.take) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def take(self, number: int, _frame) -> None:
        """Note the signal; a second Ctrl-C raises."""
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = self.received or number

    def __exit__(self, *_) -> None:
        signal.signal(signal.SIGINT, self.before)
