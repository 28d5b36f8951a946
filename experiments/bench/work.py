"""What a contender is asked for: a thing to run, and what is known about it."""

import dataclasses
import os
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Work:
    """`run()` does it once. `wait(result)` returns when it is done, where `run` only begins it.

    `check(result)` raises where it was not what all do. `memory()` is the bytes it took at most, where that
    can be known better than by resident memory.
    """

    run: Callable[[], Any]
    wait: Callable[[Any], Any] = lambda result: None
    check: Callable[[Any], Any] = lambda result: None
    memory: Callable[[], int] | None = None
    facts: dict = dataclasses.field(default_factory=dict)


def cores() -> int:
    """Cores this process may run on: as many threads or devices as every contender gets."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
