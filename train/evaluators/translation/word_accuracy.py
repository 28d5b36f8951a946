"""The share of target words that a translation has right, place by place."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from data.items.corpus import Pairs
from data.tasks.translation import Translation
from data.tokenizers.tokenizer import Tokenizer
from models.decoding.search import Search
from models.translation.encoder_decoder import EncoderDecoder
from train.evaluators.translation.bleu_scores import require_one_direction
from train.folder.outputs import keep
from train.inference.translator import Translator
from train.metrics.counts import Counts, Share
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class WordAccuracy(Evaluator):
    """Of the words of references those that stand at the same place of the translation, in per cent.

    The decoder reads its own words. A word too many or too few makes wrong what comes after it: this suits
    targets that have one right form, as those of `Rewritten`.
    """

    needs = {"task": Translation, "model": EncoderDecoder}
    why = "compares translations with references word by word"
    split: str = "test"
    search: Search = Search(beam=1)

    def require(self, run: Run) -> None:
        """And ValueError where the split has other directions beside the task's."""
        super().require(run)
        require_one_direction(self, run.task)

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Pairs:
        """The pairs of the split; ValueError where there are none."""
        if not (pairs := run.task.pairs(self.split, data_dir)):
            raise ValueError(f"{run.task.protocol(self.split)}: there is nothing in this split to translate")
        return pairs

    def __call__(self, trained: Trained) -> Iterator[Result]:
        sources, references = zip(*self.look(trained.run, trained.tokenizer, trained.data_dir), strict=True)
        found = [best[0].text for best in Translator.of(trained, self.search)(sources)]
        keep(trained.directory, self.split, source=sources, reference=references, hypothesis=found)
        rows = [right(ours, gold) for ours, gold in zip(found, references, strict=True)]
        protocol = trained.protocol(
            trained.task.protocol(self.split),
            signature="words of the reference that stand at their place",
            decoding=str(self.search),
        )
        yield Result.of("accuracy", self.split, Counts(Share, np.array(rows, float)), protocol)


def right(hypothesis: str, reference: str) -> tuple[int, int]:
    """(how many words of the reference stand at their place, how many it has)."""
    ours, gold = hypothesis.split(), reference.split()
    return sum(one == other for one, other in zip(ours, gold, strict=False)), len(gold)
