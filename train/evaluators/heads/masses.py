"""How much of its attention each head gives to what is named, in means over the pieces that look."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from train.run import Result


class Target(NamedTuple):
    """Where in weights [R T] something lies, and which of the rows are asked for it: None for all of them."""

    there: Bool[np.ndarray, "R T"]
    asked: Bool[np.ndarray, "R"] | None = None


class Masses:
    """Sums over sentences of the weights that heads give to targets, and of those of an even look.

    A sentence that has nothing of a target counts with 0, but where none of its rows is asked for it.
    An even look gives the same to all that may be seen: what has any weight, as a softmax gives 0 to nothing
    but what a mask forbids.
    """

    def __init__(self):
        self.sums, self.even, self.rows = defaultdict(float), defaultdict(float), {}
        self.pieces = 0

    def add(self, weights: Float[np.ndarray, "L N R T"], targets: Mapping[str, Target]) -> None:
        """The weights of a sentence's pieces."""
        seen = (weights > 0).any(axis=(0, 1))
        flat = seen / seen.sum(axis=-1, keepdims=True)
        for name, (there, asked) in targets.items():
            if asked is not None:
                there = there & asked[:, None]
                self.rows[name] = self.rows.get(name, 0) + int(asked.sum())
            self.sums[name] = self.sums[name] + 100 * (weights * there).sum(axis=(-2, -1))
            self.even[name] += 100 * (flat * there).sum()
        self.pieces += weights.shape[-2]

    def results(self, protocol: Mapping[str, str]) -> Iterator[Result]:
        """Of each head "look at X"; "largest look" and "even look" at X. None of what no row is asked for."""
        for name, total in sorted(self.sums.items()):
            if not (rows := self.rows.get(name, self.pieces)):
                continue
            means = total / rows
            yield from of_each(f"look at {name}", means, protocol)
            at, value = furthest(means)
            yield Result("largest look", name, value, {**protocol, "head": at})
            yield Result("even look", name, float(self.even[name] / rows), protocol)


def of_each(metric: str, values: Float[np.ndarray, "L N"], protocol: Mapping[str, str]) -> Iterator[Result]:
    """A result of each head."""
    for layer, head in np.ndindex(values.shape):
        yield Result(metric, f"{layer + 1}-{head + 1}", float(values[layer, head]), protocol)


def furthest(values: Float[np.ndarray, "L N"]) -> tuple[str, float]:
    """The head with the largest value, and that."""
    layer, head = np.unravel_index(values.argmax(), values.shape)
    return f"{layer + 1}-{head + 1}", float(values[layer, head])
