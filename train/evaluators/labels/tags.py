"""Evaluators of taggers: entities as conlleval counts them, and single tags."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from data.items.tagged import Tagged
from data.tasks.tagging import Tagging
from train.inference.word_tagger import WordTagger
from train.metrics import entities
from train.metrics.counts import F1, Counts, Share
from train.run import Evaluator, Result, Run, Trained

Tags = Sequence[Sequence[str]]


@dataclasses.dataclass(frozen=True)
class EntityF1(Evaluator):
    """Precision, recall and F1 of entities in per cent, over all and of each type, by conlleval's rules.

    outputs/SPLIT.conll holds what was scored, a line "word gold found" a word: conlleval reads it.
    """

    needs = {"task": Tagging}
    why = "judges tags of words"
    split: str = "test"

    def require(self, run: Run) -> None:
        """And ValueError where tags mark no entities."""
        super().require(run)
        if not run.task.corpus.spans:
            kind = type(run.task.corpus).__name__
            raise ValueError(
                f"evaluators: EntityF1: tags of task.corpus={kind} mark no entities; "
                "set evaluators=(TagAccuracy(),)"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        items, found = tagged(WordTagger(trained), self.split)
        gold = [item.tags for item in items]
        every, by_kind = entities.entities(gold, found)
        protocol = described(trained, self.split, f"conlleval, {every.gold:,} entities")
        rows = [entities.entities([ours], [theirs])[0] for ours, theirs in zip(gold, found, strict=True)]
        yield Result.of("F1", self.split, Counts(F1, np.array(rows, float)), protocol)
        for metric, value in (("precision", every.precision), ("recall", every.recall)):
            yield Result(metric, self.split, 100 * value, protocol)
        for kind, counted in by_kind.items():
            protocol = described(trained, self.split, f"conlleval, {counted.gold:,} entities")
            yield Result(f"F1 {kind}", self.split, 100 * counted.f1, protocol)


@dataclasses.dataclass(frozen=True)
class TagAccuracy(Evaluator):
    """The share of words with the right tag, in per cent: of all, and of those that training never shows.

    Tags that mark spans are compared in IOB2. outputs/SPLIT.conll is as of EntityF1.
    """

    needs = {"task": Tagging}
    why = "judges tags of words"
    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        items, found = tagged(WordTagger(trained), self.split)
        seen = {word for item in trained.task.labelled("train", trained.data_dir) for word in item.words}
        new = [[word not in seen for word in item.words] for item in items]
        for metric, chosen in (("accuracy", None), ("accuracy, new words", new)):
            gold, theirs = (only(tags, chosen) for tags in ([item.tags for item in items], found))
            protocol = described(trained, self.split, f"{sum(map(len, gold)):,} words")
            rows = [entities.right(*pair) for pair in zip(gold, theirs, strict=True)]
            yield Result.of(metric, self.split, Counts(Share, np.array(rows, float)), protocol)


def only(tags: Tags, chosen: Sequence[Sequence[bool]] | None) -> Tags:
    """Of each sentence the tags of the words chosen; all of them without a choice."""
    if chosen is None:
        return tags
    return [
        [tag for tag, wanted in zip(*sides, strict=True) if wanted]
        for sides in zip(tags, chosen, strict=True)
    ]


def tagged(tagger: WordTagger, split: str) -> tuple[list[Tagged], list[tuple[str, ...]]]:
    """The gold sentences of a split and the tags found for them, which are kept beside the run."""
    trained = tagger.trained
    items = trained.task.labelled(split, trained.data_dir)
    found = tagger([item.words for item in items])
    keep(trained.directory, split, items, found)
    return items, found


def described(trained: Trained, split: str, signature: str) -> dict[str, str]:
    """The protocol of tags that were found for a split."""
    chosen = "Viterbi, sequences of the scheme only" if trained.model.decodes_sequences else "each by itself"
    return trained.protocol(trained.task.protocol(split), signature=signature, tags=chosen)


def keep(directory: Path, split: str, items: Sequence[Tagged], found: Tags) -> None:
    """outputs/SPLIT.conll: a line "word gold found" a word, an empty line between sentences."""
    folder = directory / "outputs"
    folder.mkdir(exist_ok=True)
    sentences = (
        "".join(f"{word} {gold} {tag}\n" for word, gold, tag in zip(*item, tags, strict=True))
        for item, tags in zip(items, found, strict=True)
    )
    (folder / f"{split}.conll").write_text("\n".join(sentences), encoding="utf-8")
