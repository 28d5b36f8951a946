"""BLEU and chrF of translations."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from data.corpora.parallel import Corpus
from models.decoding.search import PerToken, Search
from train.metrics import bleu

if TYPE_CHECKING:
    pass
from train.evaluators.evaluator import Result, Trained, keep


def spell(search: Search) -> str:
    """The search in a protocol's words: "beam 5, score / length^1.0"."""
    if search.beam == 1:
        return "greedy"
    rule = "score / length" if isinstance(search.penalty, PerToken) else "score / ((5 + length) / 6)"
    return f"beam {search.beam}, {rule}^{search.penalty.alpha}"


@dataclasses.dataclass(frozen=True)
class Bleu:
    """Corpus BLEU, and chrF, of detokenised text by sacreBLEU; tokenize="none" for text tokenised before.

    Of the task's own corpus, or of another one, whose results go by `name`:
    Bleu(corpus=Newstest(year=2014), name="newstest2014").
    """

    split: str = "test"
    tokenize: str = "13a"
    corpus: Corpus | None = None
    name: str | None = None

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, name = trained.task, self.name or self.split
        task = task if self.corpus is None else dataclasses.replace(task, corpus=self.corpus)
        sources, references = zip(*task.pairs(self.split, trained.data_dir), strict=True)
        hypotheses = [found[0].text for found in trained.translator(sources)]
        keep(trained.directory, name, source=sources, reference=references, hypothesis=hypotheses)
        for metric, (value, signature) in bleu.corpus_scores(hypotheses, references, self.tokenize).items():
            protocol = {
                "signature": signature,
                "corpus": task.protocol(self.split),
                "decoding": spell(trained.translator.search),
                "weights": trained.weights,
            }
            yield Result(metric, name, value, protocol)
