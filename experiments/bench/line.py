"""What a line of the benchmark is: a shape, those who run it, and the bars it is held to."""

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Variant:
    """A way to run a contender; the fastest stands for it. `keep_memory` is what we give ourselves."""

    name: str = ""
    keep_memory: bool = False
    options: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Contender:
    """`function` is "module:function", given the line's options; outside bench.ours it knows no jax."""

    name: str
    function: str
    variants: tuple[Variant, ...] = (Variant(),)

    @property
    def ours(self) -> bool:
        """Whether it runs in our own environment, with jax."""
        return self.function.startswith("experiments.bench.ours.")


@dataclasses.dataclass(frozen=True)
class Bar:
    """`least` is what must be reached, `goal` what is aimed at; `most` bounds from above.

    speed    the peer's seconds over ours       memory  our bytes over the peer's
    peak     bytes resident in our process      mfu     operations of the model a second, over the published
                                                        peak of the device (Chowdhery et al. 2022, app. B)
    """

    of: Literal["speed", "memory", "peak", "mfu"]
    peer: str | None = None
    least: float | None = None
    most: float | None = None
    goal: float | None = None


@dataclasses.dataclass(frozen=True)
class Line:
    """A run does `work` things counted in `unit`, and `flops` operations where they are counted."""

    name: str
    group: str
    title: str
    options: dict
    contenders: tuple[Contender, ...]
    work: float
    unit: str
    bars: tuple[Bar, ...] = ()
    flops: float | None = None
