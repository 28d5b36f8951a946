"""F1 of labelled brackets: how parsers are judged."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from data.corpora.parsed.bracketings import Bracketings
from data.items.tree import Tree, leaves
from data.tasks.translation import Translation
from data.tokenizers.tokenizer import Tokenizer
from models.decoding.constraints import WellFormed
from models.decoding.search import Search
from models.translation.aligner import FittedTranslator
from models.translation.encoder_decoder import EncoderDecoder
from train.inference.tree_parser import TreeParser
from train.metrics.counts import F1, Counts, Share, of_values
from train.metrics.parseval import Match, match
from train.run import Evaluator, Result, Run, Trained

TREES = Search(beam=10, stretch=5.0, slack=10, constraint=WellFormed())
NEEDS = {"task": Translation, "task.corpus": Bracketings, "model": (EncoderDecoder, FittedTranslator)}


@dataclasses.dataclass(frozen=True)
class Parseval(Evaluator):
    """Recall, precision and F1 of labelled brackets, counted as EVALB does (train/metrics/parseval.py).

    Leaves are the gold ones, words with their tags, so that no tag decides which brackets count. What is no
    tree of as many words is "malformed": it is repaired for recall, precision and F1, which go over all
    sentences, and where that fails ("unparsable") none of the gold brackets is found. EVALB leaves out what
    is malformed: "F1 of EVALB" is of the rest, whose number its protocol tells. "exact" is the share of
    sentences with all brackets right.
    """

    needs = NEEDS
    why = "judges trees"
    split: str = "test"
    search: Search = TREES
    name: str | None = None

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> Sequence[Tree]:
        """The gold trees; ValueError where there are none, or the search finds no brackets to look for."""
        if self.search.constraint:
            self.search.constraint.over(tokenizer.pieces(range(len(tokenizer))))
        if not (trees := run.task.corpus.trees(self.split, data_dir)):
            raise ValueError(f"{run.task.protocol(self.split)}: there is nothing in this split to parse")
        return trees

    def __call__(self, trained: Trained) -> Iterator[Result]:
        golds = self.look(trained.run, trained.tokenizer, trained.data_dir)
        parser = TreeParser(trained, self.search)
        parses = [found[0] for found in parser([list(leaves(tree)) for tree in golds])]
        whole = [parse.whole for parse in parses]
        matches = [match(gold, parse.tree) for gold, parse in zip(golds, parses, strict=True)]
        name, corpus = self.name or self.split, trained.task.corpus.corpus.protocol(self.split)
        protocol = trained.protocol(corpus, signature="EVALB, COLLINS.prm", decoding=str(self.search))
        gold, found, right = (
            sum(getattr(one, field) for one in matches) for field in ("gold", "found", "right")
        )
        yield Result.of("F1", name, counts(matches), protocol)
        yield Result("recall", name, 100 * right / max(gold, 1), protocol)
        yield Result("precision", name, 100 * right / max(found, 1), protocol)
        kept = [one for one, good in zip(matches, whole, strict=True) if good and one.status == "valid"]
        told = protocol | {"sentences": f"{len(kept)} of {len(golds)}, malformed ones dropped"}
        yield Result("F1 of EVALB", name, counts(kept).score, told)
        for metric, values in (
            ("malformed", [not good for good in whole]),
            ("unparsable", [parse.tree is None for parse in parses]),
            ("exact", [one.exact for one in matches]),
        ):
            yield Result.of(metric, name, of_values(Share, values), protocol)


def counts(matches: Sequence[Match]) -> Counts:
    """What F1 is made of, sentence by sentence."""
    rows = [(one.gold, one.found, one.right) for one in matches]
    return Counts(F1, np.array(rows, float).reshape(-1, 3))
