"""A compiled program read as text: what it computes, moves and sends, loops counted as often as they run.

XLA's own summary of a program for a GPU is empty, and counts the body of a loop once everywhere. The text is
XLA's HLO as `jax.stages.Compiled.as_text` prints it: computations of instructions, each with its shape.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Iterator, Mapping

BITS = {
    "pred": 8, "s4": 4, "u4": 4, "s8": 8, "u8": 8, "s16": 16, "u16": 16, "s32": 32, "u32": 32, "s64": 64,
    "u64": 64, "f8e4m3fn": 8, "f8e5m2": 8, "bf16": 16, "f16": 16, "f32": 32, "f64": 64, "c64": 64,
}  # fmt: skip
COLLECTIVES = ("all-gather", "all-reduce", "reduce-scatter", "all-to-all", "collective-permute")
GEMM, ATTENTION = "__cublas$", "__cudnn$fmha"  # calls of libraries
NOTHING = {  # what names or holds numbers and moves none, and what is over once another begun
    "parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all", "partition-id",
    "replica-id", "iota", "opt-barrier", "add-dependency",
}  # fmt: skip
ARRAY = re.compile(r"([a-z][a-z0-9]*)\[([0-9,]*)\]")
HEAD = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*\) -> .*\{$")
LINE = re.compile(r"^\s+(ROOT )?%?([\w.\-]+) = ")
CALLED = re.compile(r"(?:calls|to_apply|body|condition|called_computations)=\{?(%?[\w.\-]+)")
BRANCHES = re.compile(r"(?:branch_computations=\{|true_computation=|false_computation=)([^}]*?)[,}]")


@dataclasses.dataclass(frozen=True)
class Instruction:
    """One line of a computation."""

    name: str
    shape: str
    kind: str
    operands: tuple[str, ...]
    rest: str  # attributes
    root: bool

    @property
    def arrays(self) -> list[tuple[int, ...]]:
        """The shapes of the arrays that it gives."""
        return [tuple(map(int, filter(None, sizes.split(",")))) for _, sizes in ARRAY.findall(self.shape)]

    @property
    def size(self) -> float:
        """The bytes of what it gives."""
        return size(self.shape)

    @property
    def trips(self) -> int:
        """How often the loop runs, 1 where that is not known."""
        found = re.search(r'"known_trip_count":\{"n":"(\d+)"', self.rest)
        return int(found[1]) if found else 1

    def axes(self, which: str) -> tuple[int, ...]:
        """lhs_contracting_dims={1}, in a library's call "lhs_contracting_dimensions":["1"]."""
        found = re.search(rf'{which}_dim\w*"?[=:][{{\[]([^}}\]]*)[}}\]]', self.rest)
        return tuple(int(axis) for axis in re.findall(r"\d+", found[1])) if found else ()


@dataclasses.dataclass(frozen=True)
class Collective:
    """What devices send each other: the bytes of the whole array, how often, and whether within a loop."""

    kind: str
    bytes: float
    times: int
    looped: bool


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a device does in one run of an instruction, `times` over."""

    name: str
    flops: float
    bytes: float
    times: int


def size(shape: str) -> float:
    """The bytes of all arrays in a shape."""
    return sum(
        BITS[kind] / 8 * math.prod(map(int, filter(None, sizes.split(","))))
        for kind, sizes in ARRAY.findall(shape)
        if kind in BITS
    )


def split_shape(text: str) -> tuple[str, str]:
    """(shape, what follows), of a tuple of shapes up to its last bracket."""
    if not text.startswith("("):
        shape, _, rest = text.partition(" ")
        return shape, rest
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[: at + 1], text[at + 1 :].lstrip()
    raise ValueError(f"no end of the shape {text[:60]}")


def instruction(line: str) -> Instruction | None:
    """What a line says, None of one that is none."""
    if not (head := LINE.match(line)):
        return None
    shape, rest = split_shape(line[head.end() :])
    kind, _, rest = rest.partition("(")
    inside, _ = split_shape("(" + rest)
    operands = tuple(re.findall(r"%([\w.\-]+)", inside))
    return Instruction(head[2], shape, kind, operands, rest[len(inside) - 1 :], bool(head[1]))


class Program:
    """The computations of a compiled program, and what they come to."""

    def __init__(self, text: str):
        self.computations: dict[str, dict[str, Instruction]] = {}
        self.entry = ""
        own: dict[str, Instruction] = {}
        for line in text.splitlines():
            if not line.startswith(" ") and line.endswith("{") and (head := HEAD.match(line)):
                own = self.computations[head[2]] = {}
                self.entry = head[2] if head[1] else self.entry
            elif (found := instruction(line)) is not None:
                own[found.name] = found
        if not self.entry:
            raise ValueError("the compiler's text has no ENTRY: it is none of a program")

    def run(self, name: str | None = None, times: int = 1, looped: bool = False) -> Iterator[tuple]:
        """(computation, instruction, times, looped) of all that runs, calls and loops followed."""
        own = self.computations[self.entry if name is None else name]
        for one in own.values():
            if one.kind == "while":
                body = re.search(r"body=%?([\w.\-]+)", one.rest)[1]
                yield from self.run(body, times * one.trips, True)
            elif one.kind in ("call", "conditional", "async-start"):
                called = CALLED.findall(one.rest) + [
                    name for names in BRANCHES.findall(one.rest) for name in names.split(",")
                ]
                for other in called:
                    yield from self.run(other.strip().lstrip("%"), times, looped)
            elif one.kind not in NOTHING and not one.kind.endswith("-done"):
                yield own, one, times, looped

    @functools.cached_property
    def collectives(self) -> list[Collective]:
        """What devices send each other, those of one kind, size and place together."""
        found: dict[tuple, int] = {}
        for own, one, times, looped in self.run():
            for kind, received in self.sent(own, one):
                key = kind, received, looped
                found[key] = found.get(key, 0) + times
        return [
            Collective(kind, received, times, looped) for (kind, received, looped), times in found.items()
        ]

    def sent(self, own: Mapping[str, Instruction], one: Instruction) -> Iterator[tuple[str, float]]:
        """(kind, bytes) of the whole array of each collective of an instruction, fused ones too."""
        if one.kind == "fusion":
            for inner in self.inside(one).values():
                yield from self.sent(self.inside(one), inner)
        kind = one.kind.removesuffix("-start")
        if kind in COLLECTIVES:
            given = sum(own[name].size for name in one.operands if name in own)
            # Of what is put together the result is the whole, of what is summed and cut the operand.
            result = one.size - given if one.kind.endswith("-start") and kind == "all-gather" else one.size
            yield kind, result if kind == "all-gather" else given or result

    @functools.cached_property
    def costs(self) -> list[Cost]:
        """What each instruction computes and moves."""
        return [
            Cost(one.name, self.flops(own, one), self.moved(own, one), times)
            for own, one, times, _ in self.run()
            if one.kind.removesuffix("-start") not in COLLECTIVES
        ]

    def inside(self, fusion: Instruction) -> dict[str, Instruction]:
        """The computation of a fusion."""
        return self.computations[re.search(r"calls=%?([\w.\-]+)", fusion.rest)[1]]

    def flops(self, own: Mapping[str, Instruction], one: Instruction) -> float:
        """The operations of its products: elsewhere time goes by bytes."""
        if one.kind == "fusion":
            inner = self.inside(one)
            return sum(self.flops(inner, each) for each in inner.values())
        if one.kind == "dot" or GEMM in one.rest:
            contracted = math.prod(
                own[one.operands[0]].arrays[0][axis] for axis in one.axes("lhs_contracting")
            )
            return 2.0 * math.prod(one.arrays[0]) * contracted
        if one.kind == "convolution":
            kernel = own[one.operands[1]].arrays[0]
            labels = re.search(r"dim_labels=\w+_(\w+)->", one.rest)
            features = kernel[labels[1].index("o")] if labels else kernel[-1]
            return 2.0 * math.prod(one.arrays[0]) * math.prod(kernel) / features
        if ATTENTION in one.rest:
            # q k' and weights v, half of each under a causal mask; the backward pass takes five products.
            rows, heads, queries, width = one.arrays[0]
            keys = own[one.operands[1]].arrays[0]
            products = 5 if "Backward" in one.rest else 2
            causal = 0.5 if "CAUSAL" in one.rest else 1.0
            return (
                products
                * causal
                * 2.0
                * rows
                * heads
                * queries
                * width
                * sorted(keys)[-1 if queries > width else -2]
            )
        return 0.0

    def moved(self, own: Mapping[str, Instruction], one: Instruction) -> float:
        """The bytes read and written; of an array that is cut or changed in place, that part alone."""
        given = [own[name] for name in one.operands if name in own]
        if one.kind in ("dynamic-slice", "slice", "gather"):
            return 2.0 * one.size
        if one.kind in ("dynamic-update-slice", "scatter"):
            return 2.0 * given[-1 if one.kind == "scatter" else 1].size
        if one.kind == "fusion":
            inner = self.inside(one)
            return self.read(inner) + self.written(inner)
        # The second array that a library's product gives is where it works, and mostly stays empty.
        written = size(ARRAY.search(one.shape)[0]) if GEMM in one.rest else one.size
        return written + sum(each.size for each in given)

    def read(self, inner: Mapping[str, Instruction]) -> float:
        """The bytes a fusion reads: of a parameter that is only cut, the cuts."""
        return sum(min(one.size, self.seen(inner, one)) for one in inner.values() if one.kind == "parameter")

    def seen(self, inner: Mapping[str, Instruction], one: Instruction) -> float:
        """The bytes of a value that a fusion looks at, whatever it is converted to or called on the way."""
        users = [each for each in inner.values() if one.name in each.operands]
        total = 0.0 if users else one.size
        for each in users:
            first = each.operands[0] == one.name
            if each.kind in ("dynamic-slice", "slice", "gather") and first:
                total += each.size
            elif each.kind in ("convert", "bitcast", "reshape", "copy"):
                total += self.seen(inner, each) * one.size / max(each.size, 1.0)
            elif not (each.kind == "dynamic-update-slice" and first):
                total += one.size
        return total

    def written(self, inner: Mapping[str, Instruction]) -> float:
        """The bytes a fusion writes: of an array changed in place, the change."""
        root = next(one for one in inner.values() if one.root)
        roots = [inner[name] for name in root.operands] if root.kind == "tuple" else [root]
        return sum(
            inner[one.operands[1]].size if one.kind == "dynamic-update-slice" else one.size for one in roots
        )
