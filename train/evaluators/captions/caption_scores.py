"""BLEU-1 to BLEU-4 of captions."""

import dataclasses
from collections.abc import Iterator, Sequence

from data.items.captioned import Captioned
from data.tasks.captioning import Captioning
from data.tokenizers.tokenizer import Tokenizer
from models.decoding.search import Search
from models.translation.captioner import Captioner
from train.folder.outputs import keep
from train.inference.caption_writer import OF_PICTURES, CaptionWriter
from train.metrics import bleu
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class CaptionScores(Evaluator):
    """BLEU-1 to BLEU-4 against all captions of a picture, and how many of those said differ, in per cent.

    By sacreBLEU, tokenised by `tokenize`; where the run's own tokenizer lowers case, case does not count. A
    caption that fits every picture has a BLEU too: "different" tells of it.
    """

    needs = {"task": Captioning, "model": Captioner}
    why = "judges captions"
    split: str = "test"
    search: Search = OF_PICTURES
    tokenize: bleu.Tokenize = "13a"

    def require(self, run: Run) -> None:
        """And ValueError where sacreBLEU cannot tokenise so here."""
        super().require(run)
        try:
            bleu.require_tokenizer(self.tokenize)
        except ValueError as error:
            raise ValueError(f"evaluators: CaptionScores: {error}") from None

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Sequence[Captioned]:
        """The pictures of the split."""
        return run.task.items(self.split, data_dir)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        items = self.look(trained.run, trained.tokenizer, trained.data_dir)
        references = [item.captions for item in items]
        writer = CaptionWriter.of(trained, self.search)
        said = [found[0].text for found in writer([item.picture for item in items])]
        names = [item.name for item in items]
        keep(trained.directory, self.split, picture=names, hypothesis=said)
        told = trained.protocol(trained.task.protocol(self.split), decoding=str(self.search))
        options = {"tokenize": self.tokenize, "lowercase": trained.tokenizer.lowercases}
        for metric, (counts, signature) in bleu.caption_scores(said, references, **options).items():
            yield Result.of(metric, self.split, counts, told | {"signature": signature})
        yield Result("different captions", self.split, 100 * len({*said}) / len(said), told)
