"""How counts of n-grams become probabilities: the smoothings that an n-gram model has the choice of.

All have one form. After a context h, a word w that was seen there has a share of its own, and what is left
goes to a lower distribution q, of h without its first word or of all words alike:

    p(w | h) = own(h w) + left(h) q(w)
"""

import dataclasses
from typing import Annotated

import numpy as np
from jaxtyping import Float, Int, Num

from models.fields import Bound, Fraction, Part, Rate

# Where counts of counts give no discounts, as with characters: what KenLM takes by `--discount_fallback`.
FALLBACK = (0.5, 1.0, 1.5)


class Smoothing(Part):
    """`shares` gives own [n] and left [contexts]; the rest says how they are put together."""

    abstract = True
    normalised = True  # or a seen n-gram gets nothing from q, and what there is are scores
    continuation = False  # of lower orders: not how often an n-gram is, but after how many words
    backs_off = True  # q forgets the first word of h; else q is uniform
    unseen = 1.0  # what is left of a context that was never seen

    def shares(
        self, counts: Int[np.ndarray, "n"], contexts: Int[np.ndarray, "n"], size: int, words: int
    ) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "C"]]:
        """Of n-grams with these counts, each one of `size` contexts and after it one of `words` words."""
        raise NotImplementedError


def ratio(a: Num[np.ndarray, "n"], b: Num[np.ndarray, "n"], otherwise: float) -> Float[np.ndarray, "n"]:
    """a / b, and `otherwise` where b = 0."""
    return np.divide(a, b, out=np.full(len(b), otherwise), where=b > 0)


def additive(counts, contexts, size: int, added: float, words: int):
    """(c + k) / (T + k W): h w has c / (T + k W), and k W / (T + k W) is left for the uniform 1 / W."""
    total = np.bincount(contexts, counts, size) + added * words
    return ratio(counts, total[contexts], 0.0), ratio(np.full(size, added * words), total, 1.0)


@dataclasses.dataclass(frozen=True)
class MaximumLikelihood(Smoothing):
    """p(w | h) = c(h w) / T(h), T(h) = sum_w c(h w); after an h never seen all words are alike.

    That is add-k for k to 0. What was never seen after a seen h has probability 0.
    """

    backs_off = False

    def shares(self, counts, contexts, size, words):
        """own is c / T; left is 0 but for contexts never seen."""
        return additive(counts, contexts, size, 0.0, words)


@dataclasses.dataclass(frozen=True)
class AddK(Smoothing):
    """p(w | h) = (c(h w) + k) / (T(h) + k W), W words in all  -- Lidstone 1920; Laplace's is k = 1.

    MaximumLikelihood adds nothing.
    """

    k: Rate = 1.0

    backs_off = False

    def shares(self, counts, contexts, size, words):
        """own is c / (T + k W), left k W / (T + k W)."""
        return additive(counts, contexts, size, self.k, words)


@dataclasses.dataclass(frozen=True)
class StupidBackoff(Smoothing):
    """S(w | h) = c(h w) / T(h) if that is not 0, else alpha S(w | h without its first word).

    S(w) = c(w) / N ends it  -- Brants et al. 2007. Scores, not probabilities: they have no perplexity.
    """

    alpha: Annotated[float, Bound(above=0, most=1)] = 0.4

    normalised = False

    @property
    def unseen(self) -> float:
        """alpha, as after contexts that were seen."""
        return self.alpha

    def shares(self, counts, contexts, size, words):
        """own is c / T, left alpha."""
        own = ratio(counts, np.bincount(contexts, counts, size)[contexts], 0.0)
        return own, np.full(size, self.alpha)


class Discounted(Smoothing):
    """p(w | h) = (a(h w) - D(a)) / T(h) + left(h) p(w | h without its first word), left(h) = sum_w D / T(h).

    T(h) = sum_w a(h w), and a is the count of n-grams of the highest order and of those that begin with BOS,
    which nothing comes before; of the others it is N1+(. h w), how many different words come before them.
    What unigrams leave goes to the uniform 1 / W  -- Kneser & Ney 1995, as interpolated by Chen & Goodman
    1998.
    """

    abstract = True
    continuation = True

    def discounts(self, counts: Int[np.ndarray, "n"]) -> tuple[float, float, float]:
        """D of a = 1, of 2, and of 3 or more, for n-grams of one order."""
        raise NotImplementedError

    def shares(self, counts, contexts, size, words):
        """own is (a - D(a)) / T, left sum_w D / T."""
        taken = np.array([0.0, *self.discounts(counts)])[np.minimum(counts, 3)]
        total = np.bincount(contexts, counts, size)
        own = ratio(counts - taken, total[contexts], 0.0)
        return own, ratio(np.bincount(contexts, taken, size), total, 1.0)


def counts_of_counts(counts: Int[np.ndarray, "n"]) -> list[int]:
    """n_1 .. n_4: how many n-grams have a count of 1, 2, 3, 4."""
    return np.bincount(np.minimum(counts, 5), minlength=6)[1:5].tolist()


@dataclasses.dataclass(frozen=True)
class KneserNey(Discounted):
    """One discount for all counts, by default n1 / (n1 + 2 n2) of each order  -- Ney et al. 1994.

    An order without a single count of 1 has 0.5.
    """

    discount: Fraction | None = None

    def discounts(self, counts):
        """The one discount, three times."""
        n1, n2, _, _ = counts_of_counts(counts)
        estimate = n1 / (n1 + 2 * n2) if n1 else FALLBACK[0]
        return (estimate if self.discount is None else self.discount,) * 3


@dataclasses.dataclass(frozen=True)
class ModifiedKneserNey(Discounted):
    """D_j = j - (j + 1) Y n_j+1 / n_j for counts of 1, 2, and 3 or more, Y = n1 / (n1 + 2 n2), of each order.

    -- Chen & Goodman 1998, eq. 26. An order whose n_1, n_2 or n_3 is 0, or a D_j of which is not from 0 to j,
    has the discounts 0.5, 1, 1.5 as in KenLM.
    """

    def discounts(self, counts):
        """D_1, D_2 and D_3."""
        n = [0, *counts_of_counts(counts)]
        if not all(n[1:4]):
            return FALLBACK
        y = n[1] / (n[1] + 2 * n[2])
        found = tuple(j - (j + 1) * y * n[j + 1] / n[j] for j in (1, 2, 3))
        return found if all(0 <= d <= j for j, d in enumerate(found, 1)) else FALLBACK
