"""What a task's data look like before anything is trained: sizes, lengths, labels, and what is odd."""

import collections
import statistics
from collections.abc import Iterator, Sequence

from data.items.tagged import Tagged
from data.splits import SPLITS
from data.tasks.task import Task
from data.tokenizers.tokenizer import Tokenizer

SHOWN = 12  # labels, or characters, in a line


def check(task: Task, data_dir: str | None = None) -> Iterator[str]:
    """Lines to print; ValueError where the data cannot be read.

    Of each split: how many texts, how many are there twice, and how many stand in train too; tokens of a
    text; the share of unknown tokens, and the characters that train has not; how often each label is given.
    """
    texts: dict[str, list[str]] = {}
    for split in SPLITS:
        try:
            texts[split] = [text for text in texts_of(task, split, data_dir) if text.strip()]
        except ValueError as error:
            if split != "test":  # which some corpora hide
                raise
            yield f"test: not there ({error})"
        else:
            if not texts[split]:
                raise ValueError(f"{split}: there is no text in it")
    tokenizer = task.train_tokenizer(data_dir)
    yield f"tokenizer: {task.tokenizer}, {len(tokenizer):,} ids, of the train split"
    known = set(texts["train"]), set("".join(texts["train"]))
    for split, own in texts.items():
        yield f"{split}: {len(own):,} texts{repeated(own, known[0], split)}"
        yield f"  tokens of a text: {spread(own, tokenizer, task.longest)}"
        if strange := collections.Counter(one for one in "".join(own) if one not in known[1]):
            yield f"  characters that train has not: {shares(strange, sum(map(len, own)))}"
        if balance := labels_of(task, split, data_dir):
            yield f"  labels: {shares(balance, sum(balance.values()))}"
            if missing := [label for label in task.corpus.labels if label not in balance]:
                yield f"  labels never given: {', '.join(missing[:SHOWN])}"


def texts_of(task: Task, split: str, data_dir: str | None) -> list[str]:
    """The texts of a split, both sides of a translation as one."""
    if task.gives == "sentence pairs":
        return ["\t".join(pair) for pair in task.pairs(split, data_dir)]
    return task.corpus.sentences(split, data_dir)


def labels_of(task: Task, split: str, data_dir: str | None) -> collections.Counter:
    """How often each label is given in a split; nothing where there are none."""
    if not task.labels:
        return collections.Counter()
    labels, found = task.corpus.labels, collections.Counter()
    for item in task.corpus.items(split, data_dir):
        given = item.tags if isinstance(item, Tagged) else [item.target]
        found.update(one if isinstance(one, str) else labels[one] for one in given if one is not None)
    return found


def repeated(texts: Sequence[str], train: set[str], split: str) -> str:
    """How many texts are there again, and how many in train too, each after a comma; "" where none is."""
    again = len(texts) - len(set(texts))
    also = 0 if split == "train" else sum(text in train for text in texts)
    told = f", {again:,} of them again" if again else ""
    return told + (f", {also:,} ({also / len(texts):.1%}) in train too" if also else "")


def spread(texts: Sequence[str], tokenizer: Tokenizer, longest: int | None) -> str:
    """The least, the median and the most tokens, how many are unknown, and how many texts are too long."""
    encoded = tokenizer.encode([side for text in texts for side in text.split("\t")])
    sizes = [len(ids) - 1 for ids in encoded] or [0]
    told = f"{min(sizes)} to {max(sizes):,}, median {statistics.median(sizes):g}"
    unknown = sum(ids.count(tokenizer.unk) for ids in encoded) if tokenizer.unk is not None else 0
    told += f"; {unknown / max(sum(sizes), 1):.2%} unknown" if unknown else ""
    over = sum(size >= longest for size in sizes) if longest else 0
    return told + (f"; {over:,} over task.longest={longest}" if over else "")


def shares(counts: collections.Counter, whole: int) -> str:
    """As in "a 60.0%, b 40.0%": the most frequent first, as many as a line holds."""
    told = [f"{name!s} {count / whole:.1%}" for name, count in counts.most_common(SHOWN)]
    return ", ".join(told) + (f" .. ({len(counts)} in all)" if len(counts) > SHOWN else "")
