"""What evaluators of heads of attention have in common: parsed sentences, and a model that attends."""

import dataclasses

from data.corpora.parsed.treebanks import GeneratedTrees
from data.fields import Positive
from data.items.corpus import ParsedCorpus
from data.items.parsed import Parsed
from data.items.tagged import Tagged
from data.tokenizers.tokenizer import Tokenizer
from models.encoders.on_encoder import OnEncoder
from models.language.language_model import LanguageModel
from train.inference.embedder import reading
from train.run import Evaluator, Run, Trained

Item = Parsed | Tagged


@dataclasses.dataclass(frozen=True)
class OfHeads(Evaluator):
    """Of the first `sentences` sentences of a split of a treebank, of two words at least each."""

    abstract = True
    needs = {"model": (OnEncoder, LanguageModel)}
    why = "looks at heads of attention"
    of_task = False
    corpus: ParsedCorpus = GeneratedTrees()
    split: str = "test"
    sentences: Positive = 500

    def require(self, run: Run) -> None:
        """And ValueError where the model does not attend to its own text."""
        super().require(run)
        model = run.model.encoder if isinstance(run.model, OnEncoder) else run.model
        if not model.attends:
            kind = type(self).__name__
            raise ValueError(
                f"evaluators: {kind} {self.why}, and {type(model).__name__} has none: set evaluators"
            )

    def items(self, split: str, data_dir: str | None) -> list[Item]:
        """The sentences of a split."""
        items = (item for item in self.corpus.items(split, data_dir) if len(item.words) > 1)
        return [item for _, item in zip(range(self.sentences), items, strict=False)]

    def told(self, trained: Trained, count: int) -> dict[str, str]:
        """The protocol of what was found in so many sentences."""
        signature = f"first {count:,} sentences"
        return trained.protocol(self.corpus.protocol(self.split), signature=signature)

    def with_room(self, items: list[Item], run: Run, tokenizer: Tokenizer) -> list[Item]:
        """These sentences; ValueError of one that the model has no room for."""
        for item in items:
            reading(" ".join(item.words), run.task, run.model, tokenizer)
        return items
