"""From a trained run to numbers that know their protocol.

An evaluator takes a Trained run and yields results: metric, split, value, and all that someone needs to know
before comparing it with another.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from data.parallel import Corpus, Generated
from data.translation import Translation
from models.decoding import PerToken, Search
from train.metrics import alignment, bleu
from train.translator import Translator


@dataclasses.dataclass(frozen=True)
class Trained:
    """A run after training: how it translates, what on, and where its outputs go."""

    translator: Translator
    task: Translation
    weights: str
    directory: Path
    data_dir: str | None = None


@dataclasses.dataclass(frozen=True)
class Result:
    metric: str
    split: str
    value: float
    protocol: dict[str, str]


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


def keep(directory: Path, name: str, **sides: Sequence[str]) -> None:
    """The texts as scored, one sentence a line: what the bootstrap and the length curves read."""
    folder = directory / "outputs"
    folder.mkdir(exist_ok=True)
    for side, lines in sides.items():
        (folder / f"{name}.{side}").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclasses.dataclass(frozen=True)
class AlignmentError:
    """Alignment error rate of the attention weights against the generated world's gold alignment.

    Weights come from a teacher-forced pass over the first `sentences` references, pieces merged to words.
    """

    split: str = "test"
    sentences: int = 200

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, translator = trained.task, trained.translator
        if not isinstance(task.corpus, Generated):
            raise ValueError(
                f"AlignmentError: {task.protocol(self.split)} has no gold alignment; the generated world has"
            )
        gold, predicted = [], []
        for _, sentence in zip(range(self.sentences), task.corpus.world.sentences(self.split), strict=False):
            source, target = sentence.text(task.source), sentence.text(task.target)
            (ids,) = translator.tokenizer.encode([target])
            weights, _, _ = translator.attention(source, ids)
            owners = (
                alignment.words_of(translator.tokenizer.spans(text), text, sentence.tokens[language])
                for text, language in ((source, task.source), (target, task.target))
            )
            words = alignment.merge_pieces(weights, *owners)
            predicted.append(alignment.from_weights(words))
            gold.append(sentence.alignment(task.source, task.target))
        value = 100 * alignment.alignment_error_rate(predicted, gold)
        protocol = {
            "signature": "argmax a target word, heads averaged",
            "corpus": task.protocol(self.split),
            "decoding": "teacher forcing on the reference",
            "weights": trained.weights,
        }
        yield Result("AER", self.split, value, protocol)
