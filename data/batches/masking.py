"""Which tokens of a row an encoder must predict, and what it is given in their place."""

import dataclasses
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from data.fields import Bound, Fraction, Part


@dataclasses.dataclass(frozen=True)
class Masking(Part):
    """A `share` of the tokens is predicted; most of these are masked, some wrong, some left as they are.

    [MASK] stands in the place of a share `masked` of them, a random piece in that of a share `replaced`, and
    the rest is itself, and predicted all the same: an encoder that will never see [MASK] in use must not rely
    on it  -- Devlin et al. 2019, §3.1 and appendix C.2. Masking(masked=1.0, replaced=0.0) masks them all.
    """

    share: Annotated[float, Bound(above=0, most=1)] = 0.15
    masked: Fraction = 0.8
    replaced: Fraction = 0.1

    def __post_init__(self):
        super().__post_init__()
        if self.masked + self.replaced > 1:
            raise ValueError(f"{self}: give masked and replaced that are at most 1 together")

    def most(self, length: int) -> int:
        """How many tokens may be predicted in a row of this length."""
        return max(round(self.share * length), 1)

    def __call__(
        self,
        row: NDArray[np.int32],
        free: NDArray[np.bool_],
        mask: int,
        pieces: NDArray[np.int32],
        key: tuple[int, ...],
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(the row as it is given, the positions to predict in order), a function of the `key` alone.

        Positions are chosen from those that are `free`, their share to the nearest number and at least one;
        `pieces` are what may stand at a wrong one.
        """
        draw = np.random.default_rng(key)
        positions = np.flatnonzero(free)
        positions = np.sort(draw.permutation(positions)[: self.most(len(positions))])
        drawn, inputs = draw.random(len(positions)), row.copy()
        wrong = positions[(drawn >= self.masked) & (drawn < self.masked + self.replaced)]
        inputs[positions[drawn < self.masked]] = mask
        inputs[wrong] = draw.choice(pieces, len(wrong))
        return inputs, positions
