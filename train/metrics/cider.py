"""CIDEr-D: how much of what people agree on a caption says  -- Vedantam et al. 2015.

g(s)    of each n-gram of a text its count times log N - log max(1, pictures whose references have it)
CIDEr   10/4 sum_n mean_r exp(-(l_c - l_r)^2 / (2 sigma^2)) sum min(g(c), g(r)) g(r) / (|g(c)| |g(r)|)

over n-grams of n = 1 .. 4, with sigma = 6, of N pictures. Weights come from the references that are scored
against: of another set of pictures the same caption has another score. Word for word what all references
say is 10.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from train.metrics.counts import Counts, Mean

ORDERS, SIGMA = (1, 2, 3, 4), 6.0
SIGNATURE = "CIDEr-D, n = 1 to 4, sigma 6, idf of the references scored"
Ngrams = Counter[tuple[str, ...]]


def ngrams(text: str, n: int) -> Ngrams:
    """The runs of n words, between spaces, with their counts."""
    words = text.split()
    return Counter(tuple(words[at : at + n]) for at in range(len(words) - n + 1))


def scores(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Counts:
    """The CIDEr-D of each caption, of words between spaces; their mean is the corpus's."""
    if len(hypotheses) != len(references) or not references or not all(references):
        raise ValueError("CIDEr takes a caption, and at least one reference, for each of some pictures")
    found = np.zeros(len(references))
    for n in ORDERS:
        ours = [ngrams(text, n) for text in hypotheses]
        theirs = [[ngrams(text, n) for text in those] for those in references]
        pictures = Counter(gram for those in theirs for gram in {gram for one in those for gram in one})
        rarity = lambda gram, having=pictures: np.log(len(references) / max(having[gram], 1))
        weighted = lambda counts, rarity=rarity: {
            gram: count * rarity(gram) for gram, count in counts.items()
        }
        for at, (one, those) in enumerate(zip(ours, theirs, strict=True)):
            alike = [similarity(weighted(one), weighted(other)) for other in those]
            apart = np.array([words(hypotheses[at]) - words(text) for text in references[at]])
            found[at] += np.mean(alike * np.exp(-(apart**2) / (2 * SIGMA**2)))
    values = 10 * found / len(ORDERS)
    return Counts(Mean, np.stack([values, np.ones(len(values))], axis=1))


def words(text: str) -> int:
    """How many there are between spaces."""
    return len(text.split())


def similarity(ours: dict, theirs: dict) -> float:
    """sum min(a, b) b / (|a| |b|), 0 where one of them has no weight."""
    norm = np.sqrt(sum(a * a for a in ours.values())) * np.sqrt(sum(b * b for b in theirs.values()))
    shared = sum(min(a, theirs[gram]) * theirs[gram] for gram, a in ours.items() if gram in theirs)
    return float(shared / norm) if norm > 0 else 0.0
