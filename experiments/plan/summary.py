"""What a compiled step comes to on its target, as numbers and as one screen of lines."""

import dataclasses
from collections.abc import Iterator

from experiments.plan.hardware import Hardware
from experiments.plan.hlo import Cost
from experiments.plan.step import Compiled, Example
from models.model import dtypes


@dataclasses.dataclass(frozen=True)
class Summary:
    """A step on a target: memory of a device, work of all, what is sent, and how fast it could be."""

    given: Example
    target: Hardware
    step: Compiled
    largest: int | None = None  # rows, where it was asked for

    @property
    def precision(self) -> str:
        """What is computed in: float32 where anything is."""
        return "bfloat16" if dtypes(self.given.model) == {"bfloat16"} else "float32"

    @property
    def fits(self) -> bool:
        """Whether a device holds it."""
        return self.target.memory is None or self.step.memory <= self.target.memory

    @property
    def bytes(self) -> float:
        """What a device reads and writes in its memory."""
        return sum(cost.bytes * cost.times for cost in self.step.program.costs)

    @property
    def flops(self) -> float:
        """Operations of a device's products."""
        return sum(cost.flops * cost.times for cost in self.step.program.costs)

    @property
    def sent(self) -> float:
        """Bytes of the arrays that devices put together."""
        return sum(one.bytes * one.times for one in self.step.program.collectives)

    @property
    def seconds(self) -> float | None:
        """No step is faster: all instructions by products or bytes, or else what is sent meanwhile."""
        if not self.target.peak:
            return None
        peak, bandwidth = self.target.peak[self.precision], self.target.bandwidth
        spent = lambda cost: max(cost.flops / peak, cost.bytes / bandwidth) * cost.times
        others = (self.target.count - 1) / self.target.count  # a device sends itself nothing
        return max(sum(map(spent, self.step.program.costs)), others * self.sent / self.target.link)

    @property
    def mfu(self) -> float | None:
        """The share of the peak that is used at that speed  -- Chowdhery et al. 2022, appendix B."""
        if self.seconds is None:
            return None
        return self.step.operations / (self.target.count * self.target.peak[self.precision] * self.seconds)

    def told(self) -> dict:
        """All of it, for a program to read."""
        return {
            "target": self.target.asked,
            "devices": self.target.count,
            "rows": self.given.rows,
            "precision": self.precision,
            "kernels": [
                {
                    "kernel": one.kernel,
                    "queries": one.queries,
                    "keys": one.keys,
                    "dtype": one.dtype,
                    "times": times,
                    "declined": dict(one.declined),
                }
                for one, times in self.step.kernels.items()
            ],
            "memory": {"arguments": self.step.arguments, "temporaries": self.step.temporaries},
            "memory of a device": self.target.memory,
            "fits": self.fits,
            "largest rows": self.largest,
            "operations": self.step.operations,
            "operations of a device's products": self.flops,
            "bytes of a device": self.bytes,
            "collectives": [dataclasses.asdict(one) for one in self.step.program.collectives],
            "seconds at least": self.seconds,
            "mfu at most": self.mfu,
        }

    def lines(self) -> Iterator[str]:
        """One screen."""
        target, step = self.target, self.step
        yield row("target", f"{target.count} x {target.words}, which need not be here")
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in self.given.batch.items())
        yield row("batch", shapes)
        yield row("computed in", self.precision + self.wider())
        for one, times in step.kernels.items():
            yield row(
                "attention", f"{one.kernel}, {times} x {list(one.queries)} on {list(one.keys)} {one.dtype}"
            )
            for name, reason in one.declined:
                yield row("", f"  {name} declines: {reason}")
        limit = (
            ""
            if target.memory is None
            else f" of {told(target.memory)}: " + ("fits" if self.fits else "DOES NOT FIT")
        )
        yield row("memory of a device", f"{told(step.memory)}{limit}")
        yield row(
            "", f"  {told(step.arguments)} of weights, optimizer and batch, {told(step.temporaries)} beside"
        )
        if self.largest is not None:
            yield row("largest batch", f"{self.largest} rows on all devices")
        yield row("operations", f"{step.operations:.3g} of the batch")
        yield row("moved by a device", f"{told(self.bytes)}: {self.dearest(step.program.costs)}")
        yield from self.collectives()
        if self.seconds is not None:
            intensity = f"{self.flops / self.bytes:.0f} operations a byte, where the ridge is "
            ridge = target.peak[self.precision] / target.bandwidth
            yield row("intensity", f"{intensity}{ridge:.0f}")
            yield row("roofline", f"{1000 * self.seconds:.3g} ms at least, MFU {self.mfu:.2f} at most")

    def wider(self) -> str:
        """What could be computed in bfloat16."""
        could = self.precision == "float32" and self.target.backend != "cpu"
        return "; --precision bfloat16 would move half as much" if could else ""

    def dearest(self, costs: list[Cost]) -> str:
        """The three instructions that move most."""
        top = sorted(costs, key=lambda cost: -cost.bytes * cost.times)[:3]
        return ", ".join(f"{told(cost.bytes * cost.times)} {cost.name}" for cost in top)

    def collectives(self) -> Iterator[str]:
        """A line for each kind, within loops and without."""
        found: dict[tuple, float] = {}
        for one in self.step.program.collectives:
            place = one.kind, one.looped
            found[place] = found.get(place, 0.0) + one.bytes * one.times
        for (kind, looped), total in found.items():
            yield row("sent", f"{told(total)} {kind}{', within a loop' if looped else ''}")

    def change(self) -> str:
        """What to change where it does not fit."""
        most = self.target.count // self.given.run.parallel.tensor
        if self.step.arguments > self.target.memory and self.given.run.parallel.fsdp < most:
            return f"parallel.fsdp={most}"
        fields = {field.name for field in dataclasses.fields(self.given.model)}
        if "remat" not in fields or self.given.model.remat == "blocks":
            return "fewer rows a batch, or more devices"
        return f"model.remat={'blocks' if self.given.model.remat else True}, or fewer rows a batch"


def row(name: str, words: str) -> str:
    """A line of two columns."""
    return f"{name:20} {words}"


def told(count: float) -> str:
    """Bytes in words: 1.24 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
