"""What a program is compiled for: the devices there are, or others whose compiler alone is here."""

import contextlib
import contextvars
import dataclasses
from collections.abc import Iterator

import jax


@dataclasses.dataclass(frozen=True)
class Chip:
    """A kind of device: jax's name of its backend (cpu, gpu, tpu), and of a card its maker and what it can.

    `capability` is NVIDIA's number of what a card's processors can compute, 9.0 of a Hopper.
    """

    backend: str
    capability: float | None = None
    nvidia: bool = False


CPU = Chip("cpu")
OTHER: contextvars.ContextVar[Chip | None] = contextvars.ContextVar("other", default=None)


def chip() -> Chip:
    """What programs are traced and compiled for now."""
    return OTHER.get() or present()


def present() -> Chip:
    """The devices of this process."""
    backend = jax.default_backend()
    if backend != "gpu":
        return Chip(backend)
    device = jax.local_devices()[0]
    if "rocm" in device.client.platform_version.lower():
        return Chip(backend)
    return Chip(backend, float(device.compute_capability), nvidia=True)


@contextlib.contextmanager
def compiling_for(other: Chip) -> Iterator[None]:
    """Within, programs are traced as for another kind of device."""
    token = OTHER.set(other)
    try:
        yield
    finally:
        OTHER.reset(token)
