"""BLEU and chrF of translations."""

import dataclasses
from collections.abc import Iterator, Sequence

from data.corpora.parallel import directed
from data.items.corpus import Pairs, ParallelCorpus
from data.tasks.translation import Translation
from data.tokenizers.tokenizer import Tokenizer
from models.decoding.search import Search
from models.translation.aligner import WordTranslator
from models.translation.encoder_decoder import EncoderDecoder
from train.folder.outputs import keep
from train.inference.translator import Translator, WithoutNetwork
from train.metrics import bleu
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class Bleu(Evaluator):
    """Corpus BLEU, and chrF, of detokenised text by sacreBLEU.

    It is tokenised as the target language wants it (13a, zh, ja-mecab, ko-mecab, char) or as `tokenize` says:
    "none" for text tokenised before. Where the run's own tokenizer lowers case, case does not count. Scores
    are of the task's own corpus, or of another one, whose results go by `name`:
    Bleu(corpus=Newstest(year=2014), name="newstest2014").
    """

    needs = {"task": Translation, "model": (EncoderDecoder, WordTranslator)}
    why = "judges translations"
    split: str = "test"
    search: Search = Search()
    tokenize: bleu.Tokenize | None = None
    corpus: ParallelCorpus | None = None
    direction: str | None = None
    name: str | None = None

    def require(self, run: Run) -> None:
        """And ValueError where there is no such direction, or sacreBLEU cannot tokenise its target here."""
        super().require(run)
        task = self.judged(run.task)
        if self.direction:
            try:
                task.corpus.require(*task.direction)
            except ValueError as error:
                raise ValueError(f"evaluators: Bleu.direction: {error}") from None
            require_one_direction(self, task)
        try:
            bleu.require_tokenizer(self.tokenizer(task))
        except ValueError as error:
            raise ValueError(f"evaluators: Bleu: task.target={task.target}: {error}") from None

    def tokenizer(self, task: Translation) -> bleu.Tokenize:
        """The tokenizer that is set, or that of the target language."""
        return self.tokenize or bleu.tokenizer_of(task.target)

    @property
    def decoding(self) -> str:
        """How translations are found, as a result tells it."""
        return str(self.search)

    def judged(self, task: Translation) -> Translation:
        """The run's task, of the corpus and in the direction that is translated."""
        source, target = directed(self.direction) if self.direction else task.direction
        return dataclasses.replace(task, corpus=self.corpus or task.corpus, source=source, target=target)

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Pairs:
        """The pairs of the split; ValueError where there are none."""
        task = self.judged(run.task)
        if not (pairs := task.pairs(self.split, data_dir)):
            raise ValueError(f"{task.protocol(self.split)}: there is nothing in this split to translate")
        return pairs

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, name = self.judged(trained.task), self.name or self.split
        pairs = self.look(trained.run, trained.tokenizer, trained.data_dir)
        sources, references = zip(*pairs, strict=True)
        translator = Translator.of(trained, self.search)
        hypotheses = self.translated(translator, task, sources, trained.data_dir)
        keep(trained.directory, name, source=sources, reference=references, hypothesis=hypotheses)
        options = {"tokenize": self.tokenizer(task), "lowercase": translator.tokenizer.lowercases}
        matches = bleu.matches(sources, hypotheses, references, **options)
        for metric, (value, signature) in bleu.corpus_scores(hypotheses, references, **options).items():
            corpus = task.protocol(self.split)
            protocol = trained.protocol(corpus, signature=signature, decoding=self.decoding)
            counts = matches if metric == "BLEU" else None
            yield Result(metric, name, value, protocol, options, counts)

    def translated(
        self,
        translator: Translator | WithoutNetwork,
        task: Translation,
        sources: Sequence[str],
        data_dir: str | None,
    ) -> list[str]:
        """The best translation of each source."""
        return [found[0].text for found in translator(sources)]


def require_one_direction(evaluator: Evaluator, task: Translation) -> None:
    """ValueError where the split that is judged has other directions beside the task's."""
    if task.corpus.mixes(evaluator.split):
        raise ValueError(
            f"evaluators: {type(evaluator).__name__}.split={evaluator.split!r} has several directions, "
            "of which none can be judged alone: take 'test'"
        )
