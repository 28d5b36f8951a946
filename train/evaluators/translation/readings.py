"""Whether a parser knows all that an ambiguous sentence means."""

import dataclasses
from collections.abc import Iterator

from data.corpora.parsed.bracketings import Bracketings
from data.corpora.parsed.constituents import GeneratedConstituents
from data.items.tree import Tree, leaves
from data.tasks.translation import Translation
from data.tokenizers.tokenizer import Tokenizer
from models.decoding.search import Search
from models.translation.encoder_decoder import EncoderDecoder
from train.evaluators.translation.bracket_scores import TREES
from train.inference.tree_parser import TreeParser
from train.metrics.counts import Share, of_values
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class Readings(Evaluator):
    """ "all readings": of the sentences with several trees, in how many every one of them is in the beam.

    The world tells them: "I shot an elephant in my pajamas" is two (data/world/attachment.py).
    """

    needs = {
        "task": Translation,
        "task.corpus": Bracketings,
        "task.corpus.corpus": GeneratedConstituents,
        "model": EncoderDecoder,
    }
    why = "knows the readings of generated sentences"
    split: str = "test"
    search: Search = TREES

    def require(self, run: Run) -> None:
        """And ValueError of a world or a language that tells the readings apart."""
        super().require(run)
        corpus = run.task.corpus.corpus
        if not corpus.world.attachment or corpus.language != "en":
            raise ValueError(
                "evaluators: Readings: English with World.attachment above 0 has sentences of several "
                "readings: set task.corpus.corpus.world.attachment=0.5 and language=en, or evaluators"
            )

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[list[Tree]]:
        """The trees of each sentence that has several; ValueError where none has."""
        several = [trees for trees in run.task.corpus.corpus.readings(self.split) if len(trees) > 1]
        if not several:
            raise ValueError(
                f"evaluators: Readings: {run.task.protocol(self.split)}: no sentence has several readings; "
                f"raise task.corpus.corpus.world.{self.split}, or set evaluators"
            )
        return several

    def __call__(self, trained: Trained) -> Iterator[Result]:
        several = self.look(trained.run, trained.tokenizer, trained.data_dir)
        found = TreeParser(trained, self.search)([list(leaves(trees[0])) for trees in several])
        known = [
            set(trees) <= {parse.tree for parse in parses}
            for trees, parses in zip(several, found, strict=True)
        ]
        protocol = trained.protocol(
            trained.task.corpus.corpus.protocol(self.split),
            signature=f"{len(several)} sentences with several readings",
            decoding=str(self.search),
        )
        yield Result.of("all readings", self.split, of_values(Share, known), protocol)
