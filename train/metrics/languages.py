"""Which of a few languages a text is in, by its characters."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

LONGEST = 5  # characters of an n-gram


class LanguageGuess:
    """The language whose n-grams of 1 to 5 characters make a text likeliest; grams of Cavnar & Trenkle 1994.

    sum over grams of log((c + 1/2) / (N + V/2)): c is how often the language has the gram, N how many it has
    in all, V how many kinds of them any language has. Languages are equally likely before.
    """

    def __init__(self, texts: Mapping[str, Iterable[str]]):
        self.counts = {language: Counter(grams_of(lines)) for language, lines in texts.items()}
        kinds = len(set().union(*self.counts.values()))
        self.floors = {language: sum(count.values()) + kinds / 2 for language, count in self.counts.items()}

    def __call__(self, text: str) -> str:
        """The likeliest language; of equally likely ones the first."""
        grams = Counter(grams_of([text]))
        return max(self.counts, key=lambda language: self.score(language, grams))

    def score(self, language: str, grams: Mapping[str, int]) -> float:
        """The log-probability of n-grams in a language."""
        counts, floor = self.counts[language], self.floors[language]
        return sum(times * math.log((counts[gram] + 0.5) / floor) for gram, times in grams.items())


def grams_of(lines: Iterable[str]) -> Iterator[str]:
    """The n-grams of lines in lower case, a blank before and behind each."""
    for line in lines:
        padded = f" {line.lower()} "
        for length in range(1, LONGEST + 1):
            for start in range(len(padded) - length + 1):
                yield padded[start : start + length]
