"""Several processes train one run: what they agree on, so that none waits for another that will not come.

The first of them leads: it alone writes. A process by itself agrees with itself, at no cost.
"""

import contextlib
import itertools
import re
from collections.abc import Iterator

import jax
import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

MEETINGS = itertools.count()
STATUS = re.compile("[A-Z_]{5,}: ")  # UNKNOWN: Gloo all-reduce failed: ..  -- absl/status/status.h
ASKED_EVERY = 1000  # milliseconds; between two questions Ctrl-C is heard


def leads() -> bool:
    """Whether this process is the first, which does all the writing."""
    return jax.process_index() == 0


@contextlib.contextmanager
def together(deed: str) -> Iterator[None]:
    """All processes leave this block, or none does: where one fails, it says why and the others say so.

    However far apart they come, none gives up: they meet through jax's coordination service, whose keys
    have no deadline, and not in a collective, whose peers connect within half a minute or not at all. What
    follows may be a collective.
    """
    failure = None
    try:
        yield
    except Exception as error:
        failure = error
    one_failed = jax.process_count() > 1 and "failed" in meet("failed" if failure else "ready")
    if one_failed:  # they leave together: one that asks a coordination service that has ended is aborted
        jax.distributed.shutdown()
    if failure:
        raise failure
    if one_failed:
        raise ValueError(f"another process could not {deed}: its own line says why")
    largest(0)  # now, as all are here: the peers of collectives connect


@contextlib.contextmanager
def others() -> Iterator[None]:
    """OSError of one line where a collective fails, because another process has ended."""
    try:
        yield
    except (jax.errors.JaxRuntimeError, OSError, ValueError) as error:
        if jax.process_count() == 1 or not any(map(of_the_runtime, causes(error))):
            raise
        raise OSError(
            "another process of this run has ended, its own line says why; "
            "start all of them again, and they go on from the last checkpoint"
        ) from error


def of_the_runtime(error: BaseException) -> bool:
    """Whether the runtime under jax raised it: it has a class for most errors, others begin with a status."""
    status = isinstance(error, ValueError) and STATUS.match(str(error))
    return isinstance(error, jax.errors.JaxRuntimeError) or bool(status)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it came of, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def meet(word: str) -> list[str]:
    """What each process says at this meeting; waits until all have spoken."""
    if jax.process_count() == 1:
        return [word]
    from jax._src.distributed import global_state  # jax has no public way to its coordination service

    place = f"lookback/{next(MEETINGS)}"
    global_state.client.key_value_set(f"{place}/{jax.process_index()}", word)
    return [heard(global_state.client, f"{place}/{other}") for other in range(jax.process_count())]


def heard(client, key: str) -> str:
    """The value of a key, once another process has set it."""
    while True:
        try:
            return client.blocking_key_value_get(key, ASKED_EVERY)
        except jax.errors.JaxRuntimeError as error:
            if "DEADLINE_EXCEEDED" not in str(error):
                raise


def largest(number: int) -> int | jax.Array:
    """The largest of what the processes give, each calling at the same place; reading it waits for all."""
    if jax.process_count() == 1:
        return number
    devices = jax.devices()
    mesh = jax.make_mesh((len(devices),), ("all",), devices=devices)
    rows = NamedSharding(mesh, P("all"))
    numbers = jax.make_array_from_callback((len(devices),), rows, lambda at: np.array([number], np.int32))
    return jax.jit(lambda array: array.max(), out_shardings=NamedSharding(mesh, P()))(numbers)


class Agreement:
    """The signal that any process has received, as all of them hear of it at the same step.

    Between processes it is heard one call late, as what a step has measured: the devices never wait for it.
    """

    def __init__(self):
        self.asked: int | jax.Array = 0

    def __call__(self, received: int | None) -> int:
        if jax.process_count() == 1:
            return received or 0
        before, self.asked = self.asked, largest(received or 0)
        return int(before)
