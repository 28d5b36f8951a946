"""Exact match and F1 of answers, as the official evaluation of SQuAD 1.1 has them; shares of 1."""

import re
import string
from collections import Counter
from collections.abc import Sequence

ARTICLES = re.compile(r"\b(a|an|the)\b")
WITHOUT_MARKS = str.maketrans("", "", string.punctuation)


def normalised(answer: str) -> str:
    """In lower case, without ASCII punctuation, then without articles, single spaces between words."""
    return " ".join(ARTICLES.sub(" ", answer.lower().translate(WITHOUT_MARKS)).split())


def exact_match(answer: str, gold: Sequence[str]) -> float:
    """1 if it is one of the gold answers, normalised."""
    return float(normalised(answer) in map(normalised, gold))


def f1(answer: str, gold: Sequence[str]) -> float:
    """2 P R / (P + R) of the words of both, as bags; of the gold answers the best one counts."""
    return max(overlap(normalised(answer).split(), normalised(one).split()) for one in gold)


def overlap(words: Sequence[str], gold: Sequence[str]) -> float:
    """2 P R / (P + R) of two bags of words, 0 where they share none."""
    common = sum((Counter(words) & Counter(gold)).values())
    return 2 * common / (len(words) + len(gold)) if common else 0.0
