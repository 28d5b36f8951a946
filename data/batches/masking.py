"""Which tokens of a row an encoder must guess, and what it reads in their place."""

import dataclasses

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True)
class Masking:
    """A `share` of the tokens is guessed; most of these are hidden, some wrong, some left as they are.

    [MASK] stands in the place of a share `masked` of them, any piece in that of a share `replaced`, and the
    rest is itself, and guessed all the same: an encoder that will never see [MASK] in use must not rely on it
    -- Devlin et al. 2019, §3.1 and appendix C.2. Masking(masked=1.0, replaced=0.0) hides them all.
    """

    share: float = 0.15
    masked: float = 0.8
    replaced: float = 0.1

    def __post_init__(self):
        if not 0 < self.share <= 1:
            raise ValueError(f"Masking.share is {self.share}; give a share above 0, at most 1")
        if not (min(self.masked, self.replaced) >= 0 and self.masked + self.replaced <= 1):
            raise ValueError(f"{self}: give masked and replaced of 0 or more that are at most 1 together")

    def most(self, length: int) -> int:
        """How many tokens may be guessed in a row of this length."""
        return max(round(self.share * length), 1)

    def __call__(
        self,
        row: NDArray[np.int32],
        free: NDArray[np.bool_],
        mask: int,
        pieces: NDArray[np.int32],
        key: tuple[int, ...],
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(the row as it is read, the places to guess in order), a function of the `key` alone.

        Places are chosen from those that are `free`, their share to the nearest number and at least one;
        `pieces` are what may stand in a wrong one.
        """
        draw = np.random.default_rng(key)
        places = np.flatnonzero(free)
        places = np.sort(draw.permutation(places)[: self.most(len(places))])
        chance, read = draw.random(len(places)), row.copy()
        wrong = places[(chance >= self.masked) & (chance < self.masked + self.replaced)]
        read[places[chance < self.masked]] = mask
        read[wrong] = draw.choice(pieces, len(wrong))
        return read, places
