"""BLEU and chrF of translations."""

import dataclasses
from collections.abc import Iterator

from data.items.corpus import ParallelCorpus
from data.tasks.translation import Translation
from models.decoding.search import Search
from models.translation.encoder_decoder import EncoderDecoder
from train.folder.outputs import keep
from train.inference.translator import Translator
from train.metrics import bleu
from train.run import Evaluator, Result, Trained


@dataclasses.dataclass(frozen=True)
class Bleu(Evaluator):
    """Corpus BLEU, and chrF, of detokenised text by sacreBLEU; tokenize="none" for text tokenised before.

    Of the task's own corpus, or of another one, whose results go by `name`:
    Bleu(corpus=Newstest(year=2014), name="newstest2014").
    """

    needs = {"task": Translation, "model": EncoderDecoder}
    why = "judges translations"
    split: str = "test"
    search: Search = Search()
    tokenize: bleu.Tokenize = "13a"
    corpus: ParallelCorpus | None = None
    name: str | None = None

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, name = trained.task, self.name or self.split
        task = task if self.corpus is None else dataclasses.replace(task, corpus=self.corpus)
        sources, references = zip(*task.pairs(self.split, trained.data_dir), strict=True)
        hypotheses = [found[0].text for found in Translator.of(trained, self.search)(sources)]
        keep(trained.directory, name, source=sources, reference=references, hypothesis=hypotheses)
        for metric, (value, signature) in bleu.corpus_scores(hypotheses, references, self.tokenize).items():
            corpus, decoding = task.protocol(self.split), str(self.search)
            protocol = trained.protocol(corpus, signature=signature, decoding=decoding)
            yield Result(metric, name, value, protocol, {"tokenize": self.tokenize})
