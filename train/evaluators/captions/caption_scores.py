"""BLEU and CIDEr of captions, and of one caption for all pictures."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from data.items.captioned import Captioned
from data.tasks.captioning import Captioning
from data.tokenizers.tokenizer import Tokenizer
from models.baselines.nearest_pictures import FittedCaptioner
from models.decoding.search import Search
from models.translation.captioner import OfPictures
from train.folder.outputs import keep
from train.inference.caption_writer import OF_PICTURES, CaptionWriter
from train.metrics import bleu, cider, meteor
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class CaptionScores(Evaluator):
    """BLEU-1 to BLEU-4 and CIDEr against all captions of a picture, and how many of those said differ.

    Of tokens as sacreBLEU's `tokenize` makes them; where the run's own tokenizer lowers case, case does not
    count. A caption that fits every picture has a BLEU too: CIDEr, and "different captions", in per cent,
    tell of it, and beside the scores, by the name "one caption", stand those of saying of every picture the
    commonest caption of the training split.
    """

    needs = {"task": Captioning, "model": (OfPictures, FittedCaptioner)}
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
        yield from self.scored(self.split, said, references, told, options)
        yield Result("different captions", self.split, 100 * len({*said}) / len(said), told)
        of_training = Counter(trained.task.corpus.sentences("train", trained.data_dir))
        ((commonest, _),) = of_training.most_common(1)
        fixed = told | {"decoding": "the commonest caption of train"}
        yield from self.scored("one caption", [commonest] * len(items), references, fixed, options)

    def scored(
        self,
        name: str,
        said: Sequence[str],
        references: Sequence[Sequence[str]],
        protocol: Mapping[str, str],
        options: Mapping[str, str | bool],
    ) -> Iterator[Result]:
        """BLEU-1 to BLEU-4, and CIDEr, of captions."""
        for metric, (counts, signature) in bleu.caption_scores(said, references, **options).items():
            yield Result.of(metric, name, counts, protocol | {"signature": signature})
        compared = [bleu.tokenised(those, **options) for those in references]
        counts = cider.scores(bleu.tokenised(said, **options), compared)
        signature = f"{cider.SIGNATURE}, tok:{options['tokenize']}"
        yield Result.of("CIDEr", name, counts, protocol | {"signature": signature})


@dataclasses.dataclass(frozen=True)
class CaptionScoresAndMeteor(CaptionScores):
    """And METEOR, by the program of its authors: English alone, where Java and the extra `meteor` are."""

    def require(self, run: Run) -> None:
        """And ValueError where the captions are not English, or the program cannot be run here."""
        super().require(run)
        if run.task.corpus.language != "en":
            raise ValueError(
                f"evaluators: CaptionScoresAndMeteor: captions are in {run.task.corpus.language!r}, and "
                "METEOR has synonyms and paraphrases of English: set evaluators=(CaptionScores(),)"
            )
        try:
            meteor.command()
        except ValueError as error:
            raise ValueError(f"evaluators: CaptionScoresAndMeteor: {error}") from None

    def scored(
        self,
        name: str,
        said: Sequence[str],
        references: Sequence[Sequence[str]],
        protocol: Mapping[str, str],
        options: Mapping[str, str | bool],
    ) -> Iterator[Result]:
        """And METEOR."""
        yield from super().scored(name, said, references, protocol, options)
        counts = meteor.scores(said, references)
        yield Result.of("METEOR", name, counts, protocol | {"signature": meteor.SIGNATURE})
