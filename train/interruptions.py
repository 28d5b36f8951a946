"""How a run that is asked to stop stops. Without jax: the command line has it from the first moment on."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

AGAIN_AFTER = 3.0  # seconds


class Stopped(Exception):
    """Training was asked to stop; what was reached is saved and the message says how to go on."""

    def __init__(self, message: str, received: int, directory: Path):
        super().__init__(message)
        self.directory = directory
        self.exit_code = 128 + received  # as a shell reports a process that a signal has ended


class Interruptions:
    """Ctrl-C and SIGTERM: between steps a flag that the loop reads, outside of that the end.

    Ctrl-C raises KeyboardInterrupt until it is heard. Where Python lets no error out, as in a callback of the
    garbage collector, it is raised again at once; where a library has swallowed it, as some do while they are
    imported, three seconds later; another error that was made of it is told as what it was. Between steps a
    second Ctrl-C raises too.
    """

    def __enter__(self) -> "Interruptions":
        self.received: int | None = None
        ours = signal.SIGINT, signal.SIGALRM
        self.before = {number: signal.signal(number, self.end) for number in ours}
        self.unraisable, sys.unraisablehook = sys.unraisablehook, self.unheard
        self.uncaught, sys.excepthook = sys.excepthook, self.unprinted
        return self

    def end(self, *_) -> None:
        """Note the signal and raise."""
        self.received = signal.SIGINT
        signal.setitimer(signal.ITIMER_REAL, AGAIN_AFTER)
        raise KeyboardInterrupt

    def unheard(self, ignored) -> None:
        """Raise again what no one could catch."""
        if ignored.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, 0.001)
        else:
            self.unraisable(ignored)

    def unprinted(self, kind: type, *error) -> None:
        """No traceback where the C code of a library prints an error that it goes on from."""
        if kind is not KeyboardInterrupt:
            self.uncaught(kind, *error)

    @contextlib.contextmanager
    def between_steps(self) -> Iterator[None]:
        """Here signals are noted."""
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        if left:  # one that no one has heard
            raise KeyboardInterrupt
        before = {number: signal.signal(number, self.take) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            restore(before)

    def take(self, number: int, _frame) -> None:
        """Note the signal; a second Ctrl-C raises."""
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = self.received or number

    def __exit__(self, _, error: BaseException | None, __) -> None:
        if error:
            signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook, sys.excepthook = self.unraisable, self.uncaught
        restore(self.before)
        if self.received == signal.SIGINT and isinstance(error, Exception) and not isinstance(error, Stopped):
            raise KeyboardInterrupt from None


def restore(handlers: dict) -> None:
    """Let signals be handled as they were."""
    for number, handler in handlers.items():
        signal.signal(number, handler)
