"""BLEU and chrF with their signatures, what BLEU is made of, and BLEU by source length: all by sacreBLEU.

BLEU = min(1, exp(1 - r/c)) exp(sum_n 1/4 log p_n)   -- Papineni et al. 2002, section 2.3
chrF = (1 + b^2) P R / (b^2 P + R), b = 2            -- Popović 2015, eq. 1, over character 1- to 6-grams

A score never leaves here without the signature that says how it was computed (Post 2018). Hypotheses and
references are compared in Unicode's normal form C, whatever spelling of an accent each came in.
"""

import functools
import itertools
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from data.files.outside_text import composed
from train.metrics.counts import Bleu, Bleu1, Bleu2, Bleu3, Bleu4, Counts

Score = tuple[float, str]
Tokenize = Literal[
    "none", "zh", "13a", "intl", "char", "ja-mecab", "ko-mecab", "spm", "flores101", "flores200", "spBLEU-1K"
]
# Languages that write no spaces between words, by their codes: for the first three sacreBLEU has tokenizers.
BY_LANGUAGE: dict[str, Tokenize] = {
    **dict.fromkeys(("zh", "zho", "chi", "cmn", "yue", "cn"), "zh"),
    **dict.fromkeys(("ja", "jpn", "jp"), "ja-mecab"),
    **dict.fromkeys(("ko", "kor"), "ko-mecab"),
    **dict.fromkeys(("th", "tha", "lo", "lao", "km", "khm", "my", "mya", "bur", "bo", "bod", "tib"), "char"),
}
EXTRAS = {"ja-mecab": "sacrebleu[ja]", "ko-mecab": "sacrebleu[ko]"}


def tokenizer_of(language: str) -> Tokenize:
    """The tokenizer for a target language by its code (zh, zh-TW, zh_Hant): 13a where words have spaces."""
    return BY_LANGUAGE.get(re.split("[-_.]", language)[0].lower(), "13a")


@functools.cache
def require_tokenizer(tokenize: str) -> None:
    """ValueError with what to install where sacreBLEU cannot tokenize so here."""
    try:
        _bleu(tokenize, lowercase=False)
    # It raises whatever its libraries and its downloads do, or ends the process.
    except (Exception, SystemExit):
        extra = EXTRAS.get(tokenize, "sentencepiece")
        raise ValueError(
            f"BLEU with tokenize={tokenize!r} cannot be computed here: run `pip install '{extra}'`, "
            "or set another tokenize, such as 'char'"
        ) from None


def corpus_scores(
    hypotheses: Sequence[str], references: Sequence[str], tokenize: str = "13a", lowercase: bool = False
) -> dict[str, Score]:
    """{"BLEU": (value, signature), "chrF": (value, signature)} of detokenised text, one reference a line."""
    hypotheses, references = _paired(hypotheses, references)
    metrics = {"BLEU": _bleu(tokenize, lowercase), "chrF": CHRF(lowercase=lowercase)}
    return {name: _score(metric, hypotheses, references) for name, metric in metrics.items()}


def matches(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str],
    tokenize: str = "13a",
    lowercase: bool = False,
) -> Counts:
    """What BLEU is made of, sentence by sentence."""
    hypotheses, references = _paired(hypotheses, references)
    metric, rows = _bleu(tokenize, lowercase), []
    for source, hypothesis, reference in zip(sources, hypotheses, references, strict=True):
        one = metric.corpus_score([hypothesis], [[reference]])
        rows.append([len(source.split()), one.ref_len, one.sys_len, *one.counts])
    return Counts(Bleu, np.array(rows, float))


def caption_scores(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    tokenize: str = "13a",
    lowercase: bool = False,
) -> dict[str, tuple[Counts, str]]:
    """{"BLEU-1": (counts, signature), ..} up to BLEU-4, each caption against all references of its picture.

    An n-gram counts as often as the reference that has it oftenest; the length is that of the reference
    nearest in length  -- Papineni et al. 2002, section 2.
    """
    if not references or any(not those for those in references):
        raise ValueError("nothing to score: a picture has no reference")
    if len(hypotheses) != len(references):
        raise ValueError(f"{len(hypotheses)} captions do not pair with references of {len(references)}")
    metric, rows = _bleu(tokenize, lowercase), []
    for hypothesis, those in zip(hypotheses, references, strict=True):
        one = metric.corpus_score([composed(hypothesis)], [[composed(reference)] for reference in those])
        rows.append([len(those[0].split()), one.ref_len, one.sys_len, *one.counts])
    metric.corpus_score(list(hypotheses), list(itertools.zip_longest(*references)))  # what is signed
    signature = str(metric.get_signature())
    found = np.array(rows, float)
    return {f"BLEU-{one.order}": (Counts(one, found), signature) for one in (Bleu1, Bleu2, Bleu3, Bleu4)}


def tokenised(texts: Sequence[str], tokenize: str = "13a", lowercase: bool = False) -> list[str]:
    """The texts as BLEU compares them: tokens with spaces between."""
    tokenizer = _bleu(tokenize, lowercase).tokenizer
    return [tokenizer(composed(text.lower() if lowercase else text).rstrip()) for text in texts]


def by_source_length(
    counts: Counts, edges: Sequence[int] = (10, 20, 30, 40, 50)
) -> list[tuple[int, int, int, float]]:
    """(shortest, longest, sentences, BLEU) of each group of sources, by number of words between spaces.

    `edges` are the longest lengths of all groups but the last, which takes the rest; a group without a
    sentence is left out. Every sentence is in one group.
    """
    if not edges or list(edges) != sorted(set(edges)):
        raise ValueError(f"edges of length groups must rise, got {tuple(edges)}")
    words = counts.column("words")
    lowest = (0, *(edge + 1 for edge in edges))
    highest = (*edges, int(max(*words, edges[-1] + 1)))
    group_of = np.searchsorted(edges, words)
    groups = {group: counts.where(group_of == group) for group in np.unique(group_of)}
    return [
        (lowest[group], highest[group], len(chosen.rows), chosen.score) for group, chosen in groups.items()
    ]


def _bleu(tokenize: str, lowercase: bool) -> BLEU:
    # force: without it sacreBLEU warns of tokenised lines, which is what tok:none declares.
    return BLEU(tokenize=tokenize, lowercase=lowercase, force=tokenize == "none")


def _score(metric: BLEU | CHRF, hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    score = metric.corpus_score(hypotheses, [references])
    return float(score.score), str(metric.get_signature())


def _paired(lines: Sequence[str], references: Sequence[str]) -> tuple[list[str], list[str]]:
    if not references:
        raise ValueError("nothing to score: the reference has no lines")
    if len(lines) != len(references):
        raise ValueError(f"{len(lines)} lines do not pair with {len(references)} reference lines")
    return list(map(composed, lines)), list(map(composed, references))
