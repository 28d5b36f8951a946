"""What is asked of a translator in a direction that it never learned  -- Johnson et al. 2017."""

import dataclasses
from collections.abc import Iterator, Sequence

from data.corpora.parallel import Directions, directed
from data.fields import Positive
from data.splits import known
from data.tasks.translation import Translation
from models.decoding.search import Search
from models.translation.encoder_decoder import EncoderDecoder
from train.evaluators.translation.bleu_scores import Bleu, require_one_direction
from train.inference.translator import Translator
from train.metrics.counts import Share, of_values
from train.metrics.languages import LanguageGuess
from train.run import Evaluator, Result, Run, Trained

NEEDS = {"task": Translation, "task.corpus": Directions, "model": EncoderDecoder}


@dataclasses.dataclass(frozen=True)
class PivotBleu(Bleu):
    """BLEU of two translations one after the other, by the same model, `through` a third language."""

    needs = NEEDS
    why = "goes by way of a third language"
    through: str = "de"
    name: str | None = "pivot"

    @property
    def decoding(self) -> str:
        """The search, and by way of which language."""
        return f"{self.search}, through {self.through}"

    def require(self, run: Run) -> None:
        """And ValueError where the third language is none of the corpus, or one of the two."""
        super().require(run)
        task = self.judged(run.task)
        require_one_direction(self, task)
        others = [one for one in task.corpus.spoken if one not in task.direction]
        known("PivotBleu.through", self.through, others)

    def translated(
        self, translator: Translator, task: Translation, sources: Sequence[str], data_dir: str | None
    ) -> list[str]:
        """What comes of the sources, said in the third language first."""
        first = task.corpus.pairs(self.split, task.source, self.through, data_dir)
        between = super().translated(translator, task, [source for source, _ in first], data_dir)
        asked = [task.corpus.asked(text, task.target) for text in between]
        return super().translated(translator, task, asked, data_dir)


@dataclasses.dataclass(frozen=True)
class OffTarget(Evaluator):
    """Translations in another of the run's languages, empty ones, and copies of the source, in per cent.

    The language is that which character n-grams of the training text of each language make likeliest; what is
    empty or repeats the source is in none.
    """

    needs = NEEDS
    why = "looks for translations into another language"
    split: str = "test"
    search: Search = Search()
    lines: Positive = 2000  # of each language, that n-grams are counted in

    def require(self, run: Run) -> None:
        """And ValueError of a split that has several directions."""
        super().require(run)
        require_one_direction(self, run.task)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task = trained.task
        corpus, target = task.corpus, task.target
        sources = [source for source, _ in task.pairs(self.split, trained.data_dir)]
        guess = LanguageGuess(self.texts(task, trained.data_dir))
        said = [found[0].text for found in Translator.of(trained, self.search)(sources)]
        empty = [not text.strip() for text in said]
        copied = [
            source in (text, corpus.asked(text, target)) for text, source in zip(said, sources, strict=True)
        ]
        strange = [
            not (none or same) and guess(text) != target
            for text, none, same in zip(said, empty, copied, strict=True)
        ]
        protocol = trained.protocol(task.protocol(self.split), signature=f"character n-grams, {self.search}")
        for metric, values in (("off target", strange), ("empty", empty), ("copied", copied)):
            yield Result.of(metric, self.split, of_values(Share, values), protocol)

    def texts(self, task: Translation, data_dir: str | None) -> dict[str, list[str]]:
        """{language: lines of its training text} of every language in play."""
        corpus, found = task.corpus, {}
        ways = dict.fromkeys([*corpus.directions, *corpus.later, "-".join(task.direction)])
        for source, target in map(directed, ways):
            pairs = corpus.corpus.pairs("train", source, target, data_dir)[: self.lines]
            found |= dict(zip((source, target), map(list, zip(*pairs, strict=True)), strict=True))
        return found
