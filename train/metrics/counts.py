"""What a score is made of, item by item: enough to draw the items anew, and nothing of their texts.

A score of a test set is a function of sums over its items: BLEU of n-grams that match, F1 of entities that
are right, perplexity of nats. Kept item by item these sums say how far the choice of items matters (Koehn
2004), without the texts, which are not ours to pass on.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Shaped

BLOCKS = 500  # of a running text: the losses of neighbours go together, as they depend on one another


class Statistic:
    """How sums over items make a score. `columns` are what is kept of each item; those `given` are the items'
    own, and so the same for every system."""

    columns: ClassVar[tuple[str, ...]]
    given: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def summed(rows: Float[np.ndarray, "n K"]) -> Float[np.ndarray, "n J"]:
        """What is summed of each item: its columns, and what follows from them."""
        return rows

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """The score of sums over items."""
        raise NotImplementedError


class Share(Statistic):
    """100 sum of right / sum of all: accuracy in per cent, of one thing an item or of several."""

    columns, given = ("right", "all"), ("all",)

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """The share in per cent."""
        return 100 * sums[..., 0] / sums[..., 1]


class Mean(Statistic):
    """Sum of values / their number."""

    columns, given = ("sum", "number"), ("number",)

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """The mean."""
        return sums[..., 0] / sums[..., 1]


class RootMean(Mean):
    """sqrt of the mean of squares."""

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """The root."""
        return np.sqrt(Mean.score(sums))


class ExpMean(Mean):
    """exp of the mean, at most e^700, the largest that a float holds."""

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """The perplexity."""
        return np.exp(np.minimum(Mean.score(sums), 700.0))


class F1(Statistic):
    """200 right / (gold + found), 0 where there is nothing: Tjong Kim Sang & De Meulder 2003, §2.3."""

    columns, given = ("gold", "found", "right"), ("gold",)

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """F1 in per cent."""
        return 200 * sums[..., 2] / np.maximum(sums[..., 0] + sums[..., 1], 1)


class AlignmentError(Statistic):
    """100 (1 - hits / links), hits = |A and S| + |A and P|, links = |A| + |S|  -- Och & Ney 2003, §5."""

    columns = ("hits", "links")

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """The alignment error rate in per cent."""
        hits, links = sums[..., 0], sums[..., 1]
        return np.where(links > 0, 100 - 100 * hits / np.maximum(links, 1), 0.0)


class Matthews(Statistic):
    """100 (TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN)), 0 where one side has one class only.

    Matthews 1975; of two classes.
    """

    columns = ("TP", "TN", "FP", "FN")

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """The correlation, times 100."""
        tp, tn, fp, fn = np.moveaxis(np.asarray(sums, float), -1, 0)
        spread = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
        return 100 * np.where(spread > 0, (tp * tn - fp * fn) / np.where(spread > 0, spread, 1), 0.0)


class Pearson(Statistic):
    """100 cov(x, y) / (sd(x) sd(y)), 0 where one of them never changes."""

    columns, given = ("1", "x", "y", "xx", "yy", "xy"), ("1", "x", "xx")

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """The correlation, times 100."""
        n, x, y, xx, yy, xy = np.moveaxis(np.asarray(sums, float), -1, 0)
        spread = np.sqrt(np.maximum((n * xx - x * x) * (n * yy - y * y), 0))
        return 100 * np.where(spread > 0, (n * xy - x * y) / np.where(spread > 0, spread, 1), 0.0)


class Bleu(Statistic):
    """BLEU by sacreBLEU, of the n-grams that match and of lengths  -- Papineni et al. 2002, section 2.3.

    `words` of the source are those between spaces: what sentences are grouped by. The n-grams are of up to
    `order` tokens.
    """

    order: ClassVar[int] = 4

    columns = ("words", "reference", "hypothesis", "1", "2", "3", "4")
    given = ("words", "reference")

    @staticmethod
    def summed(rows: Float[np.ndarray, "n K"]) -> Float[np.ndarray, "n J"]:
        """And how many n-grams there are, max(0, c - n + 1) in a hypothesis of c tokens."""
        return np.concatenate([rows, np.maximum(rows[:, 2:3] - np.arange(4), 0)], axis=1)

    @classmethod
    def score(cls, sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """BLEU, smoothed by halves where no n-gram of a length matches (sacreBLEU's "exp")."""
        from sacrebleu.metrics import BLEU

        n = cls.order
        scores = [
            BLEU.compute_bleu(
                row[3 : 3 + n], row[7 : 7 + n], row[2], row[1], smooth_method="exp", max_ngram_order=n
            ).score
            for row in np.rint(sums).astype(int).reshape(-1, 11).tolist()
        ]
        return np.reshape(scores, np.shape(sums)[:-1])


class Bleu4(Bleu):
    """Of items with several references: the nearest in length is another for another system."""

    given = ("words",)


class Bleu1(Bleu4):
    """Of single tokens."""

    order = 1


class Bleu2(Bleu4):
    """Of single tokens and pairs."""

    order = 2


class Bleu3(Bleu4):
    """Of up to three tokens."""

    order = 3


class Meteor(Statistic):
    """METEOR 1.5 of English, from matched words by stage, content c and function f words apart, in per cent.

    P, R     sum_i w_i (d m_ic + (1 - d) m_if) / (d l_c + (1 - d) l_f), of the hypothesis, of the reference
    score    (1 - g (chunks / m)^b) P R / (a P + (1 - a) R), m the mean of both sides' matched words

    with w = 1, .6, .8, .6 for forms, stems, synonyms and paraphrases, a = .85, b = .2, g = .6, d = .75
    (Denkowski & Lavie 2014, §2), as the authors' program has them for English; so is the order of columns.
    """

    columns = (
        *("hypothesis", "reference", "hypothesis function", "reference function"),
        *(
            f"{stage} {side} {kind}"
            for stage in ("form", "stem", "synonym", "paraphrase")
            for kind in ("content", "function")
            for side in ("hypothesis", "reference")
        ),
        *("chunks", "matched hypothesis", "matched reference"),
    )

    @staticmethod
    def summed(rows: Float[np.ndarray, "n K"]) -> Float[np.ndarray, "n J"]:
        """Without the chunk of what matches from end to end, as the program has it: nothing is taken off."""
        found = np.array(rows, float)
        found[(found[:, 20] == 1) & (found[:, 21:23] == found[:, 0:2]).all(axis=1), 20] = 0
        return found

    @staticmethod
    def score(sums: Float[np.ndarray, "*S K"]) -> Float[np.ndarray, "*S"]:
        """METEOR, 0 where nothing matches."""
        alpha, beta, gamma, delta = 0.85, 0.2, 0.6, 0.75
        sums = np.asarray(sums, float)
        length, function = sums[..., 0:2], sums[..., 2:4]  # of both sides
        stages = sums[..., 4:20].reshape(*sums.shape[:-1], 4, 2, 2)  # stage, kind, side
        kinds = np.array([delta, 1 - delta])
        matched = np.einsum("...tks,t,k->...s", stages, np.array([1, 0.6, 0.8, 0.6]), kinds)
        total = delta * (length - function) + (1 - delta) * function
        precision, recall = np.moveaxis(matched / np.maximum(total, 1e-9), -1, 0)
        mean = precision * recall / np.maximum(alpha * precision + (1 - alpha) * recall, 1e-9)
        apart = sums[..., 20] / np.maximum(sums[..., 21:23].mean(-1), 1e-9)
        return 100 * (1 - gamma * apart**beta) * mean


@dataclasses.dataclass(frozen=True, eq=False)
class Counts:
    """What each item adds to the columns of a statistic [items, columns]."""

    statistic: type[Statistic]
    rows: Float[np.ndarray, "n K"]

    def __eq__(self, other: object) -> bool:
        alike = isinstance(other, Counts) and self.statistic is other.statistic
        return alike and np.array_equal(self.rows, other.rows)

    __hash__ = None

    @property
    def score(self) -> float:
        """The score of all items."""
        return float(self.statistic.score(self.summed.sum(axis=0)))

    @property
    def summed(self) -> Float[np.ndarray, "n J"]:
        """What is summed of each item."""
        return self.statistic.summed(self.rows)

    @property
    def given(self) -> Float[np.ndarray, "n G"]:
        """What is the same for every system that was scored on these items."""
        return self.rows[:, [self.statistic.columns.index(name) for name in self.statistic.given]]

    def column(self, name: str) -> Float[np.ndarray, "n"]:
        """One column."""
        return self.rows[:, self.statistic.columns.index(name)]

    def where(self, chosen: Shaped[np.ndarray, "n"]) -> "Counts":
        """Of these items only."""
        return Counts(self.statistic, self.rows[chosen])

    def lines(self) -> list[str]:
        """As text: the statistic and its columns, then an item a line, seven digits of each number."""
        return [
            "\t".join((self.statistic.__name__, *self.statistic.columns)),
            *(" ".join(f"{number:.7g}" for number in row) for row in self.rows),
        ]


def parsed(lines: Sequence[str]) -> Counts:
    """Counts from their `lines`; ValueError where they are none."""
    named, *columns = lines[0].split("\t")
    statistic = statistics().get(named)
    if statistic is None or tuple(columns) != statistic.columns:
        raise ValueError(f"line 1: no statistic {lines[0][:60]!r}")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            row = [float(word) for word in line.split(" ")]
        except ValueError:
            row = []
        if len(row) != len(columns) or not all(map(math.isfinite, row)):
            raise ValueError(f"line {number}: not {len(columns)} numbers")
        rows.append(row)
    return Counts(statistic, np.array(rows, float).reshape(len(rows), len(columns)))


def statistics(of: type[Statistic] = Statistic) -> dict[str, type[Statistic]]:
    """{name: statistic} of all there are."""
    found = {}
    for one in of.__subclasses__():
        found |= {one.__name__: one} | statistics(one)
    return found


def of_values(statistic: type[Statistic], values: Shaped[np.ndarray, "n"]) -> Counts:
    """Counts of one value an item, as of whether it is right."""
    return Counts(statistic, np.stack([np.asarray(values, float), np.ones(len(values))], axis=1))


def in_blocks(statistic: type[Statistic], values: Shaped[np.ndarray, "n"], most: int = BLOCKS) -> Counts:
    """Counts of the values of a running text, in at most so many blocks of neighbours of nearly one size."""
    bounds = np.linspace(0, len(values), min(most, len(values)) + 1).astype(int)
    sums = np.add.reduceat(np.asarray(values, float), bounds[:-1]) if len(values) else np.zeros(0)
    return Counts(statistic, np.stack([sums, np.diff(bounds)], axis=1))
