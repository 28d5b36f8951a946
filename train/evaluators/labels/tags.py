"""Evaluators of taggers: entities as conlleval counts them, and single tags."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from data.items.tagged import Tagged
from train.evaluators.evaluator import Result, Trained
from train.inference.word_tagger import WordTagger
from train.metrics import entities

Tags = Sequence[Sequence[str]]


@dataclasses.dataclass(frozen=True)
class EntityF1:
    """Precision, recall and F1 of entities in per cent, over all and of each type, by conlleval's rules.

    outputs/SPLIT.conll holds what was scored, a line "word gold found" a word: conlleval reads it.
    """

    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        tagger = WordTagger(trained)
        if not trained.task.corpus.spans:
            raise ValueError(
                f"EntityF1: tags of {trained.task.protocol(self.split)} mark no entities; use TagAccuracy()"
            )
        items, found = tagged(tagger, self.split)
        gold = [item.tags for item in items]
        every, by_kind = entities.entities(gold, found)
        count = {"signature": f"conlleval, {every.gold:,} entities"}
        protocol = described(trained, self.split)
        for metric, value in (("F1", every.f1), ("precision", every.precision), ("recall", every.recall)):
            yield Result(metric, self.split, 100 * value, count | protocol)
        for kind, counted in by_kind.items():
            count = {"signature": f"conlleval, {counted.gold:,} entities"}
            yield Result(f"F1 {kind}", self.split, 100 * counted.f1, count | protocol)


@dataclasses.dataclass(frozen=True)
class TagAccuracy:
    """The share of words with the right tag, in per cent: of all, and of those that training never shows.

    Tags that mark spans are compared in IOB2. outputs/SPLIT.conll is as of EntityF1.
    """

    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        items, found = tagged(WordTagger(trained), self.split)
        seen = {word for item in trained.task.labelled("train", trained.data_dir) for word in item.words}
        new = [[word not in seen for word in item.words] for item in items]
        protocol = described(trained, self.split)
        for metric, chosen in (("accuracy", None), ("accuracy, new words", new)):
            gold, theirs = (only(tags, chosen) for tags in ([item.tags for item in items], found))
            count = {"signature": f"{sum(map(len, gold)):,} words"}
            yield Result(metric, self.split, 100 * entities.accuracy(gold, theirs), count | protocol)


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


def described(trained: Trained, split: str) -> dict[str, str]:
    """A protocol but for its signature."""
    chosen = (
        "Viterbi, sequences of the scheme only" if getattr(trained.model, "crf", False) else "each by itself"
    )
    return {"corpus": trained.task.protocol(split), "tags": chosen, "weights": trained.weights}


def keep(directory: Path, split: str, items: Sequence[Tagged], found: Tags) -> None:
    folder = directory / "outputs"
    folder.mkdir(exist_ok=True)
    sentences = (
        "".join(f"{word} {gold} {tag}\n" for word, gold, tag in zip(*item, tags, strict=True))
        for item, tags in zip(items, found, strict=True)
    )
    (folder / f"{split}.conll").write_text("\n".join(sentences), encoding="utf-8")
